import { ApiError } from "./api-error.ts";
import { createObservable } from "./observable.ts";

/** The PIN sheet on screen. */
export interface PinRequest {
  /** What asks for it: "Deleting asks for your PIN". */
  readonly reason: string;
  readonly answer: (isEntered: boolean) => void;
}

export const pinRequest = createObservable<PinRequest | null>(null);
/** Until when this page knows that no PIN is asked for, ISO 8601; `null` when it was not entered here. */
export const pinOpenUntil = createObservable<string | null>(null);

let asking: Promise<boolean> | null = null;

/** Asks for the PIN; whoever asks meanwhile waits for the same answer. */
function askForPin(reason: string): Promise<boolean> {
  asking ??= new Promise<boolean>((resolve) => {
    pinRequest.set({
      reason,
      answer: (isEntered) => {
        asking = null;
        pinRequest.set(null);
        resolve(isEntered);
      },
    });
  });
  return asking;
}

/** Whether something was refused because the PIN has to be entered first. */
export function needsPin(error: unknown): error is ApiError {
  return error instanceof ApiError && error.code === "step_up_required";
}

/** Runs something; when it is refused for want of the PIN, asks for it and runs it once more. */
export async function withPin<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!needsPin(error) || !(await askForPin(error.message))) throw error;
    return run();
  }
}

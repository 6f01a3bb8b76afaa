import { sentences } from "../../../contract/sentences.ts";
import { errorMessage, ApiError } from "./api-error.ts";
import { localId } from "./clipboard.ts";
import { createObservable } from "./observable.ts";

/** A short message at the edge of the page. */
export interface Toast {
  readonly id: string;
  readonly kind: "ok" | "info" | "warn" | "bad";
  readonly text: string;
  readonly detail?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly action?: { label: string; run: () => unknown } | undefined;
  readonly durationMs: number;
}

const maxToasts = 4;

/** Toasts on show, oldest first. */
export const toasts = createObservable<readonly Toast[]>([]);

/** Shows a toast and returns its id. What is on show already in the same words is said once, anew. */
export function toast(message: Omit<Toast, "id" | "durationMs"> & { durationMs?: number }): string {
  const id = localId();
  const durationMs = message.durationMs ?? (message.action !== undefined || message.kind === "bad" ? 8000 : 4000);
  const others = toasts.get().filter((other) => !saysTheSame(other, message));
  toasts.set([...others, { ...message, id, durationMs }].slice(-maxToasts));
  return id;
}

/** One with an action is about one thing, whatever it says. */
function saysTheSame(one: Omit<Toast, "id" | "durationMs">, other: Omit<Toast, "id" | "durationMs">): boolean {
  const isPlain = one.action === undefined && other.action === undefined;
  return isPlain && one.kind === other.kind && one.text === other.text && one.detail === other.detail;
}

/** Takes a toast away. */
export function dismissToast(id: string): void {
  toasts.set(toasts.get().filter((item) => item.id !== id));
}

/** Says that something is done and offers to take it back: `undoToast("Deleted blog", () => call("apps.restore", …))`. */
export function undoToast(text: string, undo: () => Promise<unknown>, durationMs = 10_000): void {
  toast({
    kind: "info",
    text,
    durationMs,
    action: {
      label: "Undo",
      run: async () => {
        try {
          await undo();
          toast({ kind: "ok", text: "Undone" });
        } catch (error) {
          errorToast("Could not undo", error);
        }
      },
    },
  });
}

/** Shows a failure with its reason, its hint and the id to look for. */
export function errorToast(text: string, error: unknown): void {
  const hint = error instanceof ApiError ? error.hint : null;
  const correlationId = error instanceof ApiError ? error.correlationId : null;
  toast({
    kind: "bad",
    text,
    detail: sentences(errorMessage(error), hint),
    ...(correlationId === null ? {} : { correlationId }),
  });
}

/** Runs something and turns its failure into a toast; answers whether it worked. */
export async function withErrorToast(text: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    errorToast(text, error);
    return false;
  }
}

import { CallFailure, networkFailure } from "./call-failure.ts";
import type { AppError } from "../app-error.ts";

/** Ends a call that takes too long, is silent for too long, or whose caller gives up. */
export interface CallWatch {
  /** Aborted with a `CallFailure` when time is up, with the caller's reason when the caller gives up. */
  signal: AbortSignal;
  /** From now on the other side is waited for; or not, because the reader of the reply takes its time. */
  wait(isWaiting: boolean): void;
  stop(): void;
  /** The error to tell for whatever ended the connection. */
  errorOf(error: unknown): AppError;
}

export interface CallWatchOptions {
  /** Time for everything, in milliseconds. */
  timeoutMs: number;
  /** Longest silence of the other side, in milliseconds; only `timeoutMs` counts when left out. */
  silenceMs?: number | undefined;
}

/** Begins to watch; `stop` it in any case. */
export function createCallWatch(caller: AbortSignal | undefined, options: CallWatchOptions): CallWatch {
  const { timeoutMs, silenceMs = timeoutMs } = options;
  const controller = new AbortController();
  let late: CallFailure | null = null;
  let silence: NodeJS.Timeout | undefined;
  const end = (message: string) => () => {
    late = new CallFailure("timeout", message);
    controller.abort(late);
  };
  const onAbort = (): void => {
    controller.abort(caller?.reason);
  };
  const whole = setTimeout(end(`No complete answer within ${timeoutMs} ms`), timeoutMs);
  const onSilence = end(`Nothing was heard for ${silenceMs} ms`);
  const watch: CallWatch = {
    signal: controller.signal,
    wait(isWaiting) {
      if (silenceMs >= timeoutMs) return;
      if (isWaiting && silence !== undefined) silence.refresh();
      else if (isWaiting) silence = setTimeout(onSilence, silenceMs);
      else {
        clearTimeout(silence);
        silence = undefined;
      }
    },
    stop() {
      clearTimeout(whole);
      clearTimeout(silence);
      caller?.removeEventListener("abort", onAbort);
    },
    errorOf(error) {
      if (late !== null) return late;
      if (caller?.aborted === true) {
        const failure = new CallFailure("cancelled", "The request was cancelled", { cause: error });
        failure.isSent = !(error instanceof CallFailure) || error.isSent;
        return failure;
      }
      return networkFailure(error);
    },
  };
  caller?.addEventListener("abort", onAbort, { once: true });
  if (caller?.aborted === true) onAbort();
  return watch;
}

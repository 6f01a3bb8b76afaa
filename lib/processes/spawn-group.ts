import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

import { withUserUmask } from "./user-umask.ts";

/** A child on pipes that leads a process group of its own, so that it can be ended with all its children. */
export interface GroupChild {
  /** `undefined` when the program could not be started; `onEnd` then says why. */
  readonly pid: number | undefined;
  stdin: Writable;
  stdout: Readable;
  stderr: Readable;
  /** Called once, after both outputs have been read to their end. */
  onEnd(listener: (end: { exitCode: number | null; signal: string | null; error?: Error }) => void): void;
}

/** Starts a program without a shell in a process group of its own. Never throws for a missing program: that is an end with an error. */
export function spawnGroup(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): GroupChild {
  const child = withUserUmask(() => spawn(file, args, { ...options, detached: true, stdio: ["pipe", "pipe", "pipe"] }));
  let error: Error | undefined;
  child.on("error", (cause) => {
    error = cause;
  });
  child.stdin.on("error", () => undefined); // a program that closed its input is no failure
  return {
    pid: child.pid,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    onEnd(listener) {
      let isDone = false;
      const end = (exitCode: number | null, signal: string | null): void => {
        if (isDone) return;
        isDone = true;
        listener({ exitCode, signal, ...(error ? { error } : {}) });
      };
      child.once("close", end);
      if (child.pid === undefined)
        child.once("error", () => {
          end(null, null);
        });
    },
  };
}

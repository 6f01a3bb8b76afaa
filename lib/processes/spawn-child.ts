import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";

import { AppError } from "../app-error.ts";
import { childEnvironment } from "./child-environment.ts";
import { withUserUmask } from "./user-umask.ts";

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child that has been started. */
export interface ChildHandle {
  readonly pid: number;
  /** Settles when the child has ended; never rejects. */
  readonly exited: Promise<ChildExit>;
}

export interface SpawnChildOptions {
  cwd: string;
  /** Added to the allow-listed environment. */
  env?: Record<string, string>;
  /** Receives both output streams from its beginning on; what it held before is dropped. */
  logFile: string;
}

/**
 * Starts a long-lived program without a shell, as leader of a process group of its own. Output goes to a file, so the
 * child does not depend on us. A program that cannot be started is `unavailable`.
 */
export function spawnChild(file: string, args: readonly string[], options: SpawnChildOptions): Promise<ChildHandle> {
  const log = openSync(options.logFile, "w", 0o600);
  return new Promise((resolve, reject) => {
    const child = withUserUmask(() =>
      spawn(file, args, {
        cwd: options.cwd,
        env: childEnvironment(options.env),
        stdio: ["ignore", log, log],
        detached: process.platform !== "win32",
      }),
    );
    closeSync(log);
    const exited = new Promise<ChildExit>((ended) => {
      child.once("exit", (code, signal) => {
        ended({ code, signal });
      });
    });
    child.once("error", (cause) => {
      reject(new AppError("unavailable", `${file} could not be started: ${cause.message}`, { cause }));
    });
    child.once("spawn", () => {
      if (child.pid === undefined) reject(new AppError("unavailable", `${file} could not be started`));
      else resolve({ pid: child.pid, exited });
    });
  });
}

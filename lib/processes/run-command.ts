import { spawn } from "node:child_process";

import { childEnvironment } from "./child-environment.ts";
import { stepBack } from "./step-back.ts";
import { withUserUmask } from "./user-umask.ts";

export interface RunCommandOptions {
  cwd?: string;
  /** The process group is killed after this time; 30 s by default. */
  timeoutMs?: number;
  /** Kept of standard output and of standard error each; the rest is read and dropped. 1 MiB by default. */
  maxBytes?: number;
  /** Added to the allow-listed environment. */
  env?: Record<string, string>;
  signal?: AbortSignal;
  /** Written to standard input, which is closed otherwise. */
  input?: string | Uint8Array;
  /** How output becomes text; `latin1` keeps every byte as one character. `utf8` by default. */
  encoding?: "utf8" | "latin1";
  /** Everything else goes first, see `stepBack`. */
  isBackground?: boolean;
}

export interface CommandResult {
  /** Exit code, `null` when the command was ended by a signal or could not be started. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  isTimedOut: boolean;
  /** More was written than `maxBytes`, and that is missing here. */
  isCut: boolean;
  /** Why it could not be started ("ENOENT"), else `null`. */
  startError: string | null;
}

/**
 * Runs a program with an argument array, never through a shell, and resolves when it has ended, whatever the outcome:
 * a failure, a missing program and a time-out are fields of the result. It takes its descendants along.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const { cwd, timeoutMs = 30_000, maxBytes = 1024 * 1024, env = {}, signal, input, encoding = "utf8" } = options;
  const { isBackground = false } = options;
  const none = { code: null, signal: null, stdout: "", stderr: "", isTimedOut: false, isCut: false };
  if (signal?.aborted) return Promise.resolve({ ...none, startError: "ABORTED" });
  return new Promise((resolve) => {
    const child = withUserUmask(() =>
      spawn(file, args, {
        cwd,
        env: childEnvironment(env),
        detached: true,
        stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      }),
    );
    if (isBackground) stepBack(child.pid);
    const out = collect(child.stdout, maxBytes);
    const err = collect(child.stderr, maxBytes);
    let isTimedOut = false;
    let isDone = false;

    const endGroup = (): void => {
      killGroup(child.pid);
    };
    const timer = setTimeout(() => {
      isTimedOut = true;
      endGroup();
    }, timeoutMs);
    signal?.addEventListener("abort", endGroup, { once: true });

    function finish(result: Pick<CommandResult, "code" | "signal" | "startError">): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", endGroup);
      const isCut = out.isCut() || err.isCut();
      resolve({ ...result, stdout: out.text(encoding), stderr: err.text(encoding), isTimedOut, isCut });
    }

    child.once("error", (error: NodeJS.ErrnoException) => {
      finish({ code: null, signal: null, startError: error.code ?? error.message });
    });
    child.once("exit", () => {
      // A descendant that inherited the pipes must not keep us waiting for long.
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, 500).unref();
    });
    child.once("close", (code, endedBy) => {
      finish({ code, signal: endedBy, startError: null });
    });
    if (input !== undefined) {
      child.stdin?.on("error", () => child.stdin?.destroy());
      child.stdin?.end(input);
    }
  });
}

interface Collected {
  text(encoding: BufferEncoding): string;
  isCut(): boolean;
}

function collect(stream: NodeJS.ReadableStream | null, maxBytes: number): Collected {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isCut = false;
  stream?.on("data", (chunk: Buffer) => {
    if (bytes + chunk.length > maxBytes) isCut = true;
    if (bytes >= maxBytes) return;
    chunks.push(chunk.subarray(0, maxBytes - bytes));
    bytes += Math.min(chunk.length, maxBytes - bytes);
  });
  return { text: (encoding) => Buffer.concat(chunks).toString(encoding), isCut: () => isCut };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    return; // it has ended by itself meanwhile
  }
}

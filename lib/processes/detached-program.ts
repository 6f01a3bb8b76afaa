import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";

import { identityOf, verdictOn, type ProcessIdentity } from "../process-identity.ts";
import { commandLine } from "./process-info.ts";
import { stepBack } from "./step-back.ts";
import { withUserUmask } from "./user-umask.ts";

/** Files that tell everything about a detached program, also to who did not start it. */
export interface DetachedFiles {
  stdout: string;
  stderr: string;
  /** Number of the process that leads it; written before the program itself starts. */
  pid: string;
  /** Its exit code, once it has ended. */
  exit: string;
}

export interface DetachedSpec {
  file: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment. */
  env: Record<string, string>;
  /** Read as standard input; nothing when `null`. */
  stdin: string | null;
  files: DetachedFiles;
  /** What is started in the keeper's place; it becomes the keeper. */
  wrapKeeper?: (keeper: { file: string; args: string[] }) => { file: string; args: string[] };
}

/** A detached program, started here or found again. */
export interface DetachedProgram {
  readonly identity: ProcessIdentity;
  /** Resolves with its exit code when it has ended; `null` when it was killed together with its keeper. */
  readonly exited: Promise<number | null>;
  /** Stops looking whether it has ended. */
  forget(): void;
}

/**
 * Keeps the exit code: waits for the program, through signals that are meant for it, and writes the code down in one step.
 * All values come in as arguments; nothing of them is read as a command.
 */
const keeper = [
  'printf %s "$$" > "$2"',
  "exit=$1",
  "shift 2",
  "trap : INT TERM HUP",
  '"$@"',
  "code=$?",
  'printf %s "$code" > "$exit.tmp" && mv -f "$exit.tmp" "$exit"',
].join("\n");

const lookEveryMs = 250;

/**
 * Starts a program that outlives this process: a session of its own, output in files, behind everything else that wants to
 * work. Rejects when it cannot be started at all.
 */
export async function startDetached(spec: DetachedSpec): Promise<DetachedProgram> {
  const { file, args, cwd, env, stdin, files, wrapKeeper = (program) => program } = spec;
  const input = stdin === null ? null : openSync(stdin, "r");
  const output = openSync(files.stdout, "a", 0o600);
  const errors = openSync(files.stderr, "a", 0o600);
  try {
    const kept = { file: "/bin/sh", args: ["-c", keeper, "sh", files.exit, files.pid, file, ...args] };
    const first = wrapKeeper(kept);
    const child = withUserUmask(() =>
      spawn(first.file, first.args, {
        cwd,
        env,
        detached: true,
        stdio: [input ?? "ignore", output, errors],
      }),
    );
    stepBack(child.pid);
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => {
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const identity = await identityOf(child.pid ?? 0);
    return { identity, exited: ended.then(() => readExit(files)), forget: () => undefined };
  } finally {
    for (const handle of [input, output, errors]) if (handle !== null) closeSync(handle);
  }
}

/** Where a detached program of another time stands. */
export type Found = { state: "running"; program: DetachedProgram } | { state: "ended"; code: number | null } | null;

/**
 * Finds a detached program again: by number and start time, or, when it was killed before the start was written down, by
 * the command line that names its files. `null` when it never came to be.
 */
export async function findDetached(files: DetachedFiles, known: ProcessIdentity | null): Promise<Found> {
  const pid = known?.pid ?? readNumber(files.pid);
  if (pid === null) return existsSync(files.exit) ? { state: "ended", code: readExit(files) } : null;
  const identity = known ?? (await identityOf(pid));
  const isSame = known === null ? await namesFiles(pid, files) : await isAlive(known, files);
  if (!isSame) return { state: "ended", code: readExit(files) };
  return { state: "running", program: watch(identity, files) };
}

function watch(identity: ProcessIdentity, files: DetachedFiles): DetachedProgram {
  let timer: NodeJS.Timeout | null = null;
  const exited = new Promise<number | null>((resolve) => {
    const look = (): void => {
      void isAlive(identity, files).then((alive) => {
        if (!alive) resolve(readExit(files));
        else if (timer !== null) timer = setTimeout(look, lookEveryMs);
      });
    };
    timer = setTimeout(look, 0);
  });
  return {
    identity,
    exited,
    forget() {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}

/** Where the system tells no start time, the command line decides. */
async function isAlive(identity: ProcessIdentity, files: DetachedFiles): Promise<boolean> {
  const verdict = await verdictOn(identity);
  return verdict === "unknown" ? namesFiles(identity.pid, files) : verdict === "alive";
}

async function namesFiles(pid: number, files: DetachedFiles): Promise<boolean> {
  return (await commandLine(pid))?.includes(files.exit) === true;
}

function readExit(files: DetachedFiles): number | null {
  return readNumber(files.exit);
}

function readNumber(file: string): number | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : null;
  } catch {
    return null; // not written: it was killed before
  }
}

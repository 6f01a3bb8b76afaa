import { AppError } from "../app-error.ts";
import { findProgram } from "./find-program.ts";
import { systemProc, type ProcReader } from "./proc-reader.ts";

/**
 * Linux has counted no file locks since 2.4.25 (getrlimit(2), RLIMIT_LOCKS), but still hands the limit down to every
 * descendant, whatever it does to its environment, its session and its parents, and lets nobody without CAP_SYS_RESOURCE
 * raise it again. So a limit this low, which nobody sets for another reason, is a brand that cannot be taken off.
 */
const highestBrand = 15;

/** How many file locks a process may ever have, as `/proc/<pid>/limits` shows it. `Infinity` when nothing is said. */
export function lockLimit(limits: string | null): number {
  const hard = /^Max file locks\s+\S+\s+(\d+)/m.exec(limits ?? "")?.[1];
  return hard === undefined ? Infinity : Number(hard);
}

/** Whether a process was started by a run, as seen from one whose own limit is `own`: what that one was started in itself does not count. */
export function isBranded(limits: string | null, own: number): boolean {
  const limit = lockLimit(limits);
  return limit <= highestBrand && limit < own;
}

/** The limit programs of a run get from one that has `own` itself; `null` when there is none below it. */
export function brandBelow(own: number): number | null {
  const brand = Math.min(highestBrand, own - 1);
  return brand < 0 ? null : brand;
}

let prlimit: string | null = null;

/** A program about to be started. */
interface Program {
  file: string;
  args: string[];
}

interface BrandOptions {
  /** Folder the program starts in. */
  cwd: string;
  /** `PATH` it is searched in. */
  searchPath: string | undefined;
  proc?: ProcReader;
}

/**
 * The program as it is to be started so that it and everything that comes from it is known as a run's: through `prlimit`
 * of util-linux, which becomes the program; that is looked for where this process looks, which no agent can change. As it
 * is where there is no `prlimit`. A program that is not found is `not_found` and never left to be searched again when it
 * is started: that search knows the current folder, too, and looks later.
 */
export function brandProgram(program: Program, { cwd, searchPath, proc = systemProc }: BrandOptions): Program {
  const brand = brandBelow(lockLimit(proc.read("/proc/self/limits")));
  if (process.platform === "linux") prlimit ??= findProgram("prlimit", "/", process.env["PATH"]);
  if (brand === null || prlimit === null) return program;
  const file = findProgram(program.file, cwd, searchPath);
  if (file === null) throw new AppError("not_found", `${program.file} cannot be started: it was not found`);
  return { file: prlimit, args: [`--locks=${brand}:${brand}`, "--", file, ...program.args] };
}

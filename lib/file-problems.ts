import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/**
 * - `damaged`: the file could not be read as what it should be; it was kept aside and the last backup is in force
 * - `missing`: it was removed or lost; the last value or the backup is in force
 * - `invalid_edit`: a hand edit is not valid; the last good value stays in force
 * - `bad_entries`: some entries are not valid and left out, the rest is in force
 * - `newer_version`: it was written by a newer PortOS; it is not touched
 * - `unwritable`: the last write failed
 * - `unreadable`: the system does not let us read it; it is not touched
 * - `lock_lost`: somebody else has taken it over; no more writes
 * - `set_aside`: a copy kept from an earlier problem is still there
 */
export type StoreProblemKind =
  | "damaged"
  | "missing"
  | "invalid_edit"
  | "bad_entries"
  | "newer_version"
  | "unwritable"
  | "unreadable"
  | "lock_lost"
  | "set_aside";

/** Something about a data file the user should know; it stays listed until it no longer holds. */
export interface StoreProblem {
  /** Absolute path of the file. */
  file: string;
  kind: StoreProblemKind;
  /** What is wrong and what is in force now, for the user. */
  message: string;
  /** ISO 8601 UTC. */
  since: string;
  /** Where content that is not in force was kept, `null` when it is still in place. */
  keptAs: string | null;
}

/** The problems of one file or folder, at most one per kind and file. */
export interface ProblemList {
  list(): StoreProblem[];
  /** Adds or replaces; logs and reports only what is new. */
  report(kind: StoreProblemKind, message: string, details?: { keptAs?: string | null; file?: string }): void;
  clear(...kinds: StoreProblemKind[]): void;
  /** Drops the problems of one kind whose file is not in `files`. */
  keepOnly(kind: StoreProblemKind, files: readonly string[]): void;
}

/** Collects, logs and passes on what is wrong with `file`. */
export function createProblemList(options: {
  file: string;
  clock: Clock;
  logger: Logger;
  onProblem: ((problem: StoreProblem) => void) | undefined;
}): ProblemList {
  const current = new Map<string, StoreProblem>();
  return {
    list: () => [...current.values()],
    report(kind, message, { keptAs = null, file = options.file } = {}) {
      const key = `${kind} ${file}`;
      const before = current.get(key);
      if (before?.message === message && before.keptAs === keptAs) return;
      const problem = { file, kind, message, since: new Date(options.clock.now()).toISOString(), keptAs };
      current.set(key, problem);
      options.logger.warn(message, { file, kind, keptAs });
      options.onProblem?.(problem);
    },
    clear(...kinds) {
      for (const [key, problem] of current) if (kinds.includes(problem.kind)) current.delete(key);
    },
    keepOnly(kind, files) {
      for (const [key, problem] of current)
        if (problem.kind === kind && !files.includes(problem.file)) current.delete(key);
    },
  };
}

/** A time as part of a file name: "2026-11-20T18-03-09-123Z". */
export function fileTime(clock: Clock): string {
  return new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-");
}

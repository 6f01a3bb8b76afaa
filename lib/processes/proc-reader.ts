import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { errorCode } from "../durable-file.ts";

/** Reads the process file system; replaced in tests. */
export interface ProcReader {
  /** A file as text (one character per byte), or `null` when it is not there or not for us. */
  read(path: string): string | null;
  /** Names in a folder; `denied` when it is there and not for us. */
  list(path: string): string[] | "denied" | null;
  /** Where a link points, or `null`. */
  link(path: string): string | null;
}

/** The `/proc` of this machine. Read at once: what it says is true at that moment only. */
export const systemProc: ProcReader = {
  read(path) {
    try {
      return readFileSync(path, "latin1");
    } catch {
      return null; // ended, or not ours to look into
    }
  },
  list(path) {
    try {
      return readdirSync(path);
    } catch (error) {
      const code = errorCode(error);
      return code === "EACCES" || code === "EPERM" ? "denied" : null;
    }
  },
  link(path) {
    try {
      return readlinkSync(path);
    } catch {
      return null; // closed meanwhile
    }
  },
};

/** Of the machine's first one (PROC_PID_INIT_INO of linux/proc_ns.h). */
const firstPidNamespace = "pid:[4026531836]";

/** Whether every process of this user is in `/proc`: not in a pid namespace of its own (a container), nor with `hidepid`. */
export function showsAllProcesses(proc: ProcReader): boolean {
  if ((proc.link("/proc/self/ns/pid") ?? firstPidNamespace) !== firstPidNamespace) return false;
  return !/^\S+ \S+ \S+ \S+ \/proc .* - proc .*\bhidepid=/m.test(proc.read("/proc/self/mountinfo") ?? "");
}

/** Numbers of all processes, the newest first: those below the number given last, which starts from below again at some time. */
export function processNumbers(proc: ProcReader): number[] {
  const names = proc.list("/proc");
  if (!Array.isArray(names)) return [];
  const numbers = names.flatMap((one) => (/^\d+$/.test(one) ? [Number(one)] : []));
  const last = Number(proc.read("/proc/loadavg")?.trim().split(" ").at(-1) ?? Infinity);
  const rank = (pid: number): number => (pid > last ? pid - 2 ** 31 : pid);
  return numbers.toSorted((a, b) => rank(b) - rank(a));
}

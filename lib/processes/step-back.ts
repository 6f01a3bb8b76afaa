import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

import { errorCode } from "../durable-file.ts";
import { systemProc } from "./proc-reader.ts";

/** What `nice` takes when nothing is said: about a tenth of what a program of the user gets while both want to work. */
const niceness = 10;
const retryMs = 100;
const mostTries = 100;

/**
 * Lets the panel and the user's own programs go first: gives a process that was just started to lead a session of its own,
 * and all it is going to start, a lower priority. While nobody else wants to work it is as fast as before.
 */
export function stepBack(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, niceness);
  } catch {
    return; // it has ended already
  }
  if (process.platform === "linux") stepBackAsGroup(pid, mostTries);
}

/**
 * Linux shares the processor between sessions first where it groups processes by them (sched(7), "The autogroup feature"):
 * there the niceness of a process counts among its session only, and the session has one of its own.
 */
function stepBackAsGroup(pid: number, tries: number): void {
  const path = `/proc/${pid}/autogroup`;
  if (systemProc.read(path) === null) return; // it has ended, or nothing is grouped here
  if (leadsSession(pid)) {
    try {
      writeFileSync(path, String(niceness));
      return;
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") return; // what the system does not allow; else ten changes a second, of all users together
    }
  }
  if (tries === 0) return;
  const again = (): void => {
    stepBackAsGroup(pid, tries - 1);
  };
  setTimeout(again, retryMs * (1 + Math.random())).unref();
}

/** A program in a terminal is still in our own session for a moment, and that one is to stay as it is. */
function leadsSession(pid: number): boolean {
  const stat = systemProc.read(`/proc/${pid}/stat`) ?? "";
  const [, , , sessionId] = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name may hold spaces; field 3 follows it
  return Number(sessionId) === pid;
}

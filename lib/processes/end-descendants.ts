import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { errorCode } from "../durable-file.ts";
import { readSessionMembers, type SessionMember } from "./process-session.ts";

/** One signal and how long it may take to work, milliseconds. */
export interface EndStep {
  signal: NodeJS.Signals;
  graceMs: number;
}

/** Interrupt, then terminate, then kill. */
export const politeSteps: readonly EndStep[] = [
  { signal: "SIGINT", graceMs: 3_000 },
  { signal: "SIGTERM", graceMs: 2_000 },
  { signal: "SIGKILL", graceMs: 2_000 },
];

export interface EndOptions {
  /** Leader of the session and group the program was started in; `null` when it is known to be gone. */
  leaderPid: number | null;
  /** `NAME=value` in the environment of everything it has started: finds what left the session. */
  mark?: string;
  steps?: readonly EndStep[];
  /** When it is aborted nothing more is signalled. */
  signal?: AbortSignal;
}

const lookEveryMs = 40;

/**
 * Ends a program that leads a session of its own, with everything it has started, also what has moved to a session of its own:
 * one signal after the other until nothing is left. Each process is recognised by number and start right before it is signalled.
 * Resolves with whether all have ended. Where there is no /proc, the process group is signalled.
 */
export async function endDescendants(options: EndOptions): Promise<boolean> {
  for (const { signal, graceMs } of options.steps ?? politeSteps) {
    if (isAborted(options)) break;
    if (!signalAll(options, signal)) return true;
    const until = performance.now() + graceMs;
    while (performance.now() < until && !isAborted(options)) {
      if (!hasAny(options)) return true;
      await sleep(lookEveryMs);
    }
  }
  return !hasAny(options);
}

function isAborted({ signal }: EndOptions): boolean {
  return signal?.aborted === true;
}

function signalAll(options: EndOptions, signal: NodeJS.Signals): boolean {
  const members = readSessionMembers();
  if (members.length === 0) return options.leaderPid !== null && send(-options.leaderPid, signal);
  const found = descendants(options, members);
  for (const { pid } of found) if (signal === "SIGKILL" || !isHolder(pid)) send(pid, signal);
  return found.length > 0;
}

function hasAny(options: EndOptions): boolean {
  const members = readSessionMembers();
  if (members.length === 0) return options.leaderPid !== null && send(-options.leaderPid, 0);
  return descendants(options, members).length > 0;
}

/** Everything alive that belongs to the leader: its session and group, their children, and what carries the mark. */
function descendants({ leaderPid, mark }: EndOptions, members: SessionMember[]): SessionMember[] {
  const alive = members.filter((member) => !isZombie(member.pid));
  const found = new Set(
    alive.filter(
      ({ pid, sessionId, groupId }) =>
        sessionId === leaderPid || groupId === leaderPid || (mark !== undefined && carries(pid, mark)),
    ),
  );
  for (let size = -1; size !== found.size;) {
    size = found.size;
    const pids = new Set([...found].map(({ pid }) => pid));
    for (const member of alive) if (pids.has(member.parentId)) found.add(member);
  }
  return [...found].filter(({ pid }) => pid !== process.pid);
}

/** bubblewrap ends when what it holds has ended; a polite signal to itself would kill that at once. */
function isHolder(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "bwrap";
  } catch {
    return false; // ended meanwhile
  }
}

function carries(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(mark);
  } catch {
    return false; // ended, or not ours to look into
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
  } catch {
    return true; // ended meanwhile
  }
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (errorCode(error) === "EPERM") return true;
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}

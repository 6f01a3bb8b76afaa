import { readdirSync, readFileSync } from "node:fs";

export interface SessionMember {
  pid: number;
  /** Session id: pid of the process that leads the terminal session. */
  sessionId: number;
  groupId: number;
  parentId: number;
  /** Start in clock ticks since boot: with `pid` it means one process and no later one. */
  startedAt: string;
  residentBytes: number;
}

const pageBytes = 4096;

/** Every process of this machine with its session; empty where there is no /proc. */
export function readSessionMembers(): SessionMember[] {
  let names: string[];
  try {
    names = readdirSync("/proc");
  } catch {
    return []; // no /proc on this system
  }
  return names.flatMap((name) => {
    const member = /^\d+$/.test(name) ? readMember(name) : null;
    return member ? [member] : [];
  });
}

function readMember(pid: string): SessionMember | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name may hold spaces; field 3 follows it
    return {
      pid: Number(pid),
      parentId: Number(fields[1]),
      groupId: Number(fields[2]),
      sessionId: Number(fields[3]),
      startedAt: fields[19] ?? "",
      residentBytes: Number(fields[21]) * pageBytes,
    };
  } catch {
    return null; // it ended meanwhile
  }
}

/** Sends a signal to everything that runs in the session or group led by `leaderPid`. What is gone already is no error. */
export function signalSession(leaderPid: number, signal: NodeJS.Signals): void {
  const members = readSessionMembers().filter(
    ({ sessionId, groupId }) => sessionId === leaderPid || groupId === leaderPid,
  );
  sendSignal(-leaderPid, signal);
  for (const { pid } of members) sendSignal(pid, signal);
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && (error.code === "ESRCH" || error.code === "EPERM");
    if (!isGone) throw error;
  }
}

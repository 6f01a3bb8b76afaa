import type { Incident } from "../contract/internal/autofixer.ts";
import { hasProvedItself, nextPauseMs, type BackOff } from "../lib/back-off.ts";
import type { Pm2Process } from "../lib/processes/pm2-types.ts";

/** The pauses are those before our own restarts; running for `stableMs` without a crash settles an incident. */
export interface RepairPolicy extends BackOff {
  /** Ends in one incident after which a process that PM2 keeps restarting is stopped. */
  loopLimit: number;
  /** PM2 is given this long to restart a process itself before a stopped one counts as stopped by the user. */
  settleMs: number;
  /** A process that is gone from PM2 may come back within this time, when the deletion of its app is undone. */
  goneMs: number;
}

export const defaultPolicy: RepairPolicy = {
  pausesMs: [5_000, 30_000, 120_000, 600_000, 1_800_000],
  stableMs: 60_000,
  loopLimit: 40,
  settleMs: 5_000,
  goneMs: 25_000,
};

export type Decision =
  | { kind: "nothing" }
  | { kind: "watch"; reason: string }
  | { kind: "wait"; at: string; reason: string }
  | { kind: "restart" }
  | { kind: "close"; status: "recovered" | "stopped" | "removed"; reason: string }
  | { kind: "give-up"; reason: string; stopProcess: boolean };

const nothing: Decision = { kind: "nothing" };

/**
 * What is to be done about an incident now. PM2 makes the quick restarts; only when it has given up (`errored`) does the
 * autofixer go on, with longer pauses and a limit. What the user stopped stays stopped, and processes of the user's own
 * PM2 are watched, not restarted.
 */
export function decide(incident: Incident, process: Pm2Process | null, now: number, policy: RepairPolicy): Decision {
  if (!process) return { kind: "close", status: "removed", reason: "The process was removed from PM2." };
  const isFresh = now - Date.parse(incident.exit.at) < policy.settleMs;
  if (process.status === "online") {
    const since = Date.parse(process.onlineSince ?? incident.exit.at);
    if (!hasProvedItself(policy, since, now)) return decideFresh(incident, process, isFresh, policy);
    const reason = `Runs again without a crash for ${duration(now - since)}, after ${times(incident.crashes)}.`;
    return { kind: "close", status: "recovered", reason };
  }
  if (incident.status === "gave-up") return nothing;
  if (process.status === "errored") return decideErrored(incident, process, now, policy);
  if (process.status === "stopped") return isFresh ? nothing : decideStopped(process);
  return decideLoop(incident, process, policy);
}

/**
 * The process of an incident among those PM2 has now. One that was deleted and made anew has another number but the
 * same name: it is the same to the user.
 */
export function processOf(incident: Incident, processes: readonly Pm2Process[]): Pm2Process | null {
  const { home, name, pmId } = incident.process;
  const namesakes = processes.filter((process) => process.home === home && process.name === name);
  return namesakes.find((process) => process.pmId === pmId) ?? (namesakes.length === 1 ? (namesakes[0] ?? null) : null);
}

/** It has been started again, but has not proved yet that it stays up. */
function decideFresh(incident: Incident, process: Pm2Process, isFresh: boolean, policy: RepairPolicy): Decision {
  const loop = isFresh ? decideLoop(incident, process, policy) : nothing;
  if (loop.kind !== "nothing" || incident.status === "gave-up") return loop;
  return { kind: "watch", reason: `Runs again; settled when it has stayed up for ${duration(policy.stableMs)}.` };
}

function decideErrored(incident: Incident, process: Pm2Process, now: number, policy: RepairPolicy): Decision {
  if (process.home === "user") {
    const reason = "PM2 has given up. Processes of your own PM2 are not restarted by PortOS without being asked.";
    return { kind: "give-up", reason, stopProcess: false };
  }
  const made = incident.attempts.length;
  const pauseMs = nextPauseMs(policy, made);
  if (pauseMs === null) {
    const spent = duration(now - Date.parse(incident.openedAt));
    const reason = `Restarted ${made} times within ${spent}, and it crashed each time (${exitText(incident.exit)}).`;
    return { kind: "give-up", reason, stopProcess: false };
  }
  if (incident.nextAttemptAt === null) {
    const reason = `PM2 has given up. Restart ${made + 1} of ${policy.pausesMs.length} follows.`;
    return { kind: "wait", at: new Date(now + pauseMs).toISOString(), reason };
  }
  return now >= Date.parse(incident.nextAttemptAt) ? { kind: "restart" } : nothing;
}

function decideStopped(process: Pm2Process): Decision {
  if (!process.autorestart)
    return { kind: "give-up", reason: "It is set up not to be restarted by itself.", stopProcess: false };
  return { kind: "close", status: "stopped", reason: "Stopped by you." };
}

function decideLoop(incident: Incident, process: Pm2Process, policy: RepairPolicy): Decision {
  if (incident.status === "gave-up" || incident.crashes < policy.loopLimit) return nothing;
  const spent = duration(Date.parse(incident.exit.at) - Date.parse(incident.openedAt));
  const seen = `Crashed ${incident.crashes} times within ${spent}`;
  return incident.process.isOwn || process.home === "user"
    ? { kind: "give-up", reason: `${seen}; PM2 keeps trying every 15 s.`, stopProcess: false }
    : { kind: "give-up", reason: `${seen}; stopped, so that it does not go on for ever.`, stopProcess: true };
}

/** "Killed by SIGKILL", "Ended with exit code 1". */
export function endText(exit: Incident["exit"]): string {
  return exit.signal === null ? `Ended with ${exitText(exit)}` : `Killed by ${exit.signal}`;
}

/** "exit code 1", "killed by SIGKILL". */
export function exitText(exit: Incident["exit"]): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  return exit.code === null ? "exit code unknown" : `exit code ${exit.code}`;
}

function times(count: number): string {
  return count === 1 ? "one crash" : `${count} crashes`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

import type { HealthSample, Repair } from "../../../contract/features/repairs.ts";

/** How the process was just now. */
export interface HealthLook {
  /** Its status in PM2; `null`: it is not there. "unknown": PM2 does not answer. */
  status: "online" | "launching" | "stopping" | "stopped" | "errored" | "waiting" | "unknown" | null;
  restarts: number | null;
  /** Whether its port answers; `null` without one. */
  isAnswering: boolean | null;
  /** A crash seen since it is watched: "exit code 1". */
  crash: string | null;
  /** Whether the autofixer, which sees crashes, is there. */
  isAutofixerUp: boolean;
}

/** What follows from how it was until now. `going`: too early to say. `stopped`: nobody can say. */
export type HealthVerdict = { kind: "going" | "good" | "bad" | "stopped"; text: string };

type Watch = NonNullable<Repair["watch"]>;

/** Judges the health of a process after a repair: no new crash, online, and its port answers if it did before. */
export function judgeHealth(
  { watch, port }: { watch: Watch; port: Repair["port"] },
  look: HealthLook,
  now: number,
): HealthVerdict {
  const since = duration(now - Date.parse(watch.since));
  if (look.crash !== null) return { kind: "bad", text: `It crashed again after ${since} (${look.crash}).` };
  if (look.status === "errored") return { kind: "bad", text: `It did not stay up: PM2 gave it up after ${since}.` };
  const isUnseen = !look.isAutofixerUp && look.restarts !== null && watch.restarts !== null;
  if (isUnseen && (look.restarts ?? 0) > (watch.restarts ?? 0))
    return { kind: "bad", text: `PM2 had to restart it again within ${since}.` };
  if (now < Date.parse(watch.until)) return { kind: "going", text: goingText(watch) };
  return judgeEnd({ watch, port }, look, now);
}

function judgeEnd(
  { watch, port }: { watch: Watch; port: Repair["port"] },
  { status, isAnswering }: HealthLook,
  now: number,
): HealthVerdict {
  const lasted = duration(now - Date.parse(watch.since));
  if (status === "unknown" || status === "launching")
    return now < Date.parse(watch.until) + graceMs
      ? { kind: "going", text: goingText(watch) }
      : { kind: "stopped", text: `Nobody can say whether it holds: PM2 did not tell how it is after ${lasted}.` };
  if (status === "stopped" || status === "stopping" || status === null)
    return { kind: "stopped", text: "It was stopped before the time was over; the change stays and was not proved." };
  if (status === "waiting") return { kind: "bad", text: `It is not up after ${lasted}.` };
  const didAnswer = port?.wasAnswering === true || watch.samples.some((sample) => sample.isAnswering === true);
  if (isAnswering === false && didAnswer)
    return { kind: "bad", text: `It runs, but port ${String(port?.number)} does not answer any more.` };
  return { kind: "good", text: `Runs without a crash for ${lasted}${portText(port, isAnswering)}.` };
}

const graceMs = 120_000;

function goingText({ since, until }: Watch): string {
  return `Merged and restarted; watched for ${duration(Date.parse(until) - Date.parse(since))}.`;
}

function portText(port: Repair["port"], isAnswering: boolean | null): string {
  if (port === null || isAnswering === null) return "";
  return isAnswering ? `, port ${String(port.number)} answers` : `, port ${String(port.number)} never answered`;
}

/** How it was, for the list of samples. */
export function sampleOf(look: HealthLook, port: Repair["port"], now: number): HealthSample {
  const isUp = look.status === "online";
  const isGood = isUp && look.crash === null && look.isAnswering !== false;
  const state = look.status === null ? "Not there" : `${look.status.charAt(0).toUpperCase()}${look.status.slice(1)}`;
  const answers = look.isAnswering === true ? "answers" : "does not answer";
  const text = port === null || look.isAnswering === null ? state : `${state}, port ${String(port.number)} ${answers}`;
  return {
    at: new Date(now).toISOString(),
    isGood,
    isAnswering: look.isAnswering,
    text: look.crash === null ? text : `${text}, crashed (${look.crash})`,
  };
}

/** "40 s", "10 min". */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  return seconds < 90 ? `${String(seconds)} s` : `${String(Math.round(seconds / 60))} min`;
}

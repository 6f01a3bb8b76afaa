import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconBan,
  IconLock,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleFilled,
  IconCircleX,
  IconHandStop,
  IconHourglass,
  IconLoader2,
  IconPlayerPause,
  IconPlayerSkipForward,
  IconPlayerStop,
  IconPlugX,
  IconPower,
  IconTool,
  IconTrash,
} from "./icons.gen.ts";

import type { RunState } from "../../../contract/features/run-events.ts";
import type { Icon } from "./icon.ts";

export type Tone = "ok" | "warn" | "bad" | "info" | "neutral";

/** How one status looks and reads everywhere. */
export interface StatusLook {
  readonly word: string;
  readonly tone: Tone;
  readonly icon: Icon;
  readonly isMoving?: boolean;
}

/** The one vocabulary of the panel: runs, occurrences, processes, apps, connections. */
export const statusLooks = {
  queued: { word: "queued", tone: "neutral", icon: IconCircleDashed },
  running: { word: "running", tone: "info", icon: IconLoader2, isMoving: true },
  "waiting for you": { word: "waiting for you", tone: "warn", icon: IconHandStop },
  succeeded: { word: "succeeded", tone: "ok", icon: IconCircleCheck },
  failed: { word: "failed", tone: "bad", icon: IconCircleX },
  taken: { word: "taken", tone: "neutral", icon: IconCircleCheck },
  refused: { word: "refused", tone: "warn", icon: IconLock },
  cancelled: { word: "cancelled", tone: "neutral", icon: IconBan },
  interrupted: { word: "interrupted", tone: "warn", icon: IconPlugX },
  "taken back": { word: "taken back", tone: "warn", icon: IconArrowBackUp },
  skipped: { word: "skipped", tone: "neutral", icon: IconPlayerSkipForward },
  missed: { word: "missed", tone: "warn", icon: IconAlertTriangle },
  online: { word: "online", tone: "ok", icon: IconCircleFilled },
  launching: { word: "launching", tone: "info", icon: IconLoader2, isMoving: true },
  stopping: { word: "stopping", tone: "info", icon: IconLoader2, isMoving: true },
  waiting: { word: "restarting soon", tone: "warn", icon: IconCircleDashed },
  stopped: { word: "stopped", tone: "neutral", icon: IconPlayerStop },
  errored: { word: "errored", tone: "bad", icon: IconAlertTriangle },
  paused: { word: "paused", tone: "warn", icon: IconPlayerPause },
  "being restarted": { word: "being restarted", tone: "warn", icon: IconTool },
  "given up": { word: "given up", tone: "bad", icon: IconAlertTriangle },
  recovered: { word: "recovered", tone: "ok", icon: IconCircleCheck },
  removed: { word: "removed", tone: "neutral", icon: IconTrash },
  dismissed: { word: "dismissed", tone: "neutral", icon: IconBan },
  "not installed": { word: "not installed", tone: "neutral", icon: IconPlugX },
  off: { word: "off", tone: "neutral", icon: IconPower },
  up: { word: "answers", tone: "ok", icon: IconCircleCheck },
  limited: { word: "limited", tone: "warn", icon: IconHourglass },
  down: { word: "does not answer", tone: "bad", icon: IconPlugX },
  checking: { word: "checking", tone: "info", icon: IconLoader2, isMoving: true },
  allowed: { word: "allowed", tone: "ok", icon: IconCircleCheck },
  denied: { word: "denied", tone: "bad", icon: IconBan },
  "not answered": { word: "not answered", tone: "warn", icon: IconHourglass },
  "not finished": { word: "not finished", tone: "warn", icon: IconPlugX },
  withdrawn: { word: "withdrawn", tone: "neutral", icon: IconPlayerSkipForward },
  on: { word: "on", tone: "ok", icon: IconPower },
  "not configured": { word: "not configured", tone: "warn", icon: IconTool },
  "needs sign-in": { word: "sign in first", tone: "warn", icon: IconLock },
  "sign-in ended": { word: "sign-in has ended", tone: "bad", icon: IconLock },
  unhealthy: { word: "has a problem", tone: "bad", icon: IconAlertTriangle },
  sending: { word: "sending", tone: "info", icon: IconLoader2, isMoving: true },
  "trying again": { word: "tries again", tone: "warn", icon: IconHourglass },
  unknown: { word: "not known", tone: "neutral", icon: IconCircleDashed },
} as const satisfies Record<string, StatusLook>;

export type Status = keyof typeof statusLooks;

const runStatuses: Record<RunState, Status> = {
  created: "queued",
  queued: "queued",
  running: "running",
  waiting: "waiting for you",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  interrupted: "interrupted",
};

/** The state of a run in the words used everywhere; a process that is "waiting" is another thing. */
export function runStatus(state: RunState): Status {
  return runStatuses[state];
}

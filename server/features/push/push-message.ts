import type { Notification } from "../../../contract/features/notifications.ts";
import type { PushEvent } from "../../../contract/features/push.ts";

/** Something devices may be told. */
export interface PushMessage {
  event: PushEvent;
  title: string;
  body: string;
  /** What the lock screen says when it is not to say more. */
  discreet: string;
  url: string;
  tag: string;
  /** Tells it from everything else that is told, also of the same tag. */
  name: string;
}

const discreet: Record<PushEvent, string> = {
  approval: "Something waits for your answer.",
  "run-failed": "A run did not succeed.",
  "run-finished": "A run is done.",
  crash: "Something crashed.",
};

/** What devices are told about a notification; `null` when it stays within the panel. */
export function pushMessage(notification: Notification): PushMessage | null {
  const { id, at, key, title, message, link } = notification;
  const event = eventOf(notification);
  if (event === null || key === null) return null;
  const url = key.startsWith(asked) ? `/a/${key.slice(asked.length)}` : (link ?? "/");
  return { event, title, body: message, discreet: discreet[event], url, tag: key, name: `${id} ${at}` };
}

/** A run and the review of its work are one thing to whoever is away: they have the same subject. */
export function subjectOf(key: string): string {
  return key.startsWith("review:") ? `run:${key.slice("review:".length)}` : key;
}

const asked = "approval:";
const ofRuns = ["run:", "task:", "review:", "repair:"];

function eventOf({ key, level, needsYou }: Notification): PushEvent | null {
  if (key === null) return null;
  if (key.startsWith(asked)) return "approval";
  const isBad = level === "error" || level === "warning";
  // A repair that is proposed has not failed: what is down waits for one word of the user.
  if (key.startsWith("repair:") && needsYou && !isBad) return "approval";
  if (ofRuns.some((start) => key.startsWith(start))) return isBad ? "run-failed" : "run-finished";
  if (key.startsWith("incident:") || key.startsWith("fallen:")) return isBad ? "crash" : null;
  return null;
}

import { createHash } from "node:crypto";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { AutomationRecord } from "./automation-record.ts";
import { newOccurrenceId } from "./occurrence-ledger.ts";

/** What makes an occurrence: the clock, a person, a message that came in or an event. */
export interface Occasion {
  trigger: Occurrence["trigger"];
  who: string | null;
  /** Of the message that came in. */
  messageId?: string;
  /** Of the event: an occurrence of it has an id of its own, so that it can be known again. And what led to it. */
  event?: { id: string; causes: readonly string[] };
  /** Milliseconds. */
  due: number;
  /** Said in the ledger when nothing else is. */
  note: string | null;
}

const keptTimes = 16;
const times = new Map<number, string>();

/** ISO 8601 UTC. Thousands that are due together ask for the same few times. */
export function isoTime(at: number): string {
  const known = times.get(at);
  if (known !== undefined) return known;
  const text = new Date(at).toISOString();
  if (times.size >= keptTimes) times.clear();
  times.set(at, text);
  return text;
}

/** The id of what an event starts of an automation: the same each time. */
export function occurrenceIdOfEvent(eventId: string, automationId: string): string {
  return `oc-${createHash("sha256").update(`${eventId} ${automationId}`).digest("hex").slice(0, 17)}`;
}

/** A row for an occasion at which nothing has happened yet. */
export function newRow(
  automation: AutomationRecord,
  occasion: Occasion,
  state: Occurrence["state"],
  now: number,
): Occurrence {
  return {
    id: idOf(automation, occasion, now),
    automationId: automation.id,
    name: automation.name,
    trigger: occasion.trigger,
    who: occasion.who,
    action: automation.action.kind,
    due: isoTime(occasion.due),
    dueUntil: null,
    count: 1,
    state,
    reason: occasion.note,
    startedAt: null,
    endedAt: null,
    lateMs: null,
    durationMs: null,
    exitCode: null,
    httpStatus: null,
    outputBytes: 0,
    ...(occasion.messageId === undefined ? {} : { messageId: occasion.messageId }),
    ...(occasion.event === undefined || occasion.trigger === "webhook"
      ? {}
      : { eventId: occasion.event.id, causes: [...occasion.event.causes] }),
  };
}

/** What a person starts with an event is another run of it. */
function idOf({ id }: AutomationRecord, { event, trigger }: Occasion, now: number): string {
  return event === undefined || trigger === "manual" ? newOccurrenceId(now) : occurrenceIdOfEvent(event.id, id);
}

/** The row of a run that starts now. */
export function startedRow(row: Occurrence, now: number): Occurrence {
  return { ...row, state: "running", startedAt: isoTime(now), lateMs: now - Date.parse(row.due) };
}

import { eventKind } from "../../../contract/event-catalogue.ts";
import type { Schedule } from "../../../contract/features/automation-schedules.ts";
import { type FillIssue, placesIn } from "./fill-params.ts";

/** What `triggerValues` gives. */
const known = [
  "kind",
  "due",
  "who",
  "automation",
  "run",
  "event",
  "headers",
  "text",
  "body",
  "eventId",
  "at",
  "data",
  "outside",
];
const texts = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
/** What stands in them is read of something else. */
const within = /\[[^[\]{}]*\]|\{[^[\]{}]*\}/g;
const first = /^\s*!?\s*([A-Za-z_]\w*)\s*(\()?/;
const field = String.raw`\.\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*))`;
const ofTrigger = new RegExp(String.raw`(?<![\w.$&"@])trigger${field}(?:${field})?`, "g");

/** Places of a step that read what no run of its automation can have: they would never get a value. */
export function triggerIssues(params: unknown, schedule: Schedule): FillIssue[] {
  return placesIn(params).flatMap(({ path, expression }) => {
    const why = problemOf(expression, schedule);
    return why === null ? [] : [{ path, message: `${why}: {{ ${expression} }}` }];
  });
}

function problemOf(expression: string, schedule: Schedule): string | null {
  if (/^\s*let\s+\$/.test(expression)) return null; // names of its own
  const plain = readAtFirst(expression.replaceAll(texts, "''"));
  const [, name = "trigger", call] = first.exec(plain) ?? [];
  if (call === undefined && name !== "trigger" && !/^step\d+$/.test(name))
    return `reads "${name}", which no run has; begin with trigger or step1, as in trigger.body.title`;
  for (const [, one, other, under, below] of plain.matchAll(ofTrigger)) {
    const why = fieldProblem(one ?? other ?? "", under ?? below ?? null, schedule);
    if (why !== null) return why;
  }
  return null;
}

/** The part of an expression that reads the values themselves. */
function readAtFirst(expression: string): string {
  let plain = expression;
  for (let before = ""; before !== plain;) {
    before = plain;
    plain = plain.replaceAll(within, "");
  }
  return plain.split(/(?<!\|)\|(?!\|)/)[0] ?? "";
}

function fieldProblem(name: string, below: string | null, schedule: Schedule): string | null {
  if (!known.includes(name)) return `reads trigger.${name}, which no run has; there are ${known.join(", ")}`;
  if (name !== "data" || below === null || schedule.kind !== "event") return null;
  const there = [...new Set(schedule.events.flatMap((event) => Object.keys(eventKind(event).data.shape)))];
  return there.includes(below)
    ? null
    : `reads trigger.data.${below}, which these events do not have; they have ${there.join(", ")}`;
}

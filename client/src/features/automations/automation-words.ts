import { eventTitles } from "../../../../contract/event-titles.ts";
import type { Automation } from "../../../../contract/features/automations.ts";
import type { EventName } from "../../../../contract/features/events.ts";
import { formatDuration } from "../../lib/format.ts";
import { cronInWords } from "./cron-to-sentence.ts";

/** When an automation runs, in words: "every weekday at 09:30". */
export function scheduleInWords(schedule: Automation["schedule"]): string {
  if (schedule.kind === "cron") return cronInWords(schedule.expression);
  if (schedule.kind === "once") return `once on ${schedule.at.slice(0, 16).replace("T", " at ")}`;
  if (schedule.kind === "event")
    return `on ${schedule.events.map(eventInWords).join(", ")}${schedule.filter === null ? "" : `, if ${schedule.filter}`}`;
  return `every ${wholeDuration(schedule.everyMs)}`;
}

/** "incident.opened" → "process crashed", as the form calls it; `null` for what is no event. */
export function eventInWords(name: EventName): string;
export function eventInWords(name: string | null): string | null;
export function eventInWords(name: string | null): string | null {
  const title = new Map<string, string>(Object.entries(eventTitles)).get(name ?? "");
  if (title === undefined) return null;
  return title.charAt(0).toLowerCase() + title.slice(1);
}

/** Zone of a schedule when it is worth naming; an interval has none, nor have events. */
export function zoneOf(schedule: Automation["schedule"]): string | null {
  return schedule.kind === "interval" || schedule.kind === "event" ? null : schedule.zone;
}

/** 900 000 → "15 min": formatDuration without "10.0 s". */
export function wholeDuration(durationMs: number): string {
  return formatDuration(durationMs).replace(".0 ", " ");
}

/** What an automation does, in one line of machine text. */
export function actionInWords(action: Automation["action"]): string {
  if (action.kind === "restart-app") return `restart ${action.appId}`;
  if (action.kind === "connector")
    return action.steps.map(({ connector, operation }) => `${connector} ${operation}`).join(" → ");
  if (action.kind === "task") {
    const made = action.template === null ? "" : ` from the prompt ${action.template.promptId}`;
    return `add the task "${action.title}"${made}${action.appId === null ? "" : ` in ${action.appId}`}`;
  }
  if (action.kind === "run") {
    const { prompt } = action;
    const what = prompt.kind === "template" ? `the prompt ${prompt.promptId}` : `"${firstLine(prompt.text)}"`;
    const place = action.folder ?? action.appId ?? null;
    return `run ${what} with ${action.choice.providerId}${place === null ? "" : ` in ${place}`}`;
  }
  if (action.kind === "url") return `${action.method} ${action.appId}${action.path}`;
  const { command } = action;
  return command.kind === "shell" ? command.line : command.arguments.map(quoted).join(" ");
}

function firstLine(text: string): string {
  const line = text.trim().split("\n")[0] ?? "";
  return line.length > 80 ? `${line.slice(0, 79)}…` : line;
}

function quoted(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** What happens to missed due times, as a sentence. */
export function missedInWords(policy: Automation["missedPolicy"]): string {
  return policy.kind === "skip"
    ? "Missed times are skipped."
    : `One missed run is made up for within ${wholeDuration(policy.graceMs)}.`;
}

const overlaps = {
  skip: "What comes while it still runs is skipped.",
  "queue-one": "One run waits while it still runs.",
  "queue-all": "Each event waits for its turn.",
  replace: "A new run ends the one before.",
} as const satisfies Record<Automation["overlapPolicy"], string>;

/** What happens when it is due while it runs, as a sentence. */
export function overlapInWords(policy: Automation["overlapPolicy"]): string {
  return overlaps[policy];
}

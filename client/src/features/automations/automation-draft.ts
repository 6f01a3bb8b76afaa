import type { AutomationAction } from "../../../../contract/features/automation-actions.ts";
import type { AutomationInput, AutomationView } from "../../../../contract/features/automations.ts";
import { toVariableInputs } from "../../ui/variables-editor.tsx";

export type Draft = AutomationInput;
export type Schedule = Draft["schedule"];
export type Action = Draft["action"];

/** Time zone of this device. */
export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Every zone this browser knows, this device's first. */
export function allZones(): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return [...new Set([localZone(), "UTC", ...known])];
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** "2026-11-21T09:30" on the wall of this device, for date fields. */
export function wallText(time: Date): string {
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date}T${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** A schedule of the other kind to start from. */
export function newSchedule(kind: Schedule["kind"]): Schedule {
  const now = new Date();
  if (kind === "cron") return { kind, expression: "30 9 * * 1-5", zone: localZone() };
  if (kind === "interval") {
    now.setSeconds(0, 0);
    return { kind, everyMs: 15 * 60_000, anchor: now.toISOString() };
  }
  if (kind === "event") return { kind, events: [], filter: null };
  return { kind, at: wallText(new Date(now.getTime() + 3_600_000)), zone: localZone() };
}

/** An action of the other kind to start from. */
export function newAction(kind: Action["kind"], appId = ""): Action {
  if (kind === "restart-app") return { kind, appId };
  if (kind === "connector") return { kind, steps: [{ connector: "", operation: "", params: {} }] };
  if (kind === "task")
    return {
      kind,
      title: "",
      instructions: "",
      template: null,
      appId: appId === "" ? null : appId,
      type: "chore",
      priority: "normal",
      needsReview: true,
      state: "ready",
    };
  if (kind === "run")
    return {
      kind,
      prompt: { kind: "text", text: "" },
      choice: { providerId: "", mayFallBack: true },
      appId: appId === "" ? null : appId,
      permissionMode: "ask-writes",
      isolation: { kind: "none" },
      budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    };
  if (kind === "url") return { kind, appId, path: "/", method: "GET", expectedStatus: 200, timeoutMs: 10_000 };
  return { kind, command: { kind: "shell", line: "" }, folder: "", timeLimitMs: 600_000, environment: [] };
}

/** What the editor starts with for a new automation. */
export function newDraft(): Draft {
  return {
    name: "",
    schedule: newSchedule("cron"),
    action: newAction("command"),
    missedPolicy: { kind: "skip" },
    overlapPolicy: "skip",
  };
}

/** What goes with a schedule of another kind: events wait for their turn, times do not. */
export function withSchedule(draft: Draft, schedule: Schedule): Draft {
  const isOther = (schedule.kind === "event") !== (draft.schedule.kind === "event");
  return {
    ...draft,
    schedule,
    ...(isOther ? { overlapPolicy: schedule.kind === "event" ? "queue-all" : "skip" } : {}),
  };
}

/** One call that sends an event on as it is, its id with it. */
export function sendEvents(): Action {
  const payload = {
    id: "{{ trigger.eventId }}",
    event: "{{ trigger.event }}",
    at: "{{ trigger.at }}",
    data: "{{ trigger.data }}",
  };
  return {
    kind: "connector",
    steps: [{ connector: "webhook-out", operation: "post", params: { payload, id: "{{ trigger.eventId }}" } }],
  };
}

/** The other example: what happens here, told elsewhere. */
export function sendEventsDraft(): Draft {
  const schedule: Schedule = {
    kind: "event",
    events: ["incident.opened", "run.failed", "automation.failed"],
    filter: null,
  };
  return { ...withSchedule(newDraft(), schedule), name: "Send events to a webhook", action: sendEvents() };
}

/** The example of the empty page. `folder` must exist on the machine. */
export function exampleDraft(folder: string): Draft {
  return {
    ...newDraft(),
    name: "Say the time",
    schedule: { kind: "cron", expression: "* * * * *", zone: localZone() },
    action: { kind: "command", command: { kind: "shell", line: "date" }, folder, timeLimitMs: 60_000, environment: [] },
  };
}

/** What the user decided about an automation, without what the server adds. */
export function draftOf({ automation }: AutomationView): Draft {
  const { name, schedule, action, missedPolicy, overlapPolicy } = automation;
  return { name, schedule, action: inputOf(action), missedPolicy, overlapPolicy };
}

/** An action as it is saved again: secrets stay what they are. */
function inputOf(action: AutomationAction): Action {
  return action.kind === "command" ? { ...action, environment: toVariableInputs(action.environment) } : action;
}

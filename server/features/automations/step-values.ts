import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { eventKind } from "../../../contract/event-catalogue.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import type { AutomationConnectors, KnownEvents, TriggerMessage } from "./automation-connectors.ts";
import type { StepValues } from "./fill-params.ts";
import type { StepMemory } from "./step-memory.ts";

/** What started a run, as places read it: `{{ trigger.body.title }}`. */
export async function triggerOf(
  row: Pick<Occurrence, "id" | "name" | "trigger" | "who" | "due" | "messageId" | "eventId">,
  { connectors, events }: { connectors: Pick<AutomationConnectors, "message">; events: KnownEvents },
): Promise<StepMemory["trigger"]> {
  const message = row.messageId === undefined ? null : await connectors.message(row.messageId);
  const event = row.eventId === undefined ? null : await events.read(row.eventId);
  return triggerValues(row, message, event);
}

/** The same of a message and an event that are at hand. */
export function triggerValues(
  { id, name, trigger, who, due }: Pick<Occurrence, "id" | "name" | "trigger" | "who" | "due">,
  message: TriggerMessage | null,
  event: PortosEvent | null = null,
): StepMemory["trigger"] {
  return {
    kind: trigger,
    due,
    who,
    automation: name,
    run: id,
    event: event?.name ?? message?.event ?? null,
    ...(event === null
      ? {}
      : { eventId: event.id, at: event.at, data: event.data, outside: [...eventKind(event.name).outside] }),
    headers: Object.fromEntries((message?.headers ?? []).map(({ name: header, value }) => [header, value])),
    text: message?.text ?? null,
    body: bodyOf(message?.text ?? null),
  };
}

function bodyOf(text: string | null) {
  if (text === null) return null;
  try {
    return JSON.parse(text) as StepMemory["trigger"];
  } catch (error) {
    if (error instanceof SyntaxError) return null; // no JSON: only its text can be read
    throw error;
  }
}

/** Everything the places of the next step may read. */
export function valuesOf({ trigger, results }: Pick<StepMemory, "trigger" | "results">): StepValues {
  const values: Record<string, unknown> = { trigger };
  for (const [index, result] of results.entries()) values[`step${index + 1}`] = result?.value ?? null;
  return values;
}

import type { ConnectorStep } from "../../../../contract/features/automation-connectors.ts";
import { UnreadableText } from "../../ui/schema-form/schema-values.ts";
import { isSchema, labelOf } from "../../ui/schema-form/schema-fields.ts";
import type { Action } from "./automation-draft.ts";

export type ConnectorAction = Extract<Action, { kind: "connector" }>;

/** A step nobody has chosen anything for. */
export const emptyStep: ConnectorStep = { connector: "", operation: "", params: {} };

/** Something a place can be filled with. */
export interface PlaceChoice {
  /** "step1.items" */
  expression: string;
  label: string;
}

const ofTrigger: readonly PlaceChoice[] = [
  { expression: "trigger.body", label: "Message of the webhook, as JSON" },
  { expression: "trigger.text", label: "Message of the webhook, as text" },
  { expression: "trigger.event", label: "Kind of event" },
  { expression: "trigger.due", label: "When it was due" },
  { expression: "trigger.who", label: "Who started it" },
  { expression: "trigger.automation", label: "Name of the automation" },
  { expression: "trigger.run", label: "Id of the run" },
];

const ofEvents: readonly PlaceChoice[] = [
  { expression: "trigger.data", label: "What the event says" },
  { expression: "trigger.event", label: "Name of the event" },
  { expression: "trigger.eventId", label: "Id of the event" },
  { expression: "trigger.at", label: "When it happened" },
];

/** What a step may read: the trigger, the event with these fields, and what the steps before it give by the schemas of their operations. */
export function placeChoices(
  outputs: readonly unknown[],
  eventFields: readonly { name: string; label: string }[] | null = null,
): { group: string; items: readonly PlaceChoice[] }[] {
  const before = outputs.map((schema, index) => {
    const step = `step${String(index + 1)}`;
    const properties = isSchema(schema) && isSchema(schema["properties"]) ? Object.keys(schema["properties"]) : [];
    const plain = properties.filter((name) => /^[A-Za-z_]\w*$/.test(name));
    return {
      group: `Step ${String(index + 1)}`,
      items: [
        { expression: step, label: "Everything it gives" },
        ...plain.map((name) => ({ expression: `${step}.${name}`, label: labelOf(name) })),
      ],
    };
  });
  const event =
    eventFields === null
      ? []
      : [
          {
            group: "The event",
            items: [
              ...ofEvents,
              ...eventFields.map(({ name, label }) => ({ expression: `trigger.data.${name}`, label })),
            ],
          },
        ];
  return [...before.toReversed(), ...event, { group: "What started it", items: ofTrigger }];
}

/** Whether a value is, or holds, a place. */
export function hasPlace(value: unknown): value is string {
  return typeof value === "string" && value.includes("{{");
}

/** What is half written is kept as the text it is: the server then says what is wrong with it. */
export function sendable(value: unknown): unknown {
  if (value instanceof UnreadableText) return value.text;
  if (Array.isArray(value)) return value.map(sendable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, sendable(one)]));
}

/** A list with one entry moved. Places that read steps are not rewritten: the server names those that no longer fit. */
export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const entry = list[from];
  if (entry === undefined || to < 0 || to >= list.length) return [...list];
  return list.toSpliced(from, 1).toSpliced(to, 0, entry);
}

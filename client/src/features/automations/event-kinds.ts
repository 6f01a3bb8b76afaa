import { useQuery } from "@tanstack/react-query";

import type { EventKind, EventName } from "../../../../contract/features/events.ts";
import { callQuery } from "../../lib/call-query.ts";
import { isSchema, labelOf } from "../../ui/schema-form/schema-fields.ts";

const lookEveryMs = 15_000;

/** What PortOS tells of, each with its newest event; `undefined` until it is known. */
export function useEventKinds(isWanted = true): readonly EventKind[] | undefined {
  return useQuery({ ...callQuery("events.catalogue"), enabled: isWanted, refetchInterval: lookEveryMs }).data?.events;
}

/** One field of what an event says. */
export interface EventField {
  name: string;
  label: string;
  description: string;
  /** As in the newest event, else in the example. */
  sample: unknown;
  /** Programs or other people wrote it. */
  isOutside: boolean;
}

/** Fields that all of these events have, or the only one does. */
export function fieldsOfEvents(kinds: readonly EventKind[], names: readonly EventName[]): EventField[] {
  const chosen = kinds.filter(({ name }) => names.includes(name));
  const [first, ...others] = chosen.map(({ data }) => propertiesOf(data));
  if (first === undefined) return [];
  return Object.entries(first)
    .filter(([name]) => others.every((properties) => Object.hasOwn(properties, name)))
    .map(([name, schema]) => ({
      name,
      label: labelOf(name),
      description: isSchema(schema) && typeof schema["description"] === "string" ? schema["description"] : "",
      sample: sampleOf(chosen, name),
      isOutside: chosen.some(({ outside }) => outside.includes(name)),
    }));
}

/** The newest event there was of any of these, else what the catalogue shows. */
function sampleOf(kinds: readonly EventKind[], name: string): unknown {
  const seen = kinds.flatMap(({ last }) => last ?? []).toSorted((a, b) => b.at.localeCompare(a.at));
  return seen[0]?.data[name] ?? kinds[0]?.example[name] ?? null;
}

function propertiesOf(schema: unknown): Record<string, unknown> {
  return isSchema(schema) && isSchema(schema["properties"]) ? schema["properties"] : {};
}

/** A filter with one more condition: the field has this value. */
export function withCondition(filter: string | null, name: string, value: unknown): string {
  const condition = `data.${name} == ${literal(value)}`;
  return filter === null || filter.trim() === "" ? condition : `${filter.trim()} && ${condition}`;
}

/** A value as JMESPath writes it. */
function literal(value: unknown): string {
  if (typeof value !== "string") return `\`${JSON.stringify(value)}\``;
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

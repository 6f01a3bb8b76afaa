import type { ConnectorPolicy, PolicyChange } from "../../../../contract/features/connectors.ts";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import { callerWords } from "../../lib/gateway-words.ts";
import { approvalChoices, policyLabel } from "./policy-fields.ts";

/** One field of a change, in words. */
export interface FieldChange {
  readonly label: string;
  /** "60 → 31", "added a.example; removed b.example" */
  readonly text: string;
}

type Name = keyof ConnectorPolicy;

/** Each change with what it made of what; newest first, as the history is. `current` is what holds now. */
export function withSteps(history: readonly PolicyChange[], current: ConnectorPolicy) {
  return history.map((change, index) => ({
    change,
    steps: stepsOf(change, index === 0 ? current : (history[index - 1]?.before ?? current)),
  }));
}

/** What differs between two policies. */
export function changesBetween(before: ConnectorPolicy, after: ConnectorPolicy): FieldChange[] {
  const names = Object.keys(after) as Name[];
  const fields = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return stepsOf({ fields, before }, after);
}

function stepsOf({ fields, before }: Pick<PolicyChange, "fields" | "before">, after: ConnectorPolicy): FieldChange[] {
  return fields.map((field) => {
    const name = field as Name;
    return { label: policyLabel(field), text: stepText(name, before[name], after[name]) };
  });
}

function stepText(name: Name, before: unknown, after: unknown): string {
  if (Array.isArray(before) && Array.isArray(after) && before.length > 0 && after.length > 0) {
    const added = after.filter((one) => !before.includes(one));
    const removed = before.filter((one) => !after.includes(one));
    const parts = [
      ...(added.length === 0 ? [] : [`added ${entries(name, added)}`]),
      ...(removed.length === 0 ? [] : [`removed ${entries(name, removed)}`]),
    ];
    return parts.length === 0 ? "in another order" : parts.join("; ");
  }
  return `${valueText(name, before)} → ${valueText(name, after)}`;
}

const mostEntries = 8;

function entries(name: Name, values: readonly unknown[]): string {
  const words = values.slice(0, mostEntries).map((one) => {
    if (name === "callers") return callerWords[one as keyof typeof callerWords];
    return String(one);
  });
  const more = values.length - words.length;
  return more === 0 ? words.join(", ") : `${words.join(", ")} and ${String(more)} more`;
}

/** A value of a policy as one would say it. */
export function valueText(name: Name, value: unknown): string {
  if (value === null || value === undefined)
    return name === "operations" ? "all" : name === "quietHours" ? "none" : "no limit";
  if (Array.isArray(value)) return value.length === 0 ? "none" : entries(name, value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return numberText(name, value);
  if (name === "approval") return approvalChoices.find((choice) => choice.value === value)?.label ?? "?";
  const hours = value as NonNullable<ConnectorPolicy["quietHours"]>;
  return `${hours.from} to ${hours.to}`;
}

function numberText(name: Name, value: number): string {
  if (name === "maxRequestBytes" || name === "maxReplyBytes") return formatBytes(value);
  return name === "timeoutMs" ? formatDuration(value) : value.toLocaleString("en");
}

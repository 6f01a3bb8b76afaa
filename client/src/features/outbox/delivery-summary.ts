import type { Delivery } from "../../../../contract/features/outbox.ts";

/** Where it goes and what it is about come first, then what it says. */
const first = ["to", "url", "channel", "bucket", "queue", "key", "subject", "title", "text", "body"];
const longestValue = 60;
const mostValues = 3;

/** What tells one message from another, of its arguments, which hold no secrets: "to: a@example.com · subject: Hello". */
export function summaryOf(input: Delivery["input"]): string {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return short(input);
  return Object.entries(input)
    .filter(([, value]) => value !== null && value !== "")
    .toSorted(([one], [other]) => rank(one) - rank(other))
    .slice(0, mostValues)
    .map(([name, value]) => `${name}: ${short(value)}`)
    .join(" · ");
}

function rank(name: string): number {
  return first.includes(name) ? first.indexOf(name) : first.length;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > longestValue ? `${line.slice(0, longestValue - 1)}…` : line;
}

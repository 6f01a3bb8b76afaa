import { compile } from "@jmespath-community/jmespath";

import { eventKind } from "../../../contract/event-catalogue.ts";
import type { EventTrigger } from "../../../contract/features/automation-schedules.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import { searchJson } from "../../../lib/search-json.ts";

const filterMs = 100;
const quoted = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const dataField = /(?<![\w.])data\.(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_]\w*))/g;
const comparedName = /(?<![\w.])name\s*==\s*'([^']*)'|'([^']*)'\s*==\s*name(?![\w.])/g;
const fieldsOfEvents = ["id", "name", "at", "data"];

/** Whether a filter is true of an event. Throws an `Error` that says why it cannot be worked out. */
export function isWanted(
  { events, filter }: EventTrigger,
  event: Pick<PortosEvent, "id" | "name" | "at" | "data">,
): boolean {
  if (!events.includes(event.name)) return false;
  if (filter === null) return true;
  const { id, name, at, data } = event;
  return isTrue(searchJson(filter, { id, name, at, data }, filterMs));
}

/** As JMESPath has it: nothing, false and what is empty are not true. */
function isTrue(found: unknown): boolean {
  if (found === null || found === undefined || found === false || found === "") return false;
  if (Array.isArray(found)) return found.length > 0;
  return typeof found !== "object" || Object.keys(found).length > 0;
}

/** What is wrong with a filter that can never be true of what it is for; `null` when nothing is. */
export function filterIssue({ events, filter }: EventTrigger): string | null {
  if (filter === null) return null;
  try {
    compile(filter);
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).slice(0, 200);
    const hint = why.includes("(Number)") ? "; numbers stand in backticks, as in data.crashes > `3`" : "";
    return `cannot be read: ${why}${hint}`;
  }
  const compared = Array.from(filter.matchAll(comparedName), ([, after, before]) => after ?? before ?? "");
  if (compared.length > 0 && !events.some((name) => compared.includes(name)))
    return `is never true: name is ${events.join(" or ")}, and never ${compared.join(" or ")}`;
  const plain = filter.replaceAll(quoted, "''");
  const [first] = /^\s*!?\s*([A-Za-z_]\w*)/.exec(plain)?.slice(1) ?? [];
  const isCall = first !== undefined && new RegExp(`^\\s*!?\\s*${first}\\s*\\(`).test(plain);
  if (first !== undefined && !isCall && !fieldsOfEvents.includes(first))
    return `reads "${first}", which no event has: begin with ${fieldsOfEvents.join(", ")}, as in data.appId == 'shop'`;
  const there = [...new Set(events.flatMap((name) => Object.keys(eventKind(name).data.shape)))];
  for (const [, inQuotes, bare = inQuotes ?? ""] of plain.matchAll(dataField))
    if (!there.includes(bare))
      return `reads data.${bare}, which these events do not have; they have ${there.join(", ")}`;
  return null;
}

import type { EvidenceFilter } from "../../../../contract/features/evidence.ts";
import type { LogQuery } from "../../../../lib/json-log-reader.ts";
import type { EvidenceRow } from "./evidence-row.ts";

/** What the log is asked for a filter: by index first, then by text, at last by the row itself. */
export function toQuery(
  filter: EvidenceFilter,
): Pick<LogQuery<EvidenceRow>, "where" | "contains" | "mentions" | "match"> {
  const { connector, operation, outcome, effect, caller, code, correlationId, callerId, deliveryId, from, to } = filter;
  const plain = { connector, operation, outcome, effect, code };
  const given = Object.entries(plain).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const ids = [correlationId, callerId, deliveryId].filter((id) => id !== undefined);
  const terms = [...given.map(([name, value]) => [`${name}:${value}`]), ...(caller ? [[`caller:${caller}`]] : [])];
  return {
    where: { terms, ids, ...toRange({ from, to }) },
    // What few rows have first.
    contains: [
      ...given.map(([name, value]) => JSON.stringify({ [name]: value }).slice(1, -1)),
      ...ids.map((id) => JSON.stringify(id)),
      '"kind":"call"',
    ],
    // What JSON writes otherwise than it is typed is left to the row itself.
    ...(filter.text !== undefined && /^[ !#-[\]-~]+$/.test(filter.text) ? { mentions: filter.text } : {}),
    match: matcher(filter),
  };
}

/** Times as rows have them, with milliseconds, so that they can be compared as texts. */
export function toRange({ from, to }: { from?: string | undefined; to?: string | undefined }): {
  from?: string;
  to?: string;
} {
  return {
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  };
}

function matcher(filter: EvidenceFilter): (row: EvidenceRow) => boolean {
  const text = filter.text?.toLowerCase();
  return (row) => {
    if (row.kind !== "call") return false;
    for (const name of ["connector", "operation", "outcome", "effect", "code", "correlationId"] as const)
      if (filter[name] !== undefined && row[name] !== filter[name]) return false;
    if (filter.caller !== undefined && row.caller.kind !== filter.caller) return false;
    if (filter.callerId !== undefined && row.caller.id !== filter.callerId) return false;
    if (filter.deliveryId !== undefined && row.delivery?.id !== filter.deliveryId) return false;
    if (filter.from !== undefined && Date.parse(row.at) < Date.parse(filter.from)) return false;
    if (filter.to !== undefined && Date.parse(row.at) > Date.parse(filter.to)) return false;
    if (!text) return true;
    const { request, targets, addresses, message, caller, connector, operation } = row;
    const texts = [connector, operation, caller.name, caller.device, message, ...targets, JSON.stringify(request)];
    return [...texts, ...addresses.flatMap(({ host, address }) => [host, address])].some((part) =>
      part?.toLowerCase().includes(text),
    );
  };
}

import type { EvidenceFilter, EvidenceProof, EvidenceRecord } from "../../../../contract/features/evidence.ts";
import type { SearchState } from "../../lib/search-state.ts";
import type { Status } from "../../ui/status.ts";

/** How a call ended, in the words used everywhere. */
export const outcomeStatus: Readonly<Record<EvidenceRecord["outcome"], Status>> = {
  done: "succeeded",
  refused: "refused",
  failed: "failed",
  unknown: "unknown",
};

const hourMs = 3_600_000;

/** Times one looks back over. */
export const periods = [
  { value: "hour", label: "Last hour", ms: hourMs },
  { value: "day", label: "Last 24 hours", ms: 24 * hourMs },
  { value: "week", label: "Last 7 days", ms: 168 * hourMs },
  { value: "month", label: "Last 30 days", ms: 720 * hourMs },
] as const;

/** Filters that live in the address besides the period. */
export const filterNames = [
  "connector",
  "operation",
  "caller",
  "outcome",
  "effect",
  "code",
  "text",
  "callerId",
  "deliveryId",
  "correlationId",
] as const satisfies (keyof EvidenceFilter)[];

/** All names in the address that narrow the list. */
export const addressNames: readonly string[] = [...filterNames, "period", "from", "to"];

/** The filter the address asks for. A period counts to the full minute, so that it does not change with every look. */
export function filterOf(search: SearchState, nowMs: number): EvidenceFilter {
  const plain = Object.fromEntries(
    filterNames.flatMap((name) => (search[name] === undefined ? [] : [[name, search[name]]])),
  ) as EvidenceFilter;
  const period = periods.find(({ value }) => value === search["period"]);
  const from = period === undefined ? timeOf(search["from"]) : minuteOf(nowMs - period.ms);
  const to = period === undefined ? timeOf(search["to"]) : undefined;
  return { ...plain, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function minuteOf(timeMs: number): string {
  return new Date(Math.floor(timeMs / 60_000) * 60_000).toISOString();
}

/** What is no time is no filter. */
function timeOf(text: string | undefined): string | undefined {
  const timeMs = Date.parse(text ?? "");
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString();
}

/** The result of a proof, as one would say it. */
export function proofText(proof: EvidenceProof): string {
  const { isWhole, broken, breaks, rows, files, first, durationMs } = proof;
  if (!isWhole && broken !== null) {
    const line = broken.line === 0 ? broken.file : `${broken.file}, line ${String(broken.line)}`;
    const more = breaks > 1 ? ` ${String(breaks - 1)} more after that.` : "";
    return `The chain is broken first at ${line}: ${broken.message}${/[.!?]$/.test(broken.message) ? "" : "."}${more}`;
  }
  if (rows === 0) return "There is nothing to verify yet.";
  const counted = `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"} in ${String(files)} ${files === 1 ? "file" : "files"}`;
  const start =
    first !== null && first > 1 ? `, from number ${first.toLocaleString("en")} on, older ones were removed` : "";
  return `The chain is whole: ${counted}${start}, checked in ${String(Math.max(1, Math.round(durationMs)))} ms.`;
}

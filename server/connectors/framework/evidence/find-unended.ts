import { evidenceIntentSchema, type EvidenceIntent } from "../../../../contract/features/evidence.ts";
import type { JsonLog } from "../../../../lib/json-log.ts";
import type { EvidenceRow } from "./evidence-row.ts";

const maxRows = 200_000;
const looseIntent = evidenceIntentSchema.strip();

/** Calls that left and whose end was never written, oldest first; only those no older than `withinMs` before the last row. */
export async function findUnended(
  log: Pick<JsonLog<EvidenceRow>, "page">,
  withinMs: number,
): Promise<EvidenceIntent[]> {
  const ended = new Set<string>();
  const open: EvidenceIntent[] = [];
  let oldest: number | null = null;
  let before: string | undefined;
  for (let rows = 0; rows < maxRows;) {
    const page = await log.page({ limit: 1_000, ...(before === undefined ? {} : { before }) });
    for (const row of page.items) {
      rows += 1;
      oldest ??= Date.parse(row.at) - withinMs;
      if (row.kind === "call") ended.add(row.id);
      else if (!ended.has(row.id)) open.push(looseIntent.parse(row));
    }
    const last = page.items.at(-1);
    if (page.next === null || (last && oldest !== null && Date.parse(last.at) < oldest)) break;
    before = page.next;
  }
  return open.toReversed();
}

import { z } from "zod";

import {
  evidenceIntentSchema,
  evidenceRecordSchema,
  type EvidenceIntent,
  type EvidenceRecord,
} from "../../../../contract/features/evidence.ts";
import type { IndexEntry } from "../../../../lib/json-log-index.ts";

/** A row of the book: a call that is about to leave, or one that has ended. */
export const evidenceRowSchema = z.discriminatedUnion("kind", [
  evidenceIntentSchema.extend({ kind: z.literal("begun") }),
  evidenceRecordSchema.extend({ kind: z.literal("call") }),
]);
export type EvidenceRow = z.output<typeof evidenceRowSchema>;

/** What rows are filtered and counted by. */
export function indexEvidence(row: EvidenceRow): IndexEntry {
  const ids = [row.id, row.correlationId, row.caller.id ?? "", row.delivery?.id ?? ""].filter((id) => id !== "");
  if (row.kind === "begun") return { at: row.at, terms: ["kind:begun"], ids, sums: {} };
  const { at, connector, operation, outcome, effect, caller, code, durationMs, bytesIn, bytesOut } = row;
  // What was only tried is found like any other, and counted nowhere.
  const counted = [
    `of:${connector}:${outcome}`,
    `day:${at.slice(0, 10)}:${outcome}`,
    `by:${caller.kind}`,
    ...(code === null ? [] : [`why:${code}`]),
    ...(outcome === "refused" ? [] : [`ms:${connector}:${durationStep(durationMs)}`]),
  ];
  const terms = [
    `connector:${connector}`,
    `operation:${operation}`,
    `outcome:${outcome}`,
    `effect:${effect}`,
    `caller:${caller.kind}`,
    ...(code === null ? [] : [`code:${code}`]),
    ...(row.isDryRun ? [] : counted),
  ];
  return { at, terms, ids, sums: { [`in:${connector}`]: bytesIn, [`out:${connector}`]: bytesOut } };
}

/** Durations are counted in steps, each 41 % longer than the one before it. */
function durationStep(ms: number): number {
  return ms <= 1 ? 0 : Math.ceil(Math.log2(ms) * 2);
}

/** The longest duration in milliseconds that is counted under a step. */
export function longestOfStep(step: number): number {
  return Math.round(2 ** (step / 2));
}

/** The record a call gets that was under way when the process ended. */
export function unknownEnd(intent: EvidenceIntent): EvidenceRecord {
  return {
    ...intent,
    isDryRun: false,
    outcome: "unknown",
    code: "unknown_end",
    message: "PortOS ended while this call was under way. Whether it arrived is not known.",
    request: null,
    path: [],
    approval: null,
    addresses: [],
    redirects: [],
    tries: 0,
    status: null,
    bytesOut: 0,
    bytesIn: 0,
    durationMs: 0,
    reply: null,
    trust: null,
  };
}

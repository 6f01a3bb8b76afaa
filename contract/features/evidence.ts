import { z } from "zod";

import { defineFeed } from "../channel.ts";
import { defineEndpoints } from "../endpoint.ts";
import { pageCursorSchema } from "../page-cursor.ts";
import { evidenceKeepDaysSchema } from "./settings.ts";

/** Id of one call to the outside, made before it leaves; later ones sort behind earlier ones. */
export const evidenceIdSchema = z.string().regex(/^e[0-9a-z]{19}$/, "must be the id of a call");

/** Who made a call; `id` is that of the run, automation or token behind it. */
export const outsideCallerSchema = z.strictObject({
  kind: z.enum(["person", "automation", "agent", "mcp", "system"]),
  name: z.string().max(200),
  id: z.string().max(100).optional(),
  device: z.string().max(200).optional(),
});
export type OutsideCaller = z.output<typeof outsideCallerSchema>;

/** As it was asked for: there may be no such connector. */
const nameSchema = z.string().min(1).max(80);

/** One step of the way of a call: what was judged, and how. */
export const evidenceStepSchema = z.strictObject({
  step: z.string().max(60),
  verdict: z.enum(["pass", "stop", "note"]),
  code: z.string().max(80).nullable(),
  reason: z.string().max(2_000),
  hint: z.string().max(2_000).optional(),
  ms: z.number().min(0),
});
export type EvidenceStep = z.output<typeof evidenceStepSchema>;

/** What is known of a call before it leaves. */
export const evidenceIntentSchema = z.strictObject({
  id: evidenceIdSchema,
  /** When it was asked for. */
  at: z.iso.datetime(),
  correlationId: z.string().max(80),
  caller: outsideCallerSchema,
  connector: nameSchema,
  operation: nameSchema,
  effect: z.enum(["read", "write", "destructive"]),
  /** Origins it means to call. */
  targets: z.array(z.string().max(2_000)).max(50),
  /** The delivery of the outbox it belongs to, with the number of the try; 0 where it was accepted for delivery. */
  delivery: z.strictObject({ id: z.string().max(60), attempt: z.int().min(0) }).nullable(),
});
export type EvidenceIntent = z.output<typeof evidenceIntentSchema>;

/**
 * - `done`: it was made and its reply was as declared
 * - `refused`: stopped before it left
 * - `failed`: it left, or was about to, and did not end well
 * - `unknown`: PortOS ended while it was under way; whether it arrived nobody can say
 */
export const evidenceOutcomeSchema = z.enum(["done", "refused", "failed", "unknown"]);

/** One call to the outside and what became of it. Secrets are out of every text. */
export const evidenceRecordSchema = evidenceIntentSchema.extend({
  isDryRun: z.boolean(),
  outcome: evidenceOutcomeSchema,
  /** Why it was refused or failed: a code of the gateway. */
  code: z.string().max(80).nullable(),
  message: z.string().max(4_000).nullable(),
  /** The arguments. */
  request: z.json(),
  path: z.array(evidenceStepSchema).max(60),
  approval: z
    .strictObject({
      id: z.string().max(60),
      decision: z.string().max(40),
      by: z.string().max(200).nullable(),
      at: z.iso.datetime().nullable(),
    })
    .nullable(),
  /** Addresses that were dialled, as they were pinned for each name. */
  addresses: z.array(z.strictObject({ host: z.string().max(300), address: z.string().max(80) })).max(100),
  redirects: z.array(z.strictObject({ status: z.int(), to: z.string().max(4_000) })).max(20),
  /** Requests that were sent, repeated ones included. */
  tries: z.int().min(0),
  /** Status of the last reply. */
  status: z.int().nullable(),
  bytesOut: z.int().min(0),
  bytesIn: z.int().min(0),
  durationMs: z.number().min(0),
  /** The reply is not kept; an excerpt only where the policy says so. */
  reply: z
    .strictObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      bytes: z.int().min(0),
      excerpt: z.string().max(4_000).nullable(),
    })
    .nullable(),
  /** How far what came back can be trusted. */
  trust: z.string().max(40).nullable(),
});
export type EvidenceRecord = z.output<typeof evidenceRecordSchema>;

/** A record with its place in the chain. */
export const evidenceViewSchema = evidenceRecordSchema.extend({
  /** Running number in the chain. */
  n: z.int().min(1),
  prev: z.string(),
  hash: z.string(),
  /** Whether the hash is that of the row as it is stored. */
  isSealed: z.boolean(),
});
export type EvidenceView = z.output<typeof evidenceViewSchema>;

const timeSchema = z.iso.datetime("must be a time like 2026-05-01T12:00:00Z");

const filters = {
  connector: nameSchema.optional(),
  operation: nameSchema.optional(),
  outcome: evidenceOutcomeSchema.optional(),
  effect: evidenceIntentSchema.shape.effect.optional(),
  caller: outsideCallerSchema.shape.kind.optional(),
  code: nameSchema.optional(),
  correlationId: z.string().max(80).optional(),
  /** Id of a run, an automation or a token. */
  callerId: z.string().max(100).optional(),
  deliveryId: z.string().max(60).optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  /** Must occur in the arguments, targets, addresses, message or caller; case is ignored. */
  text: z.string().max(200).optional(),
};
export const evidenceFilterSchema = z.strictObject(filters);
export type EvidenceFilter = z.output<typeof evidenceFilterSchema>;

/** What the chain of evidence proves, or where it is broken first. */
export const evidenceProofSchema = z.strictObject({
  isWhole: z.boolean(),
  broken: z
    .strictObject({
      file: z.string(),
      /** Counted from 1; 0 for the file as a whole. */
      line: z.int().min(0),
      reason: z.enum([
        "not_a_row",
        "changed",
        "not_next",
        "wrong_file",
        "start_missing",
        "end_missing",
        "note_missing",
      ]),
      message: z.string(),
    })
    .nullable(),
  /** Number of places at which it is broken. */
  breaks: z.int(),
  files: z.int(),
  rows: z.int(),
  bytes: z.int(),
  /** Number of the first row; those before it were removed by retention, which the chain says. */
  first: z.int().nullable(),
  /** Noted elsewhere, it proves later that nothing before it was made anew. */
  last: z.strictObject({ n: z.int(), hash: z.string() }).nullable(),
  repairs: z.array(z.looseObject({ kind: z.string(), at: z.string() })),
  unfinishedBytes: z.int(),
  durationMs: z.number(),
});
export type EvidenceProof = z.output<typeof evidenceProofSchema>;

const outcomeCounts = {
  calls: z.int(),
  done: z.int(),
  refused: z.int(),
  failed: z.int(),
  unknown: z.int(),
};

export const evidenceStatisticsSchema = z.strictObject({
  total: z.strictObject(outcomeCounts),
  /** Those with most calls first. Times are about right: upper bounds of steps of 41 %. */
  connectors: z.array(
    z.strictObject({
      connector: z.string(),
      ...outcomeCounts,
      bytesOut: z.number(),
      bytesIn: z.number(),
      medianMs: z.number().nullable(),
      slowMs: z.number().nullable(),
    }),
  ),
  /** Days of UTC that have calls, in order. */
  days: z.array(z.strictObject({ day: z.string(), ...outcomeCounts })),
  callers: z.array(z.strictObject({ caller: z.string(), calls: z.int() })),
  codes: z.array(z.strictObject({ code: z.string(), calls: z.int() })),
});
export type EvidenceStatistics = z.output<typeof evidenceStatisticsSchema>;

/** How much evidence there is, or of a part of it. */
export const evidencePartSchema = z.strictObject({
  files: z.int(),
  bytes: z.int(),
  /** Day of UTC with which the oldest file begins; `null` when there is none. */
  firstDay: z.string().nullable(),
  /** Day of UTC with which the newest file begins. */
  lastDay: z.string().nullable(),
});

export type EvidencePart = z.output<typeof evidencePartSchema>;

/** How much evidence there is and for how long it is kept. */
export const evidenceExtentSchema = evidencePartSchema.extend({ keepDays: z.int() });
export type EvidenceExtent = z.output<typeof evidenceExtentSchema>;

export const evidenceEndpoints = defineEndpoints({
  list: {
    method: "GET",
    path: "/api/evidence",
    summary: "List calls to the outside, newest first",
    query: z.strictObject({
      ...filters,
      before: pageCursorSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    reply: z.strictObject({
      items: z.array(evidenceViewSchema),
      /** May be set although the page is short: the search goes on there. */
      next: z.string().nullable(),
      /** Calls that have left and not ended yet, oldest first; only with the first page. */
      underWay: z.array(evidenceIntentSchema),
      /** How many rows were looked at for the page, and back to when; `null` for all there are. */
      searched: z.strictObject({ rows: z.int(), to: z.iso.datetime().nullable() }),
    }),
    audit: "none",
  },
  verify: {
    method: "GET",
    path: "/api/evidence/verify",
    summary: "Prove the chain of evidence or name its first broken line",
    reply: evidenceProofSchema,
    audit: "none",
  },
  statistics: {
    method: "GET",
    path: "/api/evidence/statistics",
    summary: "Count calls to the outside by connector, day, caller and reason",
    query: z.strictObject({ from: filters.from, to: filters.to }),
    reply: evidenceStatisticsSchema,
    audit: "none",
  },
  extent: {
    method: "GET",
    path: "/api/evidence/extent",
    summary: "Say how much evidence there is and for how long it is kept",
    reply: evidenceExtentSchema,
    audit: "none",
  },
  removal: {
    method: "GET",
    path: "/api/evidence/removal",
    summary: "Say what of the evidence would be removed if it were kept for so many days",
    query: z.strictObject({ keepDays: z.coerce.number().pipe(evidenceKeepDaysSchema) }),
    reply: evidencePartSchema,
    audit: "none",
  },
  chain: {
    method: "GET",
    path: "/api/evidence/chain",
    summary: "Download the whole chain of evidence as it is stored, to be proved elsewhere",
    reply: { raw: "application/x-ndjson" },
    audit: "read",
  },
  export: {
    method: "GET",
    path: "/api/evidence/export",
    summary: "Download calls to the outside as JSON lines, newest first",
    query: evidenceFilterSchema,
    reply: { raw: "application/x-ndjson" },
    audit: "read",
  },
  get: {
    method: "GET",
    path: "/api/evidence/:id",
    summary: "Show one call to the outside",
    params: z.strictObject({ id: evidenceIdSchema }),
    reply: evidenceViewSchema,
    audit: "none",
  },
});

/** Calls that leave, and calls that have ended. */
export const evidenceFeed = defineFeed("evidence", {
  snapshot: z.strictObject({ underWay: z.array(evidenceIntentSchema) }),
  event: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("begun"), call: evidenceIntentSchema }),
    z.strictObject({
      kind: z.literal("ended"),
      call: evidenceRecordSchema.pick({
        id: true,
        at: true,
        correlationId: true,
        caller: true,
        connector: true,
        operation: true,
        effect: true,
        isDryRun: true,
        outcome: true,
        code: true,
        durationMs: true,
      }),
    }),
  ]),
});

import { randomUUID } from "node:crypto";

import { z } from "zod";

import {
  type Occurrence,
  occurrenceSchema,
  type OccurrenceState,
} from "../../../contract/features/automation-occurrences.ts";
import { recentOutcomeSchema } from "../../../contract/features/automations.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";

/**
 * One line of the ledger. `claim` is on disk before anything is started, `start` before a queued run starts, `finish` holds the
 * whole row. A claim without a finish is a run whose end nobody saw.
 */
export const ledgerEntrySchema = z.strictObject({
  type: z.enum(["claim", "start", "finish"]),
  /** Counts the lines; clocks may jump, this does not. */
  number: z.int().min(1),
  row: occurrenceSchema,
});
export type LedgerEntry = z.output<typeof ledgerEntrySchema>;

/** What is known of each automation at one line of the ledger, so that a start need not read the whole of it. */
export const checkpointSchema = z.strictObject({
  number: z.int().min(0),
  /** Claimed and not finished. */
  open: z.array(occurrenceSchema),
  automations: z.record(
    z.string(),
    z.strictObject({
      /** Fingerprint of the schedule the times belong to. */
      schedule: z.string(),
      lastDue: z.iso.datetime().nullable(),
      nextDue: z.iso.datetime().nullable(),
      recent: z.array(recentOutcomeSchema).max(10),
    }),
  ),
});
export type Checkpoint = z.output<typeof checkpointSchema>;
export type RecentOutcome = z.output<typeof recentOutcomeSchema>;

/** Checkpoint of a new installation. */
export const emptyCheckpoint: Checkpoint = { number: 0, open: [], automations: {} };

const keptRecent = 10;
const keptRows = 2_000;
const replayPage = 200;
const maxReplay = 100_000;
/** After a clock set back, newer lines may lie behind older ones; so many older ones in a row end the search. */
const olderInARow = 200;

export interface OccurrenceQuery {
  automation?: string | undefined;
  state?: OccurrenceState | undefined;
  trigger?: Occurrence["trigger"] | undefined;
  before?: string | undefined;
  limit: number;
  /** Nothing is looked for behind rows that ended before. */
  since?: string | undefined;
}

/** The record of every due time. */
export interface OccurrenceLedger {
  /** Reads the checkpoint and what was written after it. */
  load(): Promise<void>;
  /** On disk when it resolves; only then may the action start. */
  claim(row: Occurrence): Promise<void>;
  started(row: Occurrence): Promise<void>;
  finish(row: Occurrence): Promise<void>;
  open(): Occurrence[];
  /** Those of one automation, oldest first. */
  openOf(automationId: string): Occurrence[];
  recent(automationId: string): RecentOutcome[];
  /** Due time handled last, in milliseconds. */
  lastDue(automationId: string): number | null;
  find(id: string): Promise<Occurrence | null>;
  /** Those of them that are known, read in one go. */
  findAll(ids: ReadonlySet<string>): Promise<Map<string, Occurrence>>;
  page(query: OccurrenceQuery): Promise<{ items: Occurrence[]; next: string | null }>;
  /** Writes the checkpoint; `next` and `fingerprint` tell what the scheduler knows. */
  checkpoint(known: { id: string; schedule: string; nextDue: number | null }[]): Promise<void>;
  /** Fingerprint of the schedule at the last checkpoint, when there was one. */
  fingerprint(automationId: string): string | null;
  isDirty(): boolean;
  prune(keepDays: number): Promise<void>;
}

/** A new id of an occurrence; sorts by time. */
export function newOccurrenceId(now: number): string {
  return `oc-${Math.max(0, now).toString(36).padStart(9, "0")}${randomUUID().slice(0, 8)}`;
}

interface LedgerOptions {
  log: JsonLog<LedgerEntry>;
  store: JsonStore<Checkpoint>;
  logger: Logger;
}

/** The ledger over its log and its checkpoint file. */
export function createOccurrenceLedger({ log, store, logger }: LedgerOptions): OccurrenceLedger {
  const open = new Map<string, Occurrence>();
  const openIds = new Map<string, Set<string>>();
  const rows = new Map<string, Occurrence>();
  const recent = new Map<string, RecentOutcome[]>();
  const lastDue = new Map<string, number>();
  let number = 0;
  let writtenNumber = 0;
  const unwritten = new Set<number>();

  function setOpen(row: Occurrence): void {
    open.set(row.id, row);
    const ids = openIds.get(row.automationId);
    if (ids) ids.add(row.id);
    else openIds.set(row.automationId, new Set([row.id]));
  }

  function setEnded(row: Occurrence): void {
    open.delete(row.id);
    const ids = openIds.get(row.automationId);
    ids?.delete(row.id);
    if (ids?.size === 0) openIds.delete(row.automationId);
  }

  function remember({ type, row }: Pick<LedgerEntry, "type" | "row">): void {
    if (row.trigger === "schedule" && type !== "start") {
      const due = Date.parse(row.dueUntil ?? row.due);
      // a finish may come after later claims: only a row that was never claimed moves the time by its end
      if (type === "claim" || (!open.has(row.id) && row.startedAt === null)) lastDue.set(row.automationId, due);
    }
    if (type !== "finish") {
      setOpen(row);
      return;
    }
    setEnded(row);
    rows.set(row.id, row);
    if (rows.size > keptRows) rows.delete(rows.keys().next().value ?? "");
    const outcomes = recent.get(row.automationId) ?? [];
    const outcome = { id: row.id, due: row.due, state: row.state };
    recent.set(row.automationId, [outcome, ...outcomes.filter(({ id }) => id !== row.id)].slice(0, keptRecent));
  }

  async function write(type: LedgerEntry["type"], row: Occurrence): Promise<void> {
    number += 1;
    const own = number;
    unwritten.add(own);
    try {
      await log.append({ type, number: own, row });
      remember({ type, row });
    } finally {
      unwritten.delete(own);
    }
  }

  /** Every line up to this one is on disk and remembered. */
  function settledNumber(): number {
    const [first] = unwritten; // a set keeps the order of adding
    return first === undefined ? number : first - 1;
  }

  async function replay(after: number): Promise<void> {
    const found: LedgerEntry[] = [];
    let before: string | undefined;
    let older = 0;
    for (let read = 0; read < maxReplay && older < olderInARow; read += replayPage) {
      const page = await log.page({ limit: replayPage, ...(before === undefined ? {} : { before }) });
      for (const entry of page.items) {
        older = entry.number <= after ? older + 1 : 0;
        if (entry.number > after) found.push(entry);
      }
      if (page.next === null) break;
      before = page.next;
    }
    found.sort((a, b) => a.number - b.number);
    for (const entry of found) remember(entry);
    number = Math.max(after, found.at(-1)?.number ?? 0);
    if (found.length > 0) logger.info("Ledger lines read after the checkpoint", { lines: found.length });
  }

  return {
    async load() {
      const checkpoint = store.get();
      for (const row of checkpoint.open) setOpen(row);
      for (const [id, known] of Object.entries(checkpoint.automations)) {
        recent.set(id, known.recent);
        if (known.lastDue !== null) lastDue.set(id, Date.parse(known.lastDue));
      }
      writtenNumber = checkpoint.number;
      await replay(checkpoint.number);
    },
    claim: (row) => write("claim", row),
    started: (row) => write("start", row),
    finish: (row) => write("finish", row),
    open: () => [...open.values()],
    openOf: (automationId) => [...(openIds.get(automationId) ?? [])].flatMap((id) => open.get(id) ?? []),
    recent: (automationId) => recent.get(automationId) ?? [],
    lastDue: (automationId) => lastDue.get(automationId) ?? null,
    fingerprint: (automationId) => store.get().automations[automationId]?.schedule ?? null,
    isDirty: () => number !== writtenNumber,
    async find(id) {
      const known = open.get(id) ?? rows.get(id);
      if (known) return known;
      const match = (entry: LedgerEntry): boolean => entry.type === "finish" && entry.row.id === id;
      const page = await log.page({ limit: 1, match, maxScan: maxReplay });
      return page.items[0]?.row ?? null;
    },
    findAll: (ids) => findRows(log, (id) => open.get(id) ?? rows.get(id), ids),
    page: (query) => pageOf(log, [...open.values()], query),
    async checkpoint(known) {
      const at = settledNumber();
      const automations: Checkpoint["automations"] = {};
      for (const { id, schedule, nextDue } of known) {
        const due = lastDue.get(id);
        automations[id] = {
          schedule,
          lastDue: due === undefined ? null : new Date(due).toISOString(),
          nextDue: nextDue === null ? null : new Date(nextDue).toISOString(),
          recent: recent.get(id) ?? [],
        };
      }
      const next = { number: at, open: [...open.values()], automations };
      await store.update(() => ({ next, result: null }));
      writtenNumber = at;
    },
    prune: (keepDays) => log.prune(keepDays),
  };
}

async function findRows(
  log: JsonLog<LedgerEntry>,
  known: (id: string) => Occurrence | undefined,
  ids: ReadonlySet<string>,
): Promise<Map<string, Occurrence>> {
  const found = new Map<string, Occurrence>();
  for (const id of ids) {
    const row = known(id);
    if (row) found.set(id, row);
  }
  const missing = ids.size - found.size;
  if (missing === 0) return found;
  const match = (entry: LedgerEntry): boolean =>
    entry.type === "finish" && ids.has(entry.row.id) && !found.has(entry.row.id);
  const page = await log.page({ limit: missing, match, maxScan: maxReplay });
  for (const { row } of page.items) found.set(row.id, row);
  return found;
}

async function pageOf(log: JsonLog<LedgerEntry>, open: Occurrence[], query: OccurrenceQuery) {
  const { automation, state, trigger, before, limit, since = "" } = query;
  const ends: string[] = [];
  const fits = (row: Occurrence): boolean =>
    (automation === undefined || row.automationId === automation) &&
    (state === undefined || row.state === state) &&
    (trigger === undefined || row.trigger === trigger);
  const page = await log.page({
    limit,
    match(entry) {
      if (entry.type !== "finish") return false;
      ends.push(entry.row.endedAt ?? entry.row.due);
      return fits(entry.row);
    },
    ...(before === undefined ? {} : { before }),
  });
  const current = before === undefined ? open.filter(fits).toReversed() : [];
  return {
    items: [...current, ...page.items.map(({ row }) => row)],
    next: ends.some((end) => end < since) ? null : page.next,
  };
}

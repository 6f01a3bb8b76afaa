import { z } from "zod";

import { eventSchema, type EventName, type PortosEvent } from "../../../contract/features/events.ts";
import type { OpenJsonLog } from "../../../lib/json-log.ts";
import type { IndexEntry } from "../../../lib/json-log-index.ts";

/** A row: something happened, or what happened reached an automation it was meant for. */
export const eventRowSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("event"), event: eventSchema }),
  z.strictObject({
    kind: z.literal("handed"),
    at: z.iso.datetime(),
    id: eventSchema.shape.id,
    automationId: z.string(),
  }),
]);
export type EventRow = z.output<typeof eventRowSchema>;

/** What events are found by without reading them. */
export function indexEvent(row: EventRow): IndexEntry {
  if (row.kind === "handed") return { at: row.at, terms: [], ids: [], sums: {} };
  const { at, name, id } = row.event;
  return { at, terms: ["event", `name:${name}`], ids: [id], sums: {} };
}

/** Size at which the log begins another file. */
export const eventFileBytes = 2 * 1024 * 1024;
/** Recent events, and what became of those that were meant for somebody. */
export interface EventLog {
  /** Resolves when it would survive the end of the process, with `isDurable` when it is on disk. Answers the number of its file. */
  add(row: EventRow, isDurable: boolean): Promise<number>;
  page(query: {
    name?: EventName | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<{ items: PortosEvent[]; next: string | null }>;
  /** `null` when it is kept no longer. */
  read(id: string): Promise<PortosEvent | null>;
  /** Oldest first, each with the number of its file. */
  rows(): AsyncGenerator<{ row: EventRow; file: number }>;
  bytes(): Promise<number>;
  /** Removes the files before this one, never the newest. */
  removeBefore(file: number): Promise<void>;
  /** The first file within these days. */
  firstKept(keepDays: number): Promise<number>;
  /** Removes what is older than these days. */
  prune(keepDays: number): Promise<void>;
}

/** The log over its open files. */
export function createEventLog(log: OpenJsonLog<EventRow>): EventLog {
  return {
    async add(row, isDurable) {
      const rowId = await log.add(row, { isDurable });
      return fileOf(rowId);
    },
    async page({ name, before, limit }) {
      const page = await log.page({
        limit,
        ...(before === undefined ? {} : { before }),
        where: { terms: [[name === undefined ? "event" : `name:${name}`]] },
        match: (row) => row.kind === "event" && (name === undefined || row.event.name === name),
      });
      return {
        items: page.items.flatMap((row) => (row.kind === "event" ? [withoutRow(row.event)] : [])),
        next: page.next,
      };
    },
    async read(id) {
      const { items } = await log.page({
        limit: 1,
        where: { ids: [id] },
        match: (row) => row.kind === "event" && row.event.id === id,
      });
      const [row] = items;
      return row?.kind === "event" ? withoutRow(row.event) : null;
    },
    async *rows() {
      for await (const { rowId, ...row } of log.entries()) yield { row, file: fileOf(rowId) };
    },
    bytes: async () => (await log.extent()).bytes,
    removeBefore: (file) => log.removeBefore(`${file}:0`),
    firstKept: (keepDays) => log.firstKept(keepDays),
    prune: (keepDays) => log.prune(keepDays),
  };
}

function fileOf(rowId: string): number {
  return Number(rowId.split(":")[0]);
}

/** As the contract gives it. */
function withoutRow(event: PortosEvent): PortosEvent {
  const { id, name, at, data, causes, starts } = event;
  return { id, name, at, data, causes, starts };
}

import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import {
  incidentIdSchema,
  incidentSchema,
  type Incident,
  type IncidentDetail,
  type IncidentPage,
  type IncidentQuery,
} from "../contract/internal/autofixer.ts";
import { AppError } from "../lib/app-error.ts";
import type { Clock } from "../lib/clock.ts";
import { openJsonLog, type LogRow } from "../lib/json-log.ts";
import { openJsonStore } from "../lib/json-store.ts";
import type { Logger } from "../lib/logger.ts";
import type { RanWell } from "./code-changes.ts";

const bookSchema = z.strictObject({
  /** Unsettled incidents, newest first. */
  active: z.array(incidentSchema),
  /** Where the code of each process stood when it last ran well, by home and name. */
  ranWell: z.record(z.string(), z.strictObject({ commit: z.string(), at: z.iso.datetime() })),
  /** Processes the user dismissed while they lay dead: how often PM2 had restarted them then. */
  dismissed: z.record(z.string(), z.int()),
});

const keepDays = 90;
const maxRemembered = 500;
const keepSettled = 20;

/** Incidents on disk: unsettled ones in `state.json`, settled ones in a log of days, their last lines in files beside. */
export async function openIncidentBook(options: { directory: string; clock: Clock; logger: Logger }) {
  const { directory, clock, logger } = options;
  const linesDir = join(directory, "lines");
  await mkdir(linesDir, { recursive: true, mode: 0o700 });
  const store = await openJsonStore({
    file: join(directory, "state.json"),
    schema: bookSchema,
    initial: { active: [], ranWell: {}, dismissed: {} },
    version: 1,
    clock,
    logger,
  });
  const log = await openJsonLog({
    directory: join(directory, "settled"),
    schema: incidentSchema,
    clock,
    logger,
    dayOf: ({ closedAt, updatedAt }) => closedAt ?? updatedAt,
  });
  const settled: Incident[] = [];
  const linesFile = (id: string): string => join(linesDir, `${incidentIdSchema.parse(id)}.log`);
  const readLines = (id: string): Promise<string[]> =>
    readFile(linesFile(id), "utf8").then((text) => text.split("\n"), noLines);

  async function find(id: string): Promise<Incident> {
    const active = store.get().active.find((incident) => incident.id === id) ?? settled.find((one) => one.id === id);
    if (active) return active;
    const { items } = await log.page({ limit: 1, match: (incident) => incident.id === id, maxScan: 100_000 });
    if (!items[0]) throw new AppError("not_found", "There is no such incident");
    return withoutRow(items[0]);
  }

  return {
    active: (): Incident[] => store.get().active,
    settled: (): Incident[] => settled,
    ranWell: (key: string): RanWell | null => store.get().ranWell[key] ?? null,

    /** Adds an incident, or replaces the one of the same id. */
    async put(incident: Incident): Promise<void> {
      await store.update((book) => {
        const isKnown = book.active.some(({ id }) => id === incident.id);
        const active = isKnown
          ? book.active.map((one) => (one.id === incident.id ? incident : one))
          : [incident, ...book.active];
        return { next: { ...book, active }, result: undefined };
      });
    },

    /** Moves an incident to the history. It is in the history before it leaves the unsettled ones, never in neither. */
    async settle(incident: Incident): Promise<void> {
      await log.append(incident);
      settled.unshift(incident);
      settled.splice(keepSettled);
      await store.update((book) => ({
        next: { ...book, active: book.active.filter(({ id }) => id !== incident.id) },
        result: undefined,
      }));
    },

    dismissedAt: (key: string): number | null => store.get().dismissed[key] ?? null,

    async rememberRanWell(key: string, mark: RanWell): Promise<void> {
      await store.update((book) => ({
        next: { ...book, ranWell: remember(book.ranWell, key, mark) },
        result: undefined,
      }));
    },

    async rememberDismissed(key: string, restarts: number): Promise<void> {
      await store.update((book) => ({
        next: { ...book, dismissed: remember(book.dismissed, key, restarts) },
        result: undefined,
      }));
    },

    async saveLines(id: string, lines: readonly string[]): Promise<void> {
      await writeFile(linesFile(id), lines.join("\n"), { mode: 0o600 });
    },

    async detail(id: string): Promise<IncidentDetail> {
      return { ...(await find(id)), lines: await readLines(id) };
    },

    async page(query: IncidentQuery): Promise<IncidentPage> {
      const { active } = store.get();
      const isWanted = matcher(query);
      const first = query.before === undefined ? active.filter(isWanted) : [];
      const isSettled = (incident: Incident): boolean =>
        isWanted(incident) && !active.some(({ id }) => id === incident.id);
      const { items, next } = await log.page({
        limit: query.limit,
        match: isSettled,
        ...(query.before === undefined ? {} : { before: query.before }),
      });
      return { items: [...first, ...items.map(withoutRow)], next };
    },

    /** Drops what is older than 90 days. */
    async prune(): Promise<void> {
      await log.prune(keepDays);
      const oldest = clock.now() - keepDays * 86_400_000;
      const kept = new Set(store.get().active.map(({ id }) => `${id}.log`));
      for (const name of await readdir(linesDir)) {
        const file = join(linesDir, name);
        if (!kept.has(name) && (await stat(file)).mtimeMs < oldest) await rm(file, { force: true });
      }
    },

    async close(): Promise<void> {
      await store.close();
      await log.close();
    },
  };
}

export type IncidentBook = Awaited<ReturnType<typeof openIncidentBook>>;

/** A record with one more entry, the newest last, without the oldest when there are too many. */
function remember<T>(record: Record<string, T>, key: string, value: T): Record<string, T> {
  const others = Object.entries(record).filter(([name]) => name !== key);
  return Object.fromEntries([...others, [key, value] as const].slice(-maxRemembered));
}

function noLines(): string[] {
  return [];
}

function withoutRow(row: LogRow<Incident>): Incident {
  const { rowId: _rowId, ...incident } = row;
  return incident;
}

function matcher({ process, appId, status }: IncidentQuery): (incident: Incident) => boolean {
  return (incident) =>
    (process === undefined || incident.process.key === process) &&
    (appId === undefined || incident.process.appId === appId) &&
    (status === undefined || incident.status === status);
}

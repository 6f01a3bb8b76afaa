import { z } from "zod";

import {
  repairSchema,
  repairSettingsSchema,
  type Repair,
  type RepairSettings,
} from "../../../contract/features/repairs.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { isEnded } from "./repair-policy.ts";

const fileSchema = z.strictObject({
  settings: repairSettingsSchema,
  /** Every repair that goes on and the newest that have ended, newest first. */
  repairs: z.array(repairSchema),
});
export type RepairsFile = z.output<typeof fileSchema>;

/** How `data/repairs/state.json` is opened. */
export const repairsFile = {
  schema: fileSchema,
  initial: { settings: repairSettingsSchema.parse({}), repairs: [] } satisfies RepairsFile,
  version: 1,
};

export interface RepairFilter {
  incident?: string | undefined;
  app?: string | undefined;
  before?: string | undefined;
  limit: number;
}

/** Repairs on disk: those that go on and the newest in one file, older ones in a log of days. */
export interface RepairBook {
  settings(): RepairSettings;
  setSettings(change: (settings: RepairSettings) => RepairSettings): Promise<RepairSettings>;
  /** Those that go on and the newest that have ended, newest first. */
  recent(): readonly Repair[];
  find(id: string): Promise<Repair | null>;
  page(filter: RepairFilter): Promise<{ items: Repair[]; next: string | null }>;
  /** Adds a repair if `check` lets it: what it throws is thrown, and nothing is added. */
  add(repair: Repair, check: (repairs: readonly Repair[]) => void): Promise<void>;
  /** Resolves with the repair as it is on disk then; `null` when it is not among the recent ones. */
  change(id: string, make: (repair: Repair) => Repair): Promise<Repair | null>;
}

const keepEnded = 100;
/** Rows as they are told, without what the log adds to them. */
const rowSchema = repairSchema.strip();

export function createRepairBook(store: JsonStore<RepairsFile>, log: JsonLog<Repair>): RepairBook {
  const recent = (): readonly Repair[] => store.get().repairs;

  /** In the log before they leave the file: a stop in between leaves them in both, never in neither. */
  async function moveOld(): Promise<void> {
    const old = recent()
      .filter(({ state }) => isEnded(state))
      .slice(keepEnded);
    if (old.length === 0) return;
    for (const repair of old.toReversed()) await log.append(repair);
    const gone = new Set(old.map(({ id }) => id));
    await store.update((file) => ({
      next: { ...file, repairs: file.repairs.filter(({ id }) => !gone.has(id)) },
      result: undefined,
    }));
  }

  /** Of the log. With `after`, the repair the page before ended with has moved there meanwhile: those older than it. */
  async function older(
    { before, limit, ...filter }: RepairFilter,
    after: string | null,
  ): ReturnType<RepairBook["page"]> {
    const seen = new Set(recent().map(({ id }) => id));
    let isAfter = after === null;
    const page = await log.page({
      limit,
      ...(before === undefined ? {} : { before }),
      match: (repair) => {
        const isCounted = isAfter && isWanted(repair, filter) && !seen.has(repair.id);
        isAfter ||= repair.id === after;
        if (isCounted) seen.add(repair.id);
        return isCounted;
      },
    });
    return { items: page.items.map((row) => rowSchema.parse(row)), next: page.next };
  }

  /** Those of the file come first; the cursor within them is the id of the last one shown. */
  async function readPage(filter: RepairFilter): ReturnType<RepairBook["page"]> {
    const { before, ...rest } = filter;
    if (before?.includes(":")) return older(filter, null);
    const all = recent();
    const index = before === undefined ? -1 : all.findIndex(({ id }) => id === before);
    if (before !== undefined && index === -1) return older(rest, before);
    const wanted = all.slice(index + 1).filter((one) => isWanted(one, filter));
    const items = wanted.slice(0, filter.limit);
    const last = items.at(-1);
    if (last && items.length === filter.limit) return { items, next: last.id };
    const more = await older({ ...rest, limit: filter.limit - items.length }, null);
    return { items: [...items, ...more.items], next: more.next };
  }

  return {
    settings: () => store.get().settings,
    setSettings: (change) =>
      store.update((file) => {
        const settings = change(file.settings);
        return { next: { ...file, settings }, result: settings };
      }),
    recent,
    async find(id) {
      const known = recent().find((one) => one.id === id);
      if (known) return known;
      const { items } = await log.page({ limit: 1, match: (one) => one.id === id, maxScan: 100_000 });
      return items[0] === undefined ? null : rowSchema.parse(items[0]);
    },
    page: readPage,
    async add(repair, check) {
      await store.update((file) => {
        check(file.repairs);
        return { next: { ...file, repairs: [repair, ...file.repairs] }, result: undefined };
      });
      await moveOld();
    },
    change: (id, make) =>
      store.update((file) => {
        const found = file.repairs.find((one) => one.id === id);
        if (!found) return { next: file, result: null };
        const next = make(found);
        return { next: { ...file, repairs: file.repairs.map((one) => (one === found ? next : one)) }, result: next };
      }),
  };
}

function isWanted({ incidentId, appId }: Repair, { incident, app }: Pick<RepairFilter, "incident" | "app">): boolean {
  return (incident === undefined || incidentId === incident) && (app === undefined || appId === app);
}

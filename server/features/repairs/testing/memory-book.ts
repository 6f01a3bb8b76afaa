import type { Repair } from "../../../../contract/features/repairs.ts";
import type { JsonLog } from "../../../../lib/json-log.ts";
import type { JsonStore } from "../../../../lib/json-store.ts";
import { createRepairBook, repairsFile, type RepairBook, type RepairsFile } from "../repair-book.ts";

/** What a disk keeps while processes come and go. */
export interface MemoryDisk {
  file: RepairsFile;
  log: Repair[];
}

export function newDisk(settings: Partial<RepairsFile["settings"]> = {}): MemoryDisk {
  const { initial } = repairsFile;
  return { file: { ...initial, settings: { ...initial.settings, ...settings } }, log: [] };
}

/** A book of repairs in memory that checks what is written like the real one. `gate` may hold a write up for ever. */
export function openMemoryBook(
  disk: MemoryDisk,
  gate: (write: () => void) => Promise<void> = (write) => Promise.resolve(write()),
): RepairBook {
  const store: JsonStore<RepairsFile> = {
    get: () => disk.file,
    async update(change) {
      let result: ReturnType<typeof change>["result"] | undefined;
      await gate(() => {
        const made = change(disk.file);
        disk.file = repairsFile.schema.parse(made.next);
        result = made.result;
      });
      return result as ReturnType<typeof change>["result"];
    },
    subscribe: () => () => undefined,
    problems: () => [],
    close: () => Promise.resolve(),
  };
  const log: JsonLog<Repair> = {
    append: (entry) => {
      disk.log.unshift(entry);
      return Promise.resolve();
    },
    page: ({ limit, match = () => true }) =>
      Promise.resolve({
        items: disk.log
          .filter(match)
          .slice(0, limit)
          .map((entry, index) => ({ ...entry, rowId: `0:${String(index)}` })),
        next: null,
        scanned: disk.log.length,
      }),
    prune: () => Promise.resolve(),
    problems: () => [],
    close: () => Promise.resolve(),
  };
  return createRepairBook(store, log);
}

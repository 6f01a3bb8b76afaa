import type { JsonLog } from "../../../../lib/json-log.ts";
import type { JsonStore } from "../../../../lib/json-store.ts";

/** A log in memory that can refuse to write. */
export interface MemoryLog<T> extends JsonLog<T> {
  entries: T[];
  setFull(isFull: boolean): void;
}

/** What the disk would hold: a second server may be started over it while the first is abandoned. */
export function createMemoryLog<T>(): MemoryLog<T> {
  const entries: T[] = [];
  let isFull = false;
  return {
    entries,
    setFull(value) {
      isFull = value;
    },
    async append(entry) {
      await Promise.resolve();
      if (isFull) throw new Error("no space");
      entries.push(structuredClone(entry));
    },
    page({ before, limit, match = () => true }) {
      const end = before === undefined ? entries.length : Number(before);
      const items: (T & { rowId: string })[] = [];
      let index = end - 1;
      for (; index >= 0 && items.length < limit; index -= 1) {
        const entry = entries[index];
        if (entry !== undefined && match(entry)) items.push({ ...entry, rowId: String(index) });
      }
      return Promise.resolve({ items, next: index >= 0 ? String(index + 1) : null, scanned: end - 1 - index });
    },
    prune: () => Promise.resolve(),
    problems: () => [],
    close: () => Promise.resolve(),
  };
}

/** A store in memory; `edit` stands for a change by hand. */
export function createMemoryStore<T>(initial: T): JsonStore<T> & { edit(value: T): void } {
  let value = initial;
  const listeners = new Set<(value: T) => void>();
  const put = (next: T): void => {
    value = structuredClone(next);
    for (const listener of listeners) listener(value);
  };
  return {
    get: () => value,
    async update(change) {
      await Promise.resolve();
      const { next, result } = change(value);
      if (next !== value) {
        value = next;
        for (const listener of listeners) listener(value);
      }
      return result;
    },
    edit: put,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    problems: () => [],
    close: () => Promise.resolve(),
  };
}

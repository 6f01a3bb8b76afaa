interface Entry {
  id: string;
  wakeAt: number;
  place: number;
}

/** Ids ordered by the time they want to be woken; every operation costs the logarithm of their number. */
export interface DueHeap {
  set(id: string, wakeAt: number): void;
  remove(id: string): void;
  /** Earliest wake time, `null` when empty. */
  first(): number | null;
  /** Removes and returns ids to be woken at or before `now`, earliest first, at most `limit`. */
  take(now: number, limit: number): string[];
  size(): number;
}

/** An empty heap. */
export function createDueHeap(): DueHeap {
  const heap: Entry[] = [];
  const entries = new Map<string, Entry>();

  function put(entry: Entry, place: number): void {
    heap[place] = entry;
    entry.place = place;
  }

  function settle(entry: Entry): void {
    let place = entry.place;
    for (;;) {
      const above = Math.floor((place - 1) / 2);
      const parent = place > 0 ? heap[above] : undefined;
      if (parent === undefined || parent.wakeAt <= entry.wakeAt) break;
      put(parent, place);
      place = above;
    }
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const child = right !== undefined && left !== undefined && right.wakeAt < left.wakeAt ? right : left;
      if (child === undefined || child.wakeAt >= entry.wakeAt) break;
      const below = child.place;
      put(child, place);
      place = below;
    }
    put(entry, place);
  }

  function remove(id: string): void {
    const entry = entries.get(id);
    if (!entry) return;
    entries.delete(id);
    const last = heap.pop();
    if (last === undefined || last === entry) return;
    last.place = entry.place;
    settle(last);
  }

  return {
    set(id, wakeAt) {
      const known = entries.get(id);
      const entry = known ?? { id, wakeAt, place: heap.length };
      entry.wakeAt = wakeAt;
      if (!known) {
        entries.set(id, entry);
        heap.push(entry);
      }
      settle(entry);
    },
    remove,
    first: () => heap[0]?.wakeAt ?? null,
    take(now, limit) {
      const taken: string[] = [];
      for (let top = heap[0]; top !== undefined && top.wakeAt <= now && taken.length < limit; top = heap[0]) {
        taken.push(top.id);
        remove(top.id);
      }
      return taken;
    },
    size: () => heap.length,
  };
}

import { lineDefaults } from "../../../contract/task-line.ts";
import type { TaskItem } from "./task-document.ts";
import type { FileEntry } from "./task-record.ts";

/** Which task each check box of a file stands for; `null` for one that was not there before. */
export function matchItems(items: readonly TaskItem[], entries: readonly FileEntry[]): (string | null)[] {
  const ids = items.map((): string | null => null);
  const left = new Map(entries.map((entry) => [entry.id, entry]));

  function take(index: number, id: string): void {
    ids[index] = id;
    left.delete(id);
  }

  // By id. A line that was copied has the id of another one: the one that did not change is the original.
  for (const isExact of [true, false])
    for (const [index, item] of items.entries()) {
      if (item.id === null || ids[index] !== null || ids.includes(item.id)) continue;
      const entry = left.get(item.id);
      if (!isExact || (entry && isSame(item, entry))) take(index, item.id);
    }
  const nameless = [...items.entries()].filter(([index]) => ids[index] === null);

  // By its words.
  for (const wordsOf of [
    ({ mark, title }: FileEntry | TaskItem) => `${mark} ${title}`,
    ({ title }: FileEntry | TaskItem) => title,
  ]) {
    const byWords = groupBy(left.values(), wordsOf);
    for (const [index, item] of nameless) {
      const entry = ids[index] === null ? byWords.get(wordsOf(item))?.shift() : undefined;
      if (entry) take(index, entry.id);
    }
  }

  // By its place, when its words were changed.
  const orderOf = new Map(entries.map(({ id }, index) => [id, index]));
  for (const [index, item] of nameless) {
    if (left.size === 0) break;
    if (ids[index] !== null) continue;
    const low = placeOf(
      ids.slice(0, index).findLast((id) => id !== null && orderOf.has(id)),
      orderOf,
      -1,
    );
    const high = placeOf(
      ids.slice(index + 1).find((id) => id !== null && orderOf.has(id)),
      orderOf,
      entries.length,
    );
    const entry = entries.slice(low + 1, high).find(({ id, title }) => left.has(id) && isSimilar(title, item.title));
    if (entry) take(index, entry.id);
  }
  return ids;
}

function groupBy<T>(values: Iterable<T>, keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group) group.push(value);
    else groups.set(keyOf(value), [value]);
  }
  return groups;
}

function placeOf(id: string | null | undefined, orderOf: ReadonlyMap<string, number>, otherwise: number): number {
  return (id === null || id === undefined ? undefined : orderOf.get(id)) ?? otherwise;
}

function isSame(item: TaskItem, entry: FileEntry): boolean {
  return (
    item.title === entry.title &&
    item.mark === entry.mark &&
    (item.type ?? lineDefaults.type) === entry.type &&
    (item.priority ?? lineDefaults.priority) === entry.priority &&
    item.appId === entry.appId &&
    item.prompt === entry.prompt &&
    JSON.stringify(item.values) === JSON.stringify(entry.values) &&
    item.instructions === entry.instructions
  );
}

/** Whether one text may have become the other: the beginning of it, or most pairs of letters in common. */
export function isSimilar(one: string, other: string): boolean {
  const [short, long] = [one.toLowerCase(), other.toLowerCase()].toSorted((a, b) => a.length - b.length);
  if (short === undefined || long === undefined || short === "") return false;
  if (long.startsWith(short)) return true;
  const pairs = pairsOf(short);
  const others = pairsOf(long);
  let shared = 0;
  for (const [pair, count] of pairs) shared += Math.min(count, others.get(pair) ?? 0);
  return (2 * shared) / (short.length + long.length - 2) >= 0.5;
}

function pairsOf(text: string): Map<string, number> {
  const pairs = new Map<string, number>();
  for (let index = 0; index + 1 < text.length; index += 1) {
    const pair = text.slice(index, index + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

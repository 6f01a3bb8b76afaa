import { matchItems } from "./match-items.ts";
import { itemsOf, parseDocument, type TaskItem } from "./task-document.ts";
import type { FileEntry } from "./task-record.ts";

/** A text of the file and what was agreed on with it. */
export interface FileVersion {
  text: string;
  /** For each check box the task it stands for. */
  ids: readonly (string | null)[];
  entries: readonly FileEntry[];
}

/** The texts the file had lately: an editor may save what it opened some changes ago. */
export interface FileVersions {
  newest(): FileVersion | undefined;
  add(version: FileVersion): void;
  /** The one a text was made from. */
  originOf(text: string): FileVersion | undefined;
}

const keptVersions = 20;

/** Remembers nothing yet. */
export function createFileVersions(): FileVersions {
  const versions: FileVersion[] = [];

  return {
    newest: () => versions.at(-1),
    add(version) {
      if (versions.at(-1)?.text === version.text) versions.pop();
      versions.push(version);
      if (versions.length > keptVersions) versions.shift();
    },
    originOf(text) {
      const newest = versions.at(-1);
      if (!newest || newest.text === text) return newest;
      const lines = countLines(text);
      const items = itemsOf(parseDocument(text));
      let best = newest;
      let least = Infinity;
      for (const version of versions.toReversed()) {
        if (version !== newest && !holdsMostOf(items, version)) continue;
        const distance = distanceOf(lines, countLines(version.text));
        if (distance >= least) continue;
        [best, least] = [version, distance];
      }
      // Exactly what it was once: somebody went back to it, unless ids are gone that only an old copy lacks.
      return least === 0 && !lacksIds(best, newest) ? newest : best;
    },
  };
}

/** Whether most tasks of a version stand in a text: else it was not made from it. */
function holdsMostOf(items: readonly TaskItem[], { entries }: FileVersion): boolean {
  const matched = new Set(matchItems(items, entries));
  return entries.length > 0 && entries.filter(({ id }) => matched.has(id)).length * 2 >= entries.length;
}

function lacksIds(older: FileVersion, newest: FileVersion): boolean {
  const named = new Set(newest.entries.filter(({ hasId }) => hasId).map(({ id }) => id));
  return older.entries.some(({ id, hasId }) => !hasId && named.has(id));
}

function countLines(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split(/\r\n|\n|\r/)) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

function distanceOf(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): number {
  let distance = 0;
  for (const [line, count] of one) distance += Math.max(0, count - (other.get(line) ?? 0));
  for (const [line, count] of other) distance += Math.max(0, count - (one.get(line) ?? 0));
  return distance;
}

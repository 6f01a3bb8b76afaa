import type { LogPage } from "../../../contract/features/logs.ts";
import { formatCursor, type Position } from "./cursor.ts";
import type { GzSpool } from "./gz-spool.ts";
import type { CatalogStream } from "./log-catalog.ts";
import type { LogFile } from "./log-file.ts";
import { newestPlaces, placesAfter } from "./log-places.ts";
import { positionAt, readBefore, type ReadOptions } from "./read-page.ts";
import { toLogPage } from "./to-log-page.ts";

/** Where a live tail of one stream begins. */
export interface TailStart {
  file: LogFile;
  offset: number;
  check: string;
}

/** What a viewer sees first, and where its tails go on, by stream id. */
export interface ViewStart {
  page: LogPage;
  starts: Map<string, TailStart>;
}

/** The last `tail` lines; the tails begin exactly after them. */
export async function firstScreen(
  streams: CatalogStream[],
  tail: number,
  read: Pick<ReadOptions, "matcher" | "budgetMs" | "spool" | "redact">,
): Promise<ViewStart> {
  const { places } = await newestPlaces(streams);
  // One line is read even when none is wanted: only reading tells where the last whole line ends.
  const page = await readBefore({ ...read, places, limit: Math.max(1, tail) });
  const files = new Map(places.map(({ stream, files: found }) => [stream.id, found]));
  const starts = new Map<string, TailStart>();
  for (const { stream, file: id, offset, check } of page.starts) {
    const file = files.get(stream)?.find((candidate) => candidate.id === id);
    if (file) starts.set(stream, { file, offset, check });
  }
  const lines = tail === 0 ? [] : page.lines;
  const before = tail === 0 ? formatCursor(page.starts) : formatCursor(page.positions);
  return {
    page: {
      ...toLogPage(streams, { ...page, lines }),
      before: page.isDone && tail > 0 ? null : before,
      after: formatCursor(page.starts),
      isAtEnd: true,
    },
    starts,
  };
}

/** No lines: the tails go on where the viewer was. Lost places are told and replaced by what is there now. */
export async function resumedScreen(streams: CatalogStream[], cursor: string, spool: GzSpool): Promise<ViewStart> {
  const { places, notices } = await placesAfter(streams, cursor, spool);
  const starts = new Map<string, TailStart>();
  const positions: Position[] = [];
  for (const { stream, files, from } of places) {
    const file = from && files[from.index];
    const position = file ? await positionAt(stream.id, { file, offset: from.offset }, spool) : null;
    if (!file || !position) continue;
    starts.set(stream.id, { file, offset: position.offset, check: position.check });
    positions.push(position);
  }
  const empty = { lines: [], isPartial: false };
  const after = formatCursor(positions);
  return { page: { ...toLogPage(streams, empty), after, isAtEnd: true, notices }, starts };
}

import type { LogNotice } from "../../../contract/features/logs.ts";
import { parseCursor, type Position } from "./cursor.ts";
import type { GzSpool } from "./gz-spool.ts";
import type { CatalogStream } from "./log-catalog.ts";
import { listLogFiles } from "./log-files.ts";
import { locate, openLog } from "./open-log.ts";
import type { StreamPlace } from "./read-page.ts";
import { seekTime } from "./seek-time.ts";
import { readRange } from "./log-file.ts";
import { lineEnd, maxLineBytes } from "./line-splitter.ts";
import { readLine } from "./log-text.ts";

/** Streams with the places they are to be read from, and what had to be said about lost places. */
export interface Places {
  places: StreamPlace[];
  notices: LogNotice[];
}

/** The newest end of every stream. */
export async function newestPlaces(streams: CatalogStream[]): Promise<Places> {
  const places = await Promise.all(streams.map(async (stream) => ({ stream, files: await listLogFiles(stream.path) })));
  return { places, notices: [] };
}

/** Places to read backwards from. A stream that is not named in the cursor has been read to its start already. */
export async function placesBefore(streams: CatalogStream[], cursor: string, spool: GzSpool): Promise<Places> {
  return fromCursor(streams, cursor, spool, (stream, position) =>
    position ? { place: null, notice: { stream: stream.id, kind: "vanished" } } : { place: null, notice: null },
  );
}

/** Places to read forwards from. A lost place becomes the start of the file that is there now, and is told. */
export async function placesAfter(streams: CatalogStream[], cursor: string, spool: GzSpool): Promise<Places> {
  return fromCursor(streams, cursor, spool, (stream, position, files) => {
    const last = files.length - 1;
    if (!position || last < 0) return { place: { stream, files }, notice: null };
    const isTruncated = files[0]?.id === position.file;
    return {
      place: { stream, files, from: { index: isTruncated ? 0 : last, offset: 0 } },
      notice: { stream: stream.id, kind: isTruncated ? "truncated" : "vanished" },
    };
  });
}

type Lost = (
  stream: CatalogStream,
  position: Position | undefined,
  files: StreamPlace["files"],
) => { place: StreamPlace | null; notice: LogNotice | null };

async function fromCursor(streams: CatalogStream[], cursor: string, spool: GzSpool, lost: Lost): Promise<Places> {
  const positions = new Map(parseCursor(cursor).map((position) => [position.stream, position]));
  const found = await Promise.all(
    streams.map(async (stream) => {
      const files = await listLogFiles(stream.path);
      const position = positions.get(stream.id);
      const index = position ? await locate(files, position, spool) : -1;
      if (!position || index < 0) return lost(stream, position, files);
      return { place: { stream, files, from: { index, offset: position.offset } }, notice: null };
    }),
  );
  return {
    places: found.flatMap(({ place }) => place ?? []),
    notices: found.flatMap(({ notice }) => notice ?? []),
  };
}

/** Places around one line: its own start, and in the other streams the place of the same time. `null` when it is gone. */
export async function placesAround(
  streams: CatalogStream[],
  line: { stream: string; file: string; offset: number },
  spool: GzSpool,
): Promise<Places | null> {
  const own = streams.find(({ id }) => id === line.stream);
  if (!own) return null;
  const files = await listLogFiles(own.path);
  const index = await locate(files, { file: line.file, offset: line.offset, check: "" }, spool);
  const file = files[index];
  if (!file) return null;
  const log = await openLog(file, spool);
  if (!log) return null;
  let time: number | null;
  try {
    const bytes = await readRange(log.handle, line.offset, line.offset + maxLineBytes);
    const end = lineEnd(bytes, line.offset, line.offset);
    time = readLine(bytes.toString("utf8", 0, Math.min(end < 0 ? bytes.length : end - line.offset, 1_000))).time;
  } finally {
    await log.close();
  }
  const places = await Promise.all(
    streams.map(async (stream): Promise<StreamPlace> => {
      if (stream === own) return { stream, files, from: { index, offset: line.offset } };
      const others = await listLogFiles(stream.path);
      const [newest] = others;
      const end = newest && { index: 0, offset: newest.sizeBytes };
      return { stream, files: others, from: (time === null ? null : await seekTime(others, time, spool)) ?? end };
    }),
  );
  return { places, notices: [] };
}

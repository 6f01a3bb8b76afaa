import type { Input, Reply } from "../../../contract/endpoint.ts";
import type { LogPage, logsEndpoints } from "../../../contract/features/logs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { formatCursor, parseLineId } from "./cursor.ts";
import type { GzSpool } from "./gz-spool.ts";
import { lineEnd, maxLineBytes } from "./line-splitter.ts";
import type { CatalogStream } from "./log-catalog.ts";
import { readRange } from "./log-file.ts";
import { listLogFiles } from "./log-files.ts";
import { newestPlaces, placesAfter, placesAround, placesBefore } from "./log-places.ts";
import { readLine } from "./log-text.ts";
import { locate, openLog } from "./open-log.ts";
import { readAfter, readBefore, type ReadOptions } from "./read-page.ts";
import { toLogPage } from "./to-log-page.ts";

type At = Input<(typeof logsEndpoints)["lines"]>["body"]["at"];

/** Lines before a place, after it, or around a line. Throws `not_found` when the line has been removed. */
export async function readLines(streams: CatalogStream[], at: At, read: Omit<ReadOptions, "places">): Promise<LogPage> {
  if ("around" in at) return linesAround(streams, at.around, read);
  if ("after" in at) {
    const { places, notices } = await placesAfter(streams, at.after, read.spool);
    const page = await readAfter({ ...read, places });
    const after = formatCursor(page.positions) ?? at.after;
    return { ...toLogPage(streams, page), after, isAtEnd: page.isDone, notices };
  }
  const { places, notices } =
    at.before === undefined ? await newestPlaces(streams) : await placesBefore(streams, at.before, read.spool);
  const page = await readBefore({ ...read, places });
  const isNewest = at.before === undefined;
  return {
    ...toLogPage(streams, page),
    before: page.isDone ? null : formatCursor(page.positions),
    after: isNewest ? formatCursor(page.starts) : (at.before ?? null),
    isAtEnd: isNewest,
    notices,
  };
}

async function linesAround(streams: CatalogStream[], id: string, read: Omit<ReadOptions, "places">): Promise<LogPage> {
  const around = await placesAround(streams, parseLineId(id), read.spool);
  if (!around) throw goneError();
  const half = Math.ceil(read.limit / 2);
  const older = await readBefore({ ...read, places: around.places, limit: half });
  const newer = await readAfter({ ...read, places: around.places, limit: half });
  const isPartial = older.isPartial || newer.isPartial;
  return {
    ...toLogPage(streams, { lines: [...older.lines, ...newer.lines], isPartial }),
    before: older.isDone ? null : formatCursor(older.positions),
    after: formatCursor(newer.positions),
    isAtEnd: newer.isDone,
  };
}

/** One line in full, up to the longest line there can be. */
export async function readWholeLine(
  streams: CatalogStream[],
  id: string,
  spool: GzSpool,
  redact: (text: string) => string,
): Promise<Reply<(typeof logsEndpoints)["line"]>> {
  const { stream: streamId, file: fileId, offset } = parseLineId(id);
  const stream = streams.find((candidate) => candidate.id === streamId);
  const files = stream ? await listLogFiles(stream.path) : [];
  const file = files[await locate(files, { file: fileId, offset, check: "" }, spool)];
  const log = file ? await openLog(file, spool) : null;
  if (!log) throw goneError();
  try {
    const bytes = await readRange(log.handle, offset, Math.min(log.sizeBytes, offset + maxLineBytes));
    const end = lineEnd(bytes, offset, offset);
    const line = bytes.subarray(0, end < 0 ? bytes.length : end - offset);
    const text = line.toString("utf8").replace(/\r?\n$/, "");
    return {
      text: redact(text.slice(readLine(text).prefixLength)),
      bytes: line.length,
      isCut: end >= 0 && line.at(-1) !== 10,
    };
  } finally {
    await log.close();
  }
}

function goneError(): AppError {
  return new AppError("not_found", "This line is not there any more", {
    hint: "Its file has been removed or emptied since the link was made.",
  });
}

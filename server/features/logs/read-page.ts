import type { LogLine, LogPage } from "../../../contract/features/logs.ts";
import { createBackwardReader, type BackwardReader } from "./backward-reader.ts";
import type { Position } from "./cursor.ts";
import { createForwardReader, type ForwardReader } from "./forward-reader.ts";
import type { GzSpool } from "./gz-spool.ts";
import type { LineMatcher } from "./line-matcher.ts";
import type { CatalogStream } from "./log-catalog.ts";
import { checkAt, type LogFile } from "./log-file.ts";
import { openLog } from "./open-log.ts";
import type { ParsedLine } from "./parse-lines.ts";

/** One stream to read, its files newest first, and where to start. */
export interface StreamPlace {
  stream: CatalogStream;
  files: LogFile[];
  from?: { index: number; offset: number } | undefined;
}

export interface ReadOptions {
  places: StreamPlace[];
  limit: number;
  matcher: LineMatcher | null;
  /** Time after which the page is given as it is. */
  budgetMs: number;
  blockSize?: number;
  spool: GzSpool;
  redact: (text: string) => string;
  signal?: AbortSignal | undefined;
  onProblem?: (file: LogFile, error: unknown) => void;
}

/** One line with where it comes from. */
export interface PlacedLine extends ParsedLine {
  streamId: string;
  fileId: string;
}

export interface Page {
  /** Oldest first. */
  lines: PlacedLine[];
  /** Per stream with anything left: where to go on. */
  positions: Position[];
  /** Reading backwards: where it began, the unfinished last line not counted. A live tail goes on from there. */
  starts: Position[];
  isDone: boolean;
  isPartial: boolean;
  scannedBytes: number;
  remainingBytes: number;
}

interface Pending {
  stream: CatalogStream;
  lines: { line: ParsedLine; file: LogFile }[];
  isDone: boolean;
}

/** The `limit` newest lines before the places, merged by time. */
export async function readBefore(options: ReadOptions): Promise<Page> {
  const sides = options.places.map((place) => ({
    pending: { stream: place.stream, lines: [], isDone: false } as Pending,
    reader: createBackwardReader({
      files: place.files,
      from: place.from,
      spool: options.spool,
      redact: options.redact,
      isWanted: options.matcher?.isWanted,
      ...(options.blockSize === undefined ? {} : { blockSize: options.blockSize }),
      ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
    }),
  }));
  try {
    const merged = await merge(sides, options, {
      add: (pending, lines) => pending.lines.unshift(...lines),
      newest: (a, b) => a.line.sortTime >= b.line.sortTime,
      peek: (pending) => pending.lines.at(-1),
      take: (pending) => pending.lines.pop(),
    });
    const positions = await Promise.all(
      sides.map(async ({ pending, reader }) => {
        const last = pending.lines.at(-1);
        const place = last ? { file: last.file, offset: last.line.offset + last.line.bytes } : reader.position();
        return place ? positionAt(pending.stream.id, place, options.spool) : null;
      }),
    );
    const starts = await Promise.all(
      sides.map(async ({ pending, reader }) => {
        const place = reader.startedAt();
        return place ? positionAt(pending.stream.id, place, options.spool) : null;
      }),
    );
    return {
      ...merged,
      lines: merged.lines.toReversed(),
      positions: positions.filter((position) => position !== null),
      starts: starts.filter((position) => position !== null),
      remainingBytes: sides.reduce((sum, { reader }) => sum + reader.remainingBytes(), 0),
    };
  } finally {
    await Promise.all(sides.map(({ reader }) => reader.close()));
  }
}

/** The `limit` oldest lines after the places, merged by time. Positions are given for every stream that has a file. */
export async function readAfter(options: ReadOptions): Promise<Page> {
  const sides = options.places.map((place) => ({
    pending: { stream: place.stream, lines: [], isDone: false } as Pending,
    reader: createForwardReader({ ...place, spool: options.spool, redact: options.redact }),
  }));
  try {
    const merged = await merge(sides, options, {
      add: (pending, lines) => pending.lines.push(...lines),
      newest: (a, b) => a.line.sortTime <= b.line.sortTime,
      peek: (pending) => pending.lines[0],
      take: (pending) => pending.lines.shift(),
    });
    const positions = await Promise.all(
      sides.map(async ({ pending, reader }) => {
        const [first] = pending.lines;
        const place = first ? { file: first.file, offset: first.line.offset } : reader.position();
        return place ? positionAt(pending.stream.id, place, options.spool) : null;
      }),
    );
    return { ...merged, positions: positions.filter((position) => position !== null), starts: [], remainingBytes: 0 };
  } finally {
    await Promise.all(sides.map(({ reader }) => reader.close()));
  }
}

interface Order {
  add(pending: Pending, lines: Pending["lines"]): void;
  /** True when `a` comes before `b` in reading direction. */
  newest(a: Pending["lines"][number], b: Pending["lines"][number]): boolean;
  peek(pending: Pending): Pending["lines"][number] | undefined;
  take(pending: Pending): Pending["lines"][number] | undefined;
}

async function merge(
  sides: { pending: Pending; reader: BackwardReader | ForwardReader }[],
  { limit, matcher, budgetMs, signal }: ReadOptions,
  order: Order,
): Promise<Pick<Page, "lines" | "isDone" | "isPartial" | "scannedBytes">> {
  const deadline = performance.now() + budgetMs;
  const lines: PlacedLine[] = [];
  let scannedBytes = 0;
  let isPartial = false;
  const isOver = (): boolean => performance.now() > deadline || signal?.aborted === true;

  /** Fills a stream's pending lines; false when time ran out first. */
  async function fill({ pending, reader }: (typeof sides)[number]): Promise<boolean> {
    while (!order.peek(pending) && !pending.isDone) {
      const block = await reader.next();
      if (!block) {
        pending.isDone = true;
        return true;
      }
      scannedBytes += block.scannedBytes;
      const wanted = matcher ? block.lines.filter((line) => matcher.matches(line)) : block.lines;
      order.add(
        pending,
        wanted.map((line) => ({ line, file: block.file })),
      );
      if (isOver() && !order.peek(pending)) return false;
    }
    return true;
  }

  while (lines.length < limit) {
    const filled = await Promise.all(sides.map(fill));
    if (filled.includes(false)) {
      isPartial = true;
      break;
    }
    const ready = sides.filter(({ pending }) => order.peek(pending));
    const first = ready.reduce<(typeof sides)[number] | null>((best, side) => {
      const mine = order.peek(side.pending);
      const theirs = best && order.peek(best.pending);
      return !theirs || (mine && order.newest(mine, theirs) && mine.line.sortTime !== theirs.line.sortTime)
        ? side
        : best;
    }, null);
    const taken = first && order.take(first.pending);
    if (!taken) break;
    lines.push({ ...taken.line, streamId: first.pending.stream.id, fileId: taken.file.id });
  }
  const isDone = sides.every(({ pending }) => pending.isDone && !order.peek(pending));
  return { lines, isDone, isPartial, scannedBytes };
}

/** A place with the check of the bytes before it; `null` when its file has gone meanwhile. */
export async function positionAt(
  stream: string,
  place: { file: LogFile; offset: number },
  spool: GzSpool,
): Promise<Position | null> {
  const log = await openLog(place.file, spool);
  if (!log) return null;
  try {
    return { stream, file: place.file.id, offset: place.offset, check: await checkAt(log.handle, place.offset) };
  } finally {
    await log.close();
  }
}

/** The wire form of lines: file ids are written once, in a list beside them. */
export function toBatch(lines: PlacedLine[]): Pick<LogPage, "files" | "lines"> {
  const files: LogPage["files"] = [];
  const indexes = new Map<string, number>();
  const wire = lines.map((line) => {
    const key = `${line.streamId}:${line.fileId}`;
    let file = indexes.get(key);
    if (file === undefined) {
      file = files.push({ stream: line.streamId, file: line.fileId }) - 1;
      indexes.set(key, file);
    }
    return toWire(line, file);
  });
  return { files, lines: wire };
}

function toWire(line: ParsedLine, file: number): LogLine {
  const { offset, bytes, time, level, text } = line;
  return {
    file,
    offset,
    bytes,
    time,
    level,
    text,
    ...(line.isContinuation ? { isContinuation: true as const } : {}),
    ...(line.isOpen ? { isOpen: true as const } : {}),
    ...(line.cutBytes > 0 ? { cutBytes: line.cutBytes } : {}),
  };
}

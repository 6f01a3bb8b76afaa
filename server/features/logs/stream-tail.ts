import type { LogNotice } from "../../../contract/features/logs.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Position } from "./cursor.ts";
import type { GzSpool } from "./gz-spool.ts";
import type { CatalogStream } from "./log-catalog.ts";
import type { LogFile } from "./log-file.ts";
import { currentFile, listLogFiles } from "./log-files.ts";
import { locate, openLog, type OpenLog } from "./open-log.ts";
import { nothingInherited, parseLines, type ParsedLine } from "./parse-lines.ts";
import { movedBy, readFrom, skipAhead, startOf, type TailPlace } from "./tail-place.ts";

/** What one look at the end of a stream gave. */
export interface TailRead {
  file: LogFile | null;
  lines: ParsedLine[];
  notices: LogNotice[];
  /** More can be read at once. */
  hasMore: boolean;
  /** Look again after this time even without a sign of change. */
  againInMs: number | null;
}

/** Follows one stream through growth, rotation and truncation: every line once and in order. */
export interface StreamTail {
  read(): Promise<TailRead>;
  /** After the last whole line read; `null` while the stream has no file. */
  position(): Position | null;
  close(): Promise<void>;
}

export interface StreamTailOptions {
  stream: CatalogStream;
  spool: GzSpool;
  redact: (text: string) => string;
  clock: Clock;
  /** Where to start; the start of the file that appears when left out. */
  from?: Pick<TailPlace, "file" | "offset" | "check"> | undefined;
  /** A reader this far behind is moved near the end and told so. */
  maxLagBytes?: number;
}

/** After a rename the writer may still hold the old file for a moment. */
const rotationGraceMs = 300;
/** A file renamed longer ago than this is not written any more. */
const settledMs = 10_000;
/** An unfinished line is shown when it has not been finished for this long. */
const openLineMs = 150;

/** A tail from the given place. It holds its file open, so that a renamed or deleted file is read to its end. */
export function createStreamTail(options: StreamTailOptions): StreamTail {
  const { stream, spool, redact, clock, from, maxLagBytes = 32 * 1024 * 1024 } = options;
  let log: OpenLog | null = null;
  let place: TailPlace | null = from ? { ...from, inherited: nothingInherited } : null;
  let rest = { bytes: 0, since: 0, shown: 0 };
  /** Since when the file is known to have ended, and the id of what follows it. */
  let ended: { since: number; next: string | undefined } | null = null;
  let isMissing = from === undefined;

  async function enter(notices: LogNotice[]): Promise<TailPlace | null> {
    if (log && place) return place;
    if (!place) {
      const live = await currentFile(stream.path);
      place = live && startOf(live);
    }
    log = place && (await openPlace(place, notices));
    if (log && isMissing) notices.push({ stream: stream.id, kind: "appeared" });
    if (log) isMissing = false;
    return place;
  }

  /** Opens the file of a place, also when it has been renamed since; without it the tail waits for the next file. */
  async function openPlace(at: TailPlace, notices: LogNotice[]): Promise<OpenLog | null> {
    const opened = await openLog(at.file, spool);
    if (opened) return opened;
    const files = await listLogFiles(stream.path);
    const file = files[await locate(files, { ...at, file: at.file.id }, spool)];
    place = file ? { ...at, file } : null;
    if (!file && !isMissing) notices.push({ stream: stream.id, kind: "vanished" });
    isMissing ||= !file;
    return file ? openLog(file, spool) : null;
  }

  /** The file that took the place of the one that has ended, if there is one; and whether the old one is done with. */
  async function whatFollows(
    current: OpenLog,
    endOffset: number,
  ): Promise<{ next: LogFile | undefined; isGone: boolean; isSettled: boolean }> {
    const files = await listLogFiles(stream.path);
    const here = files.findIndex(({ id }) => id === current.file.id);
    const old = files[here];
    const isRead = old !== undefined && (old.isCompressed || old.sizeBytes === endOffset);
    return {
      next: old ? files[here - 1] : files.find(({ isRotated }) => !isRotated),
      isGone: !old,
      isSettled: isRead && old.isRotated && clock.now() - old.modifiedMs > settledMs,
    };
  }

  function forgetRest(): void {
    rest = { bytes: 0, since: 0, shown: 0 };
    ended = null;
  }

  /** The unfinished last line, when it has stood still for a moment and has not been shown as it is. */
  function openLine(bytes: Buffer, at: TailPlace, now: number): Pick<TailRead, "lines" | "againInMs"> {
    if (bytes.length === 0 || rest.shown === bytes.length) return { lines: [], againInMs: null };
    if (now - rest.since < openLineMs) return { lines: [], againInMs: openLineMs };
    rest.shown = bytes.length;
    const { lines } = parseLines(bytes, at.offset, { redact, inherited: at.inherited, takesRest: "open" });
    return { lines, againInMs: null };
  }

  async function atEnd(current: OpenLog, at: TailPlace, bytes: Buffer, notices: LogNotice[]): Promise<TailRead> {
    const now = clock.monotonic();
    const idle: TailRead = { file: current.file, lines: [], notices, hasMore: false, againInMs: null };
    if (bytes.length !== rest.bytes) {
      rest = { bytes: bytes.length, since: now, shown: rest.shown };
      ended = null;
    }
    const live = await currentFile(stream.path);
    if (live?.id === current.file.id) {
      ended = null;
      return { ...idle, ...openLine(bytes, at, now) };
    }
    const { next, isGone, isSettled } = await whatFollows(current, at.offset + bytes.length);
    // Whoever sees a successor for the first time reads on once more: the old file may have grown until just before.
    if (!ended || ended.next !== next?.id) ended = { since: now, next: next?.id };
    if (!isSettled && now - ended.since < rotationGraceMs) return { ...idle, againInMs: rotationGraceMs / 3 };
    if (next) {
      await current.close();
      log = null;
      place = startOf(next);
      forgetRest();
      isMissing = false;
      notices.push({ stream: stream.id, kind: "rotated" });
      const { lines } = parseLines(bytes, at.offset, { redact, inherited: at.inherited, takesRest: "closed" });
      return { ...idle, lines, hasMore: true };
    }
    // Whoever writes may still hold the file, so it stays open until a new one appears.
    if (isGone && !isMissing) notices.push({ stream: stream.id, kind: "vanished" });
    isMissing ||= isGone;
    return { ...idle, ...openLine(bytes, at, now) };
  }

  return {
    async read() {
      const notices: LogNotice[] = [];
      let at = await enter(notices);
      const current = log;
      if (!current || !at) return { file: null, lines: [], notices, hasMore: false, againInMs: null };
      const { size } = await current.handle.stat();
      if (size - at.offset > maxLagBytes) {
        const skipped = await skipAhead(stream.id, current, at, size);
        notices.push(skipped.notice);
        at = skipped.place;
      }
      let bytes = await readFrom(current, at, size);
      if (!bytes) {
        notices.push({ stream: stream.id, kind: "truncated" });
        at = startOf(current.file);
        forgetRest();
        bytes = (await readFrom(current, at, size)) ?? Buffer.alloc(0);
      }
      place = at;
      const parsed = parseLines(bytes, at.offset, { redact, inherited: at.inherited });
      const taken = parsed.end - at.offset;
      if (taken === 0) return atEnd(current, at, bytes, notices);
      place = { ...(await movedBy(current, at, bytes, taken)), inherited: parsed.inherited };
      forgetRest();
      return { file: current.file, lines: parsed.lines, notices, hasMore: true, againInMs: null };
    },
    position: () =>
      place ? { stream: stream.id, file: place.file.id, offset: place.offset, check: place.check } : null,
    async close() {
      await log?.close();
      log = null;
    },
  };
}

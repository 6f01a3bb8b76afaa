import type { GzSpool } from "./gz-spool.ts";
import { firstLineStart, maxLineBytes } from "./line-splitter.ts";
import { readRange, type LogFile } from "./log-file.ts";
import { openLog, type OpenLog } from "./open-log.ts";
import { estimateTimes, nothingInherited, parseLines, type Inherited, type ParsedLine } from "./parse-lines.ts";

/** A run of whole lines, oldest first. */
export interface Block {
  file: LogFile;
  /** Where its first line starts. */
  start: number;
  lines: ParsedLine[];
  scannedBytes: number;
}

/** Reads one stream backwards, block by block, from a place to the start of its oldest file. */
export interface BackwardReader {
  /** The next older block; `null` when there is nothing older. A block whose lines were not wanted has no lines. */
  next(): Promise<Block | null>;
  /** Where the next block ends; `null` when there is nothing older. */
  position(): { file: LogFile; offset: number } | null;
  /** Where reading began: the end of the newest file without its unfinished last line. Known after the first `next`. */
  startedAt(): { file: LogFile; offset: number } | null;
  /** Bytes on the disk that have not been read. */
  remainingBytes(): number;
  close(): Promise<void>;
}

export interface BackwardReaderOptions {
  /** Newest first. */
  files: LogFile[];
  spool: GzSpool;
  redact: (text: string) => string;
  /** Where to start: an index into `files` and an offset; the end of the newest file when left out. */
  from?: { index: number; offset: number } | undefined;
  /** Bytes of a block; small for a screen, large for a search. */
  blockSize?: number;
  /** Asked with the raw bytes of a block: `false` spares parsing it. */
  isWanted?: ((bytes: Buffer) => boolean) | undefined;
  /** Told about files that could not be read; they are passed over. */
  onProblem?: (file: LogFile, error: unknown) => void;
}

const contextBytes = 16 * 1024;

/** A reader at the given place. Files are opened when they are reached and closed when they are done. */
export function createBackwardReader(options: BackwardReaderOptions): BackwardReader {
  const { files, spool, redact, from, blockSize = 64 * 1024, isWanted, onProblem } = options;
  let index = from?.index ?? 0;
  let offset: number | null = from?.offset ?? null;
  let log: OpenLog | null = null;
  let started: { file: LogFile; offset: number } | null = null;

  async function leaveFile(): Promise<void> {
    await log?.close();
    log = null;
    index += 1;
    offset = null;
  }

  /** Opens the current file, going on to older ones past files that are gone, empty or unreadable. */
  async function enterFile(): Promise<OpenLog | null> {
    while (index < files.length) {
      const file = files[index];
      if (!log && file) {
        try {
          log = await openLog(file, spool);
        } catch (error) {
          onProblem?.(file, error);
        }
      }
      if (log) {
        offset = Math.min(offset ?? log.sizeBytes, log.sizeBytes);
        if (offset > 0) return log;
      }
      if (file) started ??= { file, offset: 0 };
      await leaveFile();
    }
    return null;
  }

  async function readBlock(current: OpenLog, end: number): Promise<{ bytes: Buffer; start: number }> {
    for (let size = blockSize; ; size *= 4) {
      const base = Math.max(0, end - size);
      const bytes = await readRange(current.handle, base, end);
      const start = firstLineStart(bytes, base);
      const isEnough = start >= 0 && start < base + bytes.length;
      if (isEnough || base === 0 || size > 2 * maxLineBytes)
        return { bytes: bytes.subarray(Math.max(start, base) - base), start: Math.max(start, base) };
    }
  }

  function here(): { file: LogFile; offset: number } | null {
    const file = files[index];
    // The end of an older file is the start of this one: the size of a compressed file is not known before it is opened.
    if (!file || (offset === 0 && index + 1 >= files.length)) return null;
    return { file, offset: offset ?? log?.sizeBytes ?? file.sizeBytes };
  }

  return {
    async next() {
      const current = await enterFile();
      if (!current || offset === null) return null;
      const end = offset;
      const { bytes, start } = await readBlock(current, end);
      offset = start;
      if (bytes.length === 0) offset = 0; // shorter than it was a moment ago
      const block: Block = { file: current.file, start, lines: [], scannedBytes: end - start };
      if (started && isWanted && !isWanted(bytes)) return block;
      const takesRest = !current.file.isRotated && end === current.sizeBytes ? "open" : "closed";
      let parsed = parseLines(bytes, start, { redact, takesRest });
      const [first] = parsed.lines;
      if (first && (first.isContinuation || first.time === null)) {
        const inherited = await inheritedAt(current, start);
        if (inherited.time !== null || inherited.level !== "other")
          parsed = parseLines(bytes, start, { redact, takesRest, inherited });
      }
      const last = parsed.lines.at(-1);
      started ??= { file: current.file, offset: last?.isOpen ? last.offset : end };
      estimateTimes(parsed.lines, current.file, current.sizeBytes);
      return { ...block, lines: parsed.lines };
    },
    startedAt: () => started ?? here(),
    position: here,
    remainingBytes() {
      const rest = offset ?? files[index]?.sizeBytes ?? 0;
      return files.slice(index + 1).reduce((sum, { sizeBytes }) => sum + sizeBytes, rest);
    },
    async close() {
      await log?.close();
      log = null;
    },
  };
}

/** Time and level in force just before `start`, from the lines above it. */
async function inheritedAt(current: OpenLog, start: number): Promise<Inherited> {
  if (start === 0) return nothingInherited;
  const base = Math.max(0, start - contextBytes);
  const bytes = await readRange(current.handle, base, start);
  const first = firstLineStart(bytes, base);
  if (first < 0) return nothingInherited;
  return parseLines(bytes.subarray(first - base), first, { redact: (text) => text }).inherited;
}

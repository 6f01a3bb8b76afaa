import type { Block } from "./backward-reader.ts";
import type { GzSpool } from "./gz-spool.ts";
import { lineEnd, maxLineBytes } from "./line-splitter.ts";
import { readRange, type LogFile } from "./log-file.ts";
import { openLog, type OpenLog } from "./open-log.ts";
import { estimateTimes, nothingInherited, parseLines, type Inherited } from "./parse-lines.ts";

/** Reads one stream forwards from a place to the end of what was there when its newest file was opened. */
export interface ForwardReader {
  next(): Promise<Block | null>;
  /** Where the next block starts: after the last whole line read. `null` when the stream has no file. */
  position(): { file: LogFile; offset: number } | null;
  close(): Promise<void>;
}

export interface ForwardReaderOptions {
  /** Newest first. */
  files: LogFile[];
  /** Where to start; the start of the oldest file when left out. */
  from?: { index: number; offset: number } | undefined;
  spool: GzSpool;
  redact: (text: string) => string;
  blockSize?: number;
}

/** A reader at the given place. The unfinished last line of a file that still grows is not read. */
export function createForwardReader({
  files,
  from,
  spool,
  redact,
  blockSize = 64 * 1024,
}: ForwardReaderOptions): ForwardReader {
  let index = from?.index ?? files.length - 1;
  let offset = from?.offset ?? 0;
  let log: OpenLog | null = null;
  let inherited: Inherited = nothingInherited;

  async function enterFile(): Promise<OpenLog | null> {
    for (; index >= 0; index -= 1, offset = 0) {
      const file = files[index];
      log ??= file ? await openLog(file, spool) : null;
      if (log && offset < log.sizeBytes) return log;
      if (index === 0) return null;
      await log?.close();
      log = null;
    }
    return null;
  }

  return {
    async next() {
      const current = await enterFile();
      if (!current) return null;
      let bytes = await readRange(current.handle, offset, Math.min(current.sizeBytes, offset + blockSize));
      const isWithoutEnd = lineEnd(bytes, offset, offset) < 0;
      if (isWithoutEnd)
        bytes = await readRange(current.handle, offset, Math.min(current.sizeBytes, offset + maxLineBytes));
      const isLast = offset + bytes.length >= current.sizeBytes;
      const takesRest = isLast && (current.file.isRotated || index > 0) ? "closed" : "no";
      const start = offset;
      const parsed = parseLines(bytes, start, { redact, takesRest, inherited });
      inherited = parsed.inherited;
      if (parsed.end === start) return null;
      offset = parsed.end;
      estimateTimes(parsed.lines, current.file, current.sizeBytes);
      return { file: current.file, start, lines: parsed.lines, scannedBytes: parsed.end - start };
    },
    position() {
      const file = files[Math.max(0, index)];
      return file ? { file, offset } : null;
    },
    async close() {
      await log?.close();
      log = null;
    },
  };
}

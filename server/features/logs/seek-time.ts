import type { GzSpool } from "./gz-spool.ts";
import { firstLineStart, lineEnds } from "./line-splitter.ts";
import { readRange, type LogFile } from "./log-file.ts";
import { readLine } from "./log-text.ts";
import { openLog, type OpenLog } from "./open-log.ts";

const probeBytes = 32 * 1024;

/** Where the first line of `time` or later is, found by halving; the newest end when the lines carry no times. */
export async function seekTime(
  files: LogFile[],
  time: number,
  spool: GzSpool,
): Promise<{ index: number; offset: number } | undefined> {
  for (const [index, file] of files.entries()) {
    const log = await openLog(file, spool);
    if (!log) continue;
    try {
      const first = await timeFrom(log, 0);
      if (first === null) return undefined;
      if (first.time > time && index < files.length - 1) continue;
      return { index, offset: first.time >= time ? 0 : await halve(log, time) };
    } finally {
      await log.close();
    }
  }
  return undefined;
}

async function halve(log: OpenLog, time: number): Promise<number> {
  let low = 0; // a line before `time` starts here or later
  let high = log.sizeBytes;
  while (high - low > probeBytes) {
    const middle = Math.floor((low + high) / 2);
    const found = await timeFrom(log, middle);
    if (found === null || found.offset >= high || found.time >= time) high = middle;
    else low = found.offset;
  }
  const bytes = await readRange(log.handle, low, Math.min(log.sizeBytes, high + probeBytes));
  let start = low;
  for (const end of lineEnds(bytes, low)) {
    const found = readLine(bytes.toString("utf8", start - low, Math.min(end, start + 200) - low)).time;
    if (found !== null && found >= time) return start;
    start = end;
  }
  return start;
}

/** The first line at or after `from` that carries a time. */
async function timeFrom(log: OpenLog, from: number): Promise<{ time: number; offset: number } | null> {
  const bytes = await readRange(log.handle, from, Math.min(log.sizeBytes, from + probeBytes));
  let start = firstLineStart(bytes, from);
  if (start < 0) return null;
  for (const end of lineEnds(bytes.subarray(start - from), start)) {
    const { time } = readLine(bytes.toString("utf8", start - from, Math.min(end, start + 200) - from));
    if (time !== null) return { time, offset: start };
    start = end;
  }
  return null;
}

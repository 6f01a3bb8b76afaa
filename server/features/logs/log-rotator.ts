import { createReadStream, createWriteStream } from "node:fs";
import { chmod, open, rename, rm, stat, utimes } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import type { LogRetention, LogRotation } from "../../../contract/features/logs.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { isGone, type LogFile } from "./log-file.ts";
import { listLogFiles } from "./log-files.ts";
import { listOwnLogs } from "./own-logs.ts";

export interface LogRotatorOptions {
  /** Our own logs: `*.log` here and in `apps/<app>/`. Nothing outside is touched. */
  logsDir: string;
  retention: () => LogRetention;
  /** Makes PM2 open all log files anew. */
  reloadLogs: () => Promise<void>;
  clock: Clock;
  logger: Logger;
  /** How long a renamed file must not have grown, as seen by rounds, before it is compressed. */
  restMs?: number;
  intervalMs?: number;
}

/** Keeps our log files small and few: rename, reopen, compress, remove. No line is lost on the way. */
export interface LogRotator {
  /** One round now. Rounds never overlap: who asks during one gets its result. */
  run(): Promise<LogRotation>;
  last(): LogRotation | null;
  start(): void;
  stop(): Promise<void>;
}

/** A rotator; `start` runs it once a minute. */
export function createLogRotator(options: LogRotatorOptions): LogRotator {
  const { logsDir, retention, clock, logger, intervalMs = 60_000 } = options;
  const sizes = createSizeWatch(clock);
  let isPrivate = false;
  let running: Promise<LogRotation> | null = null;
  let last: LogRotation | null = null;
  let timer: NodeJS.Timeout | undefined;

  async function round(): Promise<LogRotation> {
    const report: LogRotation = {
      ranAt: new Date(clock.now()).toISOString(),
      rotated: [],
      compressed: [],
      removed: [],
      problems: [],
      totalBytes: 0,
    };
    const found = await listOwnLogs(logsDir);
    const logs = found.map(({ path }) => path);
    const reopened = found.flatMap(({ path, isOfPm2 }) => (isOfPm2 ? [path] : []));
    if (!isPrivate) await makePrivate(logs, report);
    isPrivate = true;
    await rotateGrown(reopened, options, report);
    await compressRested(logs, sizes, options, report);
    await removeOld(logs, retention(), clock, report);
    const done = report.rotated.length + report.compressed.length + report.removed.length;
    if (done > 0)
      logger.info("Log files tidied", {
        rotated: report.rotated.length,
        compressed: report.compressed.length,
        removed: report.removed.length,
      });
    for (const problem of report.problems) logger.warn("Log files could not be tidied", { problem });
    last = report;
    return report;
  }

  function run(): Promise<LogRotation> {
    running ??= round().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    run,
    last: () => last,
    start() {
      timer ??= setInterval(() => {
        run().catch((error: unknown) => {
          logger.error("Log rotation failed", {}, error);
        });
      }, intervalMs).unref();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  };
}

/** Files written before PM2 was told to create them for the user alone. */
async function makePrivate(logs: string[], report: LogRotation): Promise<void> {
  for (const { name, path } of (await Promise.all(logs.map(listLogFiles))).flat()) {
    try {
      const { mode } = await stat(path);
      if ((mode & 0o077) !== 0) await chmod(path, 0o600);
    } catch (error) {
      if (!isGone(error)) report.problems.push(`${name} can be read by others: ${reasonOf(error)}`);
    }
  }
}

/** Renames what has grown or aged beyond the limits, then makes PM2 open new files; if it cannot, the names go back. */
async function rotateGrown(logs: string[], options: LogRotatorOptions, report: LogRotation): Promise<void> {
  const { retention, clock, reloadLogs } = options;
  const { maxFileBytes, maxFileAgeHours } = retention();
  const renamed: { from: string; to: string }[] = [];
  for (const log of logs) {
    const [file] = await listLogFiles(log);
    if (!file || file.isRotated || file.sizeBytes === 0) continue;
    const ageMs = clock.now() - bornMs(file);
    if (file.sizeBytes <= maxFileBytes && ageMs <= maxFileAgeHours * 3_600_000) continue;
    const stamp = new Date(clock.now()).toISOString().replace(/[-:.]/g, "");
    const to = `${log}.${stamp}.${file.id}`;
    await rename(log, to);
    renamed.push({ from: log, to });
    report.rotated.push(file.name);
  }
  if (renamed.length === 0) return;
  try {
    await reloadLogs();
  } catch (error) {
    report.problems.push(`PM2 could not open new log files: ${reasonOf(error)}`);
    report.rotated = [];
    await Promise.all(renamed.map(putBack));
  }
}

/** Undoes a rename unless a new file is there already: then the writer has moved on. */
async function putBack({ from, to }: { from: string; to: string }): Promise<void> {
  const isTaken = await stat(from).then(
    () => true,
    () => false,
  );
  if (!isTaken) await rename(to, from);
}

function bornMs(file: LogFile): number {
  return Number.parseInt(file.id.slice(file.id.indexOf("-") + 1), 36) || file.modifiedMs;
}

/** Since when files have kept their size: by a clock that stands still while the machine sleeps, as their writer does. */
interface SizeWatch {
  /** Milliseconds since this size of the file was first seen; 0 for a new one. */
  restedMs(file: LogFile): number;
  /** Keeps in mind only the files seen since the last call. */
  forgetOthers(): void;
}

function createSizeWatch(clock: Clock): SizeWatch {
  let known = new Map<string, { sizeBytes: number; since: number }>();
  let seen: typeof known = new Map();
  return {
    restedMs({ path, sizeBytes }) {
      const last = known.get(path);
      const rest = last?.sizeBytes === sizeBytes ? last : { sizeBytes, since: clock.monotonic() };
      seen.set(path, rest);
      return clock.monotonic() - rest.since;
    },
    forgetOthers() {
      known = seen;
      seen = new Map();
    },
  };
}

/**
 * Compresses what was rotated here and has not grown for a while: a writer that has not opened the new file yet would go
 * on in one that nobody can find any more.
 */
async function compressRested(
  logs: string[],
  sizes: SizeWatch,
  { restMs = 15_000 }: LogRotatorOptions,
  report: LogRotation,
): Promise<void> {
  for (const file of (await Promise.all(logs.map(listLogFiles))).flat()) {
    const isOurs = /\.\d{8}T\d{9}Z\.[a-z0-9]+-[a-z0-9]+$/.test(file.name);
    if (!isOurs || sizes.restedMs(file) < restMs) continue;
    try {
      if (await compress(file)) report.compressed.push(file.name);
    } catch (error) {
      report.problems.push(`${file.name} could not be compressed: ${reasonOf(error)}`);
    }
  }
  sizes.forgetOthers();
}

/** Replaces a file by its compressed form; false when it grew meanwhile and stays as it is for now. */
async function compress(file: LogFile): Promise<boolean> {
  const target = `${file.path}.gz`;
  const partial = `${target}.part`;
  try {
    const before = await stat(file.path);
    await pipeline(createReadStream(file.path), createGzip(), createWriteStream(partial, { mode: 0o600 }));
    const handle = await open(partial, "r+");
    await handle.sync();
    await handle.close();
    const after = await stat(file.path);
    if (after.size !== before.size) {
      await rm(partial, { force: true });
      return false;
    }
    await utimes(partial, after.atime, after.mtime);
    await rename(partial, target);
    await rm(file.path);
    return true;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** Removes rotated files: beyond the number and age kept, then the oldest until all fit into the total. */
async function removeOld(logs: string[], limits: LogRetention, clock: Clock, report: LogRotation): Promise<void> {
  const all = (await Promise.all(logs.map(listLogFiles))).map((files) => files.filter(({ isRotated }) => isRotated));
  const oldest = clock.now() - limits.keepDays * 86_400_000;
  const doomed = new Set(
    all.flatMap((files) => files.filter(({ modifiedMs }, index) => index >= limits.keepFiles || modifiedMs < oldest)),
  );
  const sizes = await Promise.all(logs.map(async (log) => (await listLogFiles(log)).find((file) => !file.isRotated)));
  const kept = all.flat().filter((file) => !doomed.has(file));
  let total = [...kept, ...sizes].reduce((sum, file) => sum + (file?.sizeBytes ?? 0), 0);
  for (const file of kept.toSorted((a, b) => a.modifiedMs - b.modifiedMs)) {
    if (total <= limits.maxTotalBytes) break;
    total -= file.sizeBytes;
    doomed.add(file);
  }
  for (const file of doomed) {
    try {
      await rm(file.path, { force: true });
      report.removed.push(file.name);
    } catch (error) {
      report.problems.push(`${file.name} could not be removed: ${reasonOf(error)}`);
    }
  }
  report.totalBytes = total;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

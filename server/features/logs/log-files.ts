import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { fileIdOf, isGone, statFile, type LogFile } from "./log-file.ts";

/** `<log>.<time of rotation>.<file id>[.gz]`: how files rotated here are named, so that compressing them keeps their id. */
const ownName = /^\.\d{8}T\d{9}Z\.([a-z0-9]{1,20}-[a-z0-9]{1,20})(?:\.gz)?$/;
/** What follows the name of a log that others have rotated: logrotate's `.1`, `-20261121`, with or without `.gz`. */
const foreignSuffix = /^(?:\.\d{1,4}|[-.]\d{4}-?\d\d-?\d\d(?:[-T_.]?\d{2,6})*)(?:\.gz)?$/;
/** pm2-logrotate puts the time before the extension: `app-out__2026-11-21_00-00-00.log`. */
const foreignInfix = /^__\d{4}-\d\d-\d\d[-_\d]*\.log(?:\.gz)?$/;

/** True when `name` is a rotated predecessor of the log called `log`; `id` is the one its name carries. */
export function rotatedName(log: string, name: string): { id: string | null } | null {
  if (name.startsWith(log) && name !== log) {
    const suffix = name.slice(log.length);
    const own = ownName.exec(suffix);
    if (own) return { id: own[1] ?? null };
    return foreignSuffix.test(suffix) ? { id: null } : null;
  }
  const stem = log.endsWith(".log") ? log.slice(0, -4) : log;
  return name.startsWith(`${stem}__`) && foreignInfix.test(name.slice(stem.length)) ? { id: null } : null;
}

/** All files of one log, newest first: the one being written, then its rotated predecessors. Links among them are left out. */
export async function listLogFiles(path: string): Promise<LogFile[]> {
  const [current, rotated] = await Promise.all([currentFile(path), rotatedFiles(path)]);
  rotated.sort((a, b) => b.modifiedMs - a.modifiedMs || (a.name < b.name ? 1 : -1));
  return current ? [current, ...rotated] : rotated;
}

/** The file being written, or `null` while it is not there. */
export async function currentFile(path: string): Promise<LogFile | null> {
  const stats = await statFile(path);
  if (!stats) return null;
  return {
    path,
    name: basename(path),
    id: fileIdOf(stats),
    sizeBytes: Number(stats.size),
    modifiedMs: Number(stats.mtimeMs),
    isRotated: false,
    isCompressed: false,
  };
}

async function rotatedFiles(path: string): Promise<LogFile[]> {
  const folder = dirname(path);
  const log = basename(path);
  const found = await Promise.all(
    (await namesIn(folder)).map(async (name): Promise<LogFile[]> => {
      const rotated = rotatedName(log, name);
      if (!rotated) return [];
      const file = join(folder, name);
      const stats = await lstat(file, { bigint: true }).catch(gone);
      if (!stats?.isFile()) return [];
      return [
        {
          path: file,
          name,
          id: rotated.id ?? fileIdOf(stats),
          sizeBytes: Number(stats.size),
          modifiedMs: Number(stats.mtimeMs),
          isRotated: true,
          isCompressed: name.endsWith(".gz"),
        },
      ];
    }),
  );
  return withoutTwins(found.flat());
}

/** While a file is being replaced by its compressed form both are there; the plain one counts. */
function withoutTwins(files: LogFile[]): LogFile[] {
  const plain = new Set(files.filter(({ isCompressed }) => !isCompressed).map(({ name }) => name));
  return files.filter(({ name, isCompressed }) => !isCompressed || !plain.has(name.slice(0, -".gz".length)));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function gone(error: unknown): null {
  if (isGone(error)) return null;
  throw error;
}

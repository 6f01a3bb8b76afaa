import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

import { z } from "zod";

import { dataFiles } from "../../../contract/data-files.ts";
import { backupSchema, type Backup } from "../../../contract/features/backups.ts";
import { AppError } from "../../../lib/app-error.ts";

/** First line of an archive. */
const headerSchema = z.strictObject({
  format: z.literal("portos-backup"),
  formatVersion: z.literal(1),
  portosVersion: z.string(),
  ...backupSchema.omit({ sizeBytes: true }).shape,
});
export type ArchiveHeader = z.infer<typeof headerSchema>;

/** Every other line: one file. Paths are relative to `data/`, with forward slashes. */
const entrySchema = z.strictObject({ path: z.string().min(1).max(1000), sha256: z.string(), text: z.string() });
export interface ArchiveFile {
  path: string;
  text: string;
}

/**
 * Left out of backups: what can be made again, what is large, and the backups themselves; and what must not come back as it
 * was: evidence would have a hole, messages that were delivered would be sent again, those of webhooks taken again, events handed
 * on again, and tokens that were revoked would count.
 */
const leftOut: readonly string[] = [
  dataFiles.backups.path,
  dataFiles.browserProfile.path,
  dataFiles.evidence.path,
  dataFiles.outbox.path,
  dataFiles.events.path,
  dataFiles.mcpTokens.path,
  dataFiles.hookDeliveries.path,
  dataFiles.hookBodies.path,
  dataFiles.screenshots.path,
  dataFiles.sessions.path,
];
const textFile = /\.(json|jsonl|md|log|txt)$/;
const maxFileBytes = 64 * 1024 * 1024;

/** Files of `data/` a backup holds, sorted, as relative paths. */
export async function backupFiles(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        entry.isFile() &&
        textFile.test(entry.name) &&
        !/\.damaged-|\.sample\.json$/.test(entry.name) &&
        entry.name !== "README.md",
    )
    .map((entry) => relative(dataDir, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((path) => !leftOut.some((folder) => path.startsWith(folder)))
    .toSorted();
}

/** Writes an archive durably: gzip of one JSON line per file, readable with gunzip and any editor. */
export async function writeArchive(
  target: string,
  header: ArchiveHeader,
  dataDir: string,
  paths: readonly string[],
): Promise<void> {
  const temporary = `${target}.tmp`;
  async function* lines(): AsyncGenerator<string> {
    yield `${JSON.stringify(header)}\n`;
    for (const path of paths) {
      const file = join(dataDir, path);
      if ((await stat(file)).size > maxFileBytes) throw new AppError("too_large", `${path} is too large for a backup`);
      const text = await readFile(file, "utf8");
      yield `${JSON.stringify({ path, sha256: hash(text), text })}\n`;
    }
  }
  try {
    await pipeline(Readable.from(lines()), createGzip(), createWriteStream(temporary, { mode: 0o600, flush: true }));
    await rename(temporary, target);
    const folder = await open(join(target, ".."), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Reads only the header of an archive. */
export async function readHeader(archive: string): Promise<ArchiveHeader> {
  for await (const line of archiveLines(archive)) return headerSchema.parse(JSON.parse(line));
  throw new AppError("invalid_request", "The backup is empty");
}

/** Reads a whole archive and checks every line of it before anything is returned. */
export async function readArchive(archive: string): Promise<{ header: ArchiveHeader; files: ArchiveFile[] }> {
  let header: ArchiveHeader | undefined;
  const files: ArchiveFile[] = [];
  try {
    for await (const line of archiveLines(archive)) {
      if (!header) {
        header = headerSchema.parse(JSON.parse(line));
        continue;
      }
      const { path, sha256, text } = entrySchema.parse(JSON.parse(line));
      if (hash(text) !== sha256) throw new Error(`${path} does not match its checksum`);
      if (!isInside(path)) throw new Error(`${path} points outside of the data folder`);
      files.push({ path, text });
    }
  } catch (error) {
    throw new AppError("invalid_request", "The backup is damaged; nothing was changed", {
      hint: "Choose another backup.",
      cause: error,
    });
  }
  if (header?.fileCount !== files.length) {
    throw new AppError("invalid_request", "The backup is not complete; nothing was changed", {
      hint: "Choose another backup.",
    });
  }
  return { header, files };
}

/** Header and size as the API shows them. */
export function toBackup(header: ArchiveHeader, sizeBytes: number): Backup {
  const { id, createdAt, reason, fileCount, keyFingerprint } = header;
  return { id, createdAt, reason, fileCount, keyFingerprint, sizeBytes };
}

async function* archiveLines(archive: string): AsyncGenerator<string> {
  const source = createReadStream(archive);
  const unpacked = source.pipe(createGunzip());
  source.once("error", (error) => unpacked.destroy(error));
  // Whoever has read enough of a damaged archive no longer hears of its errors, which must end nothing then.
  unpacked.on("error", () => undefined);
  try {
    yield* createInterface({ input: unpacked, crlfDelay: Number.POSITIVE_INFINITY });
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

function isInside(path: string): boolean {
  const parts = path.split("/");
  return (
    textFile.test(path) &&
    !parts.includes("..") &&
    !parts.includes("") &&
    !path.includes("\\") &&
    !leftOut.some((folder) => path.startsWith(folder))
  );
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

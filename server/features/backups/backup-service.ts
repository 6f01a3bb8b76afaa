import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import { backupIdSchema, type Backup } from "../../../contract/features/backups.ts";
import type { RawReply } from "../../../contract/endpoint.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { backupFiles, readArchive, readHeader, toBackup, writeArchive, type ArchiveFile } from "./backup-archive.ts";

export interface RestoreChange {
  file: string;
  change: "added" | "changed" | "same";
  sizeBefore: number | null;
  sizeAfter: number | null;
}

export interface BackupService {
  list(): Promise<Backup[]>;
  create(reason: Backup["reason"]): Promise<Backup>;
  /** Compares a backup with the data folder; changes nothing. */
  preview(id: string): Promise<{ changes: RestoreChange[]; warnings: string[] }>;
  /** Puts the files of a backup back, after a backup of what is there now. */
  restore(id: string): Promise<{ changes: RestoreChange[]; safetyBackup: string }>;
  remove(id: string): Promise<void>;
  download(id: string): Promise<RawReply>;
  /** Makes today's backup unless there is one, and removes daily ones beyond `keep`. */
  keepDaily(keep: number): Promise<void>;
}

const suffix = ".portos-backup.gz";
const dayMs = 24 * 3600_000;
/** Histories, and what portos-cos writes down while it works, are only ever added to by a restore: a newer row is never taken away. */
const histories = [
  dataFiles.history.path,
  dataFiles.occurrences.path,
  dataFiles.incidents.path,
  dataFiles.commandHistory.path,
  dataFiles.automationOutput.path,
  dataFiles.usage.path,
  dataFiles.approvalHistory.path,
  dataFiles.taskHistory.path,
  dataFiles.chiefDecisions.path,
  dataFiles.repairHistory.path,
  dataFiles.runs.path,
  dataFiles.worktrees.path,
];

/** Backups of `data/` as single files in `data/backups/`. Restoring acts like an edit by hand: each owner checks and adopts its file. */
export function createBackupService(options: {
  dataDir: string;
  clock: Clock;
  logger: Logger;
  version: string;
  /** Fingerprint of the key that seals secrets on this machine, `null` when it cannot be read. */
  keyFingerprint: () => Promise<string | null>;
}): BackupService {
  const { dataDir, clock, logger, version } = options;
  const folder = join(dataDir, dataFiles.backups.path);
  let running: Promise<unknown> = Promise.resolve();

  /** One backup or restore at a time. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = running.then(work, work);
    running = result.catch(() => undefined);
    return result;
  }

  function archiveOf(id: string): string {
    return join(folder, `${backupIdSchema.parse(id)}${suffix}`);
  }

  async function existing(id: string): Promise<string> {
    const archive = archiveOf(id);
    if (!(await stat(archive).catch(() => null))) throw new AppError("not_found", "This backup is gone");
    return archive;
  }

  async function create(reason: Backup["reason"]): Promise<Backup> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const createdAt = new Date(clock.now()).toISOString();
    const id = `${createdAt.replaceAll(/[:.]/g, "")}${reason === "manual" ? "" : `-${reason.replaceAll("-", "")}`}`;
    if (await stat(archiveOf(id)).catch(() => null))
      throw new AppError("conflict", "A backup is being made", { hint: "Try again." });
    const paths = await backupFiles(dataDir);
    const keyFingerprint = await sealingKey(dataDir, paths);
    const header = {
      format: "portos-backup" as const,
      formatVersion: 1 as const,
      portosVersion: version,
      id,
      createdAt,
      reason,
      fileCount: paths.length,
      keyFingerprint,
    };
    await writeArchive(archiveOf(id), header, dataDir, paths);
    logger.info("Backup made", { id, files: paths.length });
    return toBackup(header, (await stat(archiveOf(id))).size);
  }

  async function compare(files: readonly ArchiveFile[]): Promise<RestoreChange[]> {
    const changes: RestoreChange[] = [];
    for (const { path, text } of files) {
      const now = await readFile(join(dataDir, path), "utf8").catch(() => null);
      const isKept = now !== null && histories.some((history) => path.startsWith(history));
      const change = now === null ? "added" : now === text || isKept ? "same" : "changed";
      changes.push({
        file: path,
        change,
        sizeBefore: now === null ? null : Buffer.byteLength(now),
        sizeAfter: Buffer.byteLength(isKept ? now : text),
      });
    }
    return changes;
  }

  async function list(): Promise<Backup[]> {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(suffix));
    const backups = await Promise.all(
      names.map(async (name) => {
        try {
          return [toBackup(await readHeader(join(folder, name)), (await stat(join(folder, name))).size)];
        } catch (error) {
          logger.warn("A backup cannot be read", { name, reason: error instanceof Error ? error.message : "" });
          return [];
        }
      }),
    );
    return backups.flat().toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  }

  return {
    list,
    create: (reason) => alone(() => create(reason)),
    preview: async (id) => {
      const { header, files } = await readArchive(await existing(id));
      const warnings: string[] = [];
      if (header.keyFingerprint !== null && header.keyFingerprint !== (await options.keyFingerprint())) {
        warnings.push(
          "The secrets of this backup were sealed with another key. They will have to be entered again unless you bring that key back.",
        );
      }
      if (header.portosVersion !== version)
        warnings.push(`This backup was made by PortOS ${header.portosVersion}; this is ${version}.`);
      return { changes: await compare(files), warnings };
    },
    restore: (id) =>
      alone(async () => {
        const { files } = await readArchive(await existing(id));
        const safety = await create("before-restore");
        const changes = await compare(files);
        const byPath = new Map(files.map((file) => [file.path, file.text]));
        for (const { file, change } of changes)
          if (change === "added" || change === "changed") await putBack(join(dataDir, file), byPath.get(file) ?? "");
        logger.info("Backup restored", { id, changed: changes.filter(({ change }) => change !== "same").length });
        return { changes, safetyBackup: safety.id };
      }),
    remove: async (id) => rm(await existing(id)),
    async download(id) {
      const archive = await existing(id);
      return {
        headers: {
          "Content-Type": "application/gzip",
          "Content-Length": String((await stat(archive)).size),
          "Content-Disposition": `attachment; filename="${id}${suffix}"`,
        },
        body: createReadStream(archive),
      };
    },
    async keepDaily(keep) {
      const daily = (await list()).filter(({ reason }) => reason === "daily");
      if (daily[0] && clock.now() - Date.parse(daily[0].createdAt) < dayMs) return;
      await alone(() => create("daily"));
      for (const old of daily.slice(keep - 1)) await rm(archiveOf(old.id), { force: true });
    },
  };
}

/** Temp file → fsync → rename, like every other write to `data/`. */
async function putBack(target: string, text: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const temporary = `${target}.restore.tmp`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, target);
}

/** Fingerprint of the key that sealed the secrets in these files; `null` when none holds a sealed one. */
async function sealingKey(dataDir: string, paths: readonly string[]): Promise<string | null> {
  for (const path of paths.filter((name) => name.endsWith(".json"))) {
    const [, fingerprint] =
      /"sealed":\s*"[^"]*",\s*"key":\s*"([0-9a-f]{16})"/.exec(await readFile(join(dataDir, path), "utf8")) ?? [];
    if (fingerprint !== undefined) return fingerprint;
  }
  return null;
}

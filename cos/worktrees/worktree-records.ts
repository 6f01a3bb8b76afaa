import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { runIdSchema } from "../../contract/features/runs.ts";
import { errorCode, makeFolder, replaceFile, syncFolder, systemDisk } from "../../lib/durable-file.ts";
import type { Logger } from "../../lib/logger.ts";
import { worktreeRecordSchema, type WorktreeRecord } from "./worktree-record.ts";

/** Records of worktrees, one file each; what `save` has answered is on disk. */
export interface WorktreeRecords {
  all(): WorktreeRecord[];
  get(runId: string): WorktreeRecord | undefined;
  save(record: WorktreeRecord): Promise<void>;
  remove(runId: string): Promise<void>;
}

/** Reads every record in `directory`. One that cannot be read is left as it is and told in the log. */
export async function openWorktreeRecords(directory: string, logger: Logger): Promise<WorktreeRecords> {
  const records = new Map<string, WorktreeRecord>();
  const saving = new Map<string, Promise<void>>();
  await makeFolder(systemDisk, directory);
  for (const name of await readdir(directory)) {
    const runId = name.replace(/\.json$/, "");
    if (!name.endsWith(".json") || !runIdSchema.safeParse(runId).success) continue;
    try {
      records.set(runId, worktreeRecordSchema.parse(JSON.parse(await readFile(join(directory, name), "utf8"))));
    } catch (error) {
      if (errorCode(error) !== "ENOENT")
        logger.error("The record of a worktree cannot be read; its folder stays as it is", { run: runId }, error);
    }
  }

  /** One file is written by one at a time; the last one who asked wins. */
  function inLine(runId: string, work: () => Promise<void>): Promise<void> {
    const done = (saving.get(runId) ?? Promise.resolve()).then(work);
    saving.set(
      runId,
      done.catch(() => undefined), // who asked gets the error
    );
    return done;
  }

  return {
    all: () => [...records.values()],
    get: (runId) => records.get(runId),
    save(record) {
      records.set(record.runId, record);
      const file = join(directory, `${record.runId}.json`);
      const text = `${JSON.stringify(record, null, 2)}\n`;
      return inLine(record.runId, async () => {
        await replaceFile(systemDisk, file, text);
      });
    },
    remove(runId) {
      records.delete(runId);
      return inLine(runId, async () => {
        await rm(join(directory, `${runId}.json`), { force: true });
        await syncFolder(systemDisk, directory);
      });
    },
  };
}

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { AppError } from "../../lib/app-error.ts";
import { acquireOwnerLock, type OwnerLock } from "../../lib/owner-lock.ts";

const recordSchema = z.object({
  rootDir: z.string(),
  dataDir: z.string(),
  basePort: z.number(),
  /** What each process was started with. */
  fingerprints: z.record(z.string(), z.string()),
});

export type RunRecord = z.output<typeof recordSchema>;

const fileOf = (stateDir: string): string => join(stateDir, "running.json");

/** What the last start left behind, `null` when there was none. */
export function readRunRecord(stateDir: string): RunRecord | null {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(fileOf(stateDir), "utf8")));
  } catch {
    return null; // never started, or a file we cannot read: every process counts as changed
  }
}

/** Remembers what runs, so that the next start knows what changed. */
export function writeRunRecord(stateDir: string, record: RunRecord): void {
  const draft = `${fileOf(stateDir)}.new`;
  writeFileSync(draft, JSON.stringify(record, null, 2), { mode: 0o600 });
  renameSync(draft, fileOf(stateDir));
}

/** Runs `work` while no other start or stop of this PortOS runs. Throws `conflict` when one does. */
export async function withStartLock<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  let lock: OwnerLock;
  try {
    lock = await acquireOwnerLock({ path: fileOf(stateDir), onLost: () => undefined, waitMs: 0 });
  } catch (error) {
    if (!(error instanceof AppError && error.code === "conflict")) throw error;
    throw new AppError("conflict", "Another npm start or npm stop of this PortOS is at work", {
      hint: "Wait until it has finished.",
      cause: error,
    });
  }
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

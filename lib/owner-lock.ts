import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { lock } from "proper-lockfile";
import { z } from "zod";

import { AppError } from "./app-error.ts";
import { errorCode } from "./durable-file.ts";
import { thisProcess, verdictOn, type ProcessIdentity } from "./process-identity.ts";

/** Age at which the lock of an owner whose life cannot be judged (another machine or container) counts as given up. */
const defaultStaleMs = 15_000;
/** The age of a lock is checked against whole seconds on some disks. */
const staleMarginMs = 2_000;
const retryMs = 50;

const recordSchema = z.object({
  token: z.string(),
  pid: z.int(),
  startedAt: z.string().nullable(),
  host: z.string(),
  boot: z.string().nullable(),
  space: z.string().nullable(),
});

/** The right of one process to write a file or folder. */
export interface OwnerLock {
  release(): Promise<void>;
}

export interface OwnerLockOptions {
  /** The file or folder that is owned; it need not exist, its parent folder must. */
  path: string;
  /** Called once when the lock was lost to somebody else: stop writing. */
  onLost: () => void;
  /** How long to wait for an owner that is about to end, milliseconds; 1 000 by default. */
  waitMs?: number;
  /** Age at which the lock of an owner whose life cannot be judged counts as given up, milliseconds; 15 000 by default, at least 2 000. */
  staleMs?: number;
}

/**
 * Makes this process the owner of a path. Throws `conflict` while another living process, or this one, owns it.
 * Who lives is judged by process id and start time, so a killed owner is replaced at once and no jump of the clock
 * takes a living one's lock; the age of the lock decides only about owners on other machines.
 */
export async function acquireOwnerLock(options: OwnerLockOptions): Promise<OwnerLock> {
  const { onLost, waitMs = 1_000, staleMs = defaultStaleMs } = options;
  const path = resolve(options.path);
  const folder = join(dirname(path), ".locks");
  const files = {
    path,
    lock: join(folder, `${basename(path)}.lock`),
    record: join(folder, `${basename(path)}.owner`),
    takeover: join(folder, `${basename(path)}.takeover`),
    staleMs,
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const self = { token: randomUUID(), ...(await thisProcess()) };
  const startedAt = performance.now();
  let current: (() => Promise<void>) | null = null;

  for (;;) {
    const release = await tryAcquire(files, self, () => void restore());
    if (release) return createHandle(release);
    const owner = await readRecord(files.record);
    const verdict = owner === null ? "nobody" : await verdictOn(owner);
    const isOwn = verdict === "alive" && owner?.pid === self.pid;
    // Somebody killed while taking the lock leaves it without a record: only its age can tell, so that is waited for.
    const isAbandoned = verdict === "nobody" || verdict === "dead";
    const patienceMs = isAbandoned ? Math.max(waitMs, staleMs + staleMarginMs) : waitMs;
    if (isOwn || performance.now() - startedAt >= patienceMs) throw inUse(path, owner);
    await sleep(retryMs);
  }

  function createHandle(first: () => Promise<void>): OwnerLock {
    current = first;
    return {
      async release() {
        const release = current;
        current = null;
        if (!release) return;
        await rm(files.record, { force: true });
        await release().catch(ignoreGone);
      },
    };
  }

  /** The lock folder was touched or removed by hand: it is still ours unless somebody else has written a record. */
  async function restore(): Promise<void> {
    if (!current) return;
    const release = await retake().catch(() => null); // a disk that refuses the lock has taken it
    if (release) {
      current = release;
      return;
    }
    current = null;
    onLost();
  }

  async function retake(): Promise<(() => Promise<void>) | null> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const owner = await readRecord(files.record);
    if (owner !== null && owner.token !== self.token) return null;
    await rm(files.record, { force: true });
    await rmdir(files.lock).catch(ignoreGone);
    return tryAcquire(files, self, () => void restore());
  }
}

type Files = Record<"path" | "lock" | "record" | "takeover", string> & { staleMs: number };
type OwnerRecord = ProcessIdentity & { token: string };

async function tryAcquire(
  files: Files,
  self: OwnerRecord,
  onCompromised: () => void,
): Promise<(() => Promise<void>) | null> {
  const owner = await readRecord(files.record);
  const verdict = owner === null ? "unknown" : await verdictOn(owner);
  if (verdict === "alive") return null;
  if (owner !== null && verdict === "dead") return takeOver(files, owner.token, self, onCompromised);
  return take(files, self, onCompromised);
}

async function take(files: Files, self: OwnerRecord, onCompromised: () => void): Promise<(() => Promise<void>) | null> {
  const release = await lockAt(files, files.path, files.lock, onCompromised);
  if (!release) return null;
  try {
    await rm(files.record, { force: true });
    const record = await open(files.record, "wx", 0o600);
    try {
      await record.writeFile(JSON.stringify(self));
    } finally {
      await record.close();
    }
    return release;
  } catch (error) {
    await release().catch(ignoreGone);
    throw error;
  }
}

/** Takeovers run one at a time, and the record goes before the lock: so nobody removes the lock of a new owner. */
async function takeOver(
  files: Files,
  deadToken: string,
  self: OwnerRecord,
  onCompromised: () => void,
): Promise<(() => Promise<void>) | null> {
  const done = await lockAt(files, files.takeover, files.takeover, () => undefined);
  if (!done) return null;
  try {
    const owner = await readRecord(files.record);
    if (owner?.token !== deadToken) return null;
    await rm(files.record, { force: true });
    await rmdir(files.lock).catch(ignoreGone);
    return await take(files, self, onCompromised);
  } finally {
    await done().catch(ignoreGone);
  }
}

async function lockAt({ staleMs }: Files, path: string, lockfilePath: string, onCompromised: () => void) {
  try {
    return await lock(path, { lockfilePath, realpath: false, stale: staleMs, onCompromised });
  } catch (error) {
    if (errorCode(error) === "ELOCKED") return null;
    throw error;
  }
}

async function readRecord(file: string): Promise<OwnerRecord | null> {
  try {
    const parsed = recordSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}

function inUse(path: string, owner: OwnerRecord | null): AppError {
  const who = owner === null ? "another process" : `process ${owner.pid} on ${owner.host}`;
  return new AppError("conflict", `${path} is in use by ${who}.`, {
    hint: "Stop the other PortOS, or give this one a data folder of its own with PORTOS_DATA_DIR.",
  });
}

function ignoreGone(error: unknown): void {
  const code = errorCode(error);
  if (code !== "ENOENT" && code !== "ERELEASED" && code !== "ENOTACQUIRED") throw error;
}

import { dirname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";

import type { z } from "zod";

import { AppError } from "./app-error.ts";
import { systemClock, type Clock } from "./clock.ts";
import { diskError, makeFolder, systemDisk, type Disk } from "./durable-file.ts";
import { createProblemList, type ProblemList, type StoreProblem } from "./file-problems.ts";
import { deepFreeze, describeIssues, type Isolation, type Migrations } from "./json-document.ts";
import { StoreFile } from "./json-store-file.ts";
import type { Logger } from "./logger.ts";
import { acquireOwnerLock, type OwnerLock } from "./owner-lock.ts";
import { watchFile } from "./watch-file.ts";

const quietMs = 1_000;
/** How often an update is tried again because the file was edited by hand in between. */
const maxRounds = 20;

/** A schema-checked JSON file with one owner. Values are frozen: a change returns a new one. */
export interface JsonStore<T> {
  /** The last durable value. */
  get(): T;
  /**
   * Runs `change` alone on the current value and resolves with its result once the new value is on disk; updates that
   * wait together share one flush. Rejects with what `change` throws, `invalid_request` when the new value does not
   * match the schema, `disk_full` or `unavailable` when it cannot be written, `conflict` when the file is not ours.
   * `change` must have no effects of its own: it runs again when the file was edited by hand in between.
   */
  update<R>(change: (current: T) => { next: T; result: R }): Promise<R>;
  /** Calls `listener` after each change, own or by hand; returns how to stop. */
  subscribe(listener: (value: T) => void): () => void;
  /** What the user should know about the file now. */
  problems(): StoreProblem[];
  /** Waits for running updates and gives the file free. */
  close(): Promise<void>;
}

export interface JsonStoreOptions<T> {
  /** Absolute path; its folder is made when missing. */
  file: string;
  /** What is written must be readable by the same schema: no transformation to another shape. */
  schema: z.ZodType<T>;
  /** In force while there is no file; not written before the first update. */
  initial: T;
  /** Schema version, 1 or more. */
  version: number;
  migrations?: Migrations;
  /** Leaves out single bad entries instead of falling back to the backup. */
  isolate?: Isolation;
  logger: Logger;
  clock?: Clock;
  onProblem?: (problem: StoreProblem) => void;
  /** `read` opens a file somebody else owns: it is followed, never touched. `write` by default. */
  mode?: "read" | "write";
  /** A larger file is not read; 64 MiB by default. */
  maxBytes?: number;
  disk?: Disk;
}

/**
 * Opens a JSON file. Throws `conflict` when another process owns it, `unavailable` when its folder cannot be written.
 * A damaged file never stops it: see `problems()`.
 */
export async function openJsonStore<T>(options: JsonStoreOptions<T>): Promise<JsonStore<T>> {
  const { file, mode = "write", disk = systemDisk, clock = systemClock, logger, onProblem } = options;
  const problems = createProblemList({ file, clock, logger, onProblem });
  const store = new OpenStore(options, { disk, clock, problems, isReadOnly: mode === "read" });
  try {
    await store.start();
  } catch (error) {
    await store.close();
    throw diskError(error, file);
  }
  return {
    get: () => store.value,
    update: (change) => store.update(change),
    subscribe: (listener) => store.subscribe(listener),
    problems: () => problems.list(),
    close: () => store.close(),
  };
}

interface Surroundings {
  disk: Disk;
  clock: Clock;
  problems: ProblemList;
  isReadOnly: boolean;
}

interface PendingUpdate<T> {
  /** Applies the change; the caller's promise is settled later by `succeed` or `fail`. */
  apply: (current: T) => T;
  succeed: () => void;
  fail: (error: unknown) => void;
}

class OpenStore<T> {
  value: T;
  readonly #options: JsonStoreOptions<T>;
  readonly #around: Surroundings;
  readonly #file: StoreFile<T>;
  readonly #listeners = new Set<(value: T) => void>();
  #queue: PendingUpdate<T>[] = [];
  #isFlushing = false;
  /** Everything that touches the file, one after another. */
  #tail: Promise<void> = Promise.resolve();
  #lock: OwnerLock | null = null;
  #refusal: AppError | null = null;
  #stopWatching: () => void = () => undefined;
  #backupTimer: NodeJS.Timeout | undefined;
  #isBackupDue = false;

  constructor(options: JsonStoreOptions<T>, around: Surroundings) {
    const { schema, version, migrations, isolate, file, maxBytes = 64 * 1024 * 1024 } = options;
    this.#options = options;
    this.#around = around;
    this.value = deepFreeze(schema.parse(options.initial));
    const rules = { schema, version, migrations, isolate };
    this.#file = new StoreFile({ ...around, file, maxBytes, rules, isOurs: () => this.#lock !== null });
    if (around.isReadOnly) this.#refusal = new AppError("conflict", `${file} belongs to another process.`);
  }

  async start(): Promise<void> {
    const { file, logger } = this.#options;
    if (!this.#around.isReadOnly) {
      await makeFolder(this.#around.disk, dirname(file));
      const error = await this.#own();
      if (error && error.code !== "disk_full") throw error;
      await this.#file.noticeKeptCopies();
    }
    this.value = (await this.#file.load()) ?? this.value;
    if (await this.#file.isBackupBehind()) this.#backUpSoon();
    this.#stopWatching = watchFile(file, () => void this.#exclusive(() => this.#lookAround()), logger);
  }

  /** On a full disk there is no room for the lock: the store can be read, and each update tries again. */
  async #own(): Promise<AppError | null> {
    const { file } = this.#options;
    try {
      this.#lock ??= await acquireOwnerLock({ path: file, onLost: () => this.#loseLock() });
      return null;
    } catch (error) {
      const shown = diskError(error, file);
      if (!(shown instanceof AppError)) throw shown;
      if (shown.code === "disk_full") this.#around.problems.report("unwritable", shown.message);
      return shown;
    }
  }

  update<R>(change: (current: T) => { next: T; result: R }): Promise<R> {
    const refusal = this.#refusal ?? this.#file.refusal;
    if (refusal) return Promise.reject(refusal);
    return new Promise<R>((resolve, reject) => {
      let outcome: { result: R } | undefined;
      this.#queue.push({
        apply: (current) => {
          const { next, result } = change(current);
          outcome = { result };
          return next === current ? current : this.#check(next);
        },
        succeed: () => {
          if (outcome) resolve(outcome.result);
        },
        fail: reject,
      });
      if (!this.#isFlushing) this.#startFlushing();
    });
  }

  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#refusal ??= new AppError("unavailable", `${this.#options.file} is closed: PortOS is stopping.`);
    this.#stopWatching();
    clearTimeout(this.#backupTimer);
    let last: Promise<void>;
    do {
      last = this.#tail;
      await last;
    } while (last !== this.#tail);
    if (this.#isBackupDue && this.#lock) await this.#backUp();
    await this.#lock?.release();
    this.#lock = null;
  }

  #startFlushing(): void {
    this.#isFlushing = true;
    void this.#exclusive(async () => {
      while (this.#queue.length > 0) await this.#flush();
      this.#isFlushing = false;
    });
  }

  /** Applies everything that waits and writes it once. Nothing is visible before it is durable. */
  async #flush(): Promise<void> {
    // Updates asked for in the same turn, or by those that were just acknowledged, join this flush.
    await nextTurn();
    const batch = this.#queue;
    this.#queue = [];
    let waiting = batch;
    try {
      for (let round = 1; ; round += 1) {
        const refusal = this.#refusalWhileOpen() ?? this.#file.refusal ?? (await this.#own());
        if (refusal) throw refusal;
        const before = this.value;
        const applied = applyAll(waiting, before);
        waiting = applied.succeeded;
        if (waiting.length === 0) return;
        if (applied.next === before) break;
        if (await this.#file.write(applied.next, before)) {
          this.#adopt(applied.next);
          this.#backUpSoon();
          break;
        }
        if (round === maxRounds)
          throw new AppError("conflict", `${this.#options.file} is being changed by another program all the time.`);
        await this.#lookAround();
      }
      for (const update of waiting) update.succeed();
    } catch (error) {
      for (const update of waiting) update.fail(error);
    }
  }

  #check(next: T): T {
    const parsed = this.#options.schema.safeParse(next);
    if (parsed.success) return deepFreeze(parsed.data);
    throw new AppError("invalid_request", `The new value is not valid: ${describeIssues(parsed.error)}.`, {
      issues: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
    });
  }

  async #lookAround(): Promise<void> {
    const change = await this.#file.refresh();
    if (!this.#around.isReadOnly) await this.#file.noticeKeptCopies();
    if (!change) return;
    this.#options.logger.info("Hand edit adopted", { file: this.#options.file });
    this.#adopt(change.adopted);
    this.#backUpSoon();
  }

  #adopt(value: T): void {
    this.value = value;
    for (const listener of this.#listeners) {
      try {
        listener(value);
      } catch (error) {
        this.#options.logger.error("A listener of a store failed", { file: this.#options.file }, error);
      }
    }
  }

  /** The lock once lost stays lost; a store that closes still finishes what was asked before. */
  #refusalWhileOpen(): AppError | null {
    return this.#refusal?.code === "conflict" ? this.#refusal : null;
  }

  #loseLock(): void {
    const message = `${this.#options.file} was taken over by another process; this one no longer writes it.`;
    this.#refusal = new AppError("conflict", message, { hint: "Stop one of the two PortOS, then restart this one." });
    this.#around.problems.report("lock_lost", message);
  }

  #backUpSoon(): void {
    if (this.#around.isReadOnly) return;
    this.#isBackupDue = true;
    clearTimeout(this.#backupTimer);
    this.#backupTimer = setTimeout(() => void this.#exclusive(() => this.#backUp()), quietMs).unref();
  }

  async #backUp(): Promise<void> {
    if (!this.#isBackupDue || this.#refusalWhileOpen()) return;
    this.#isBackupDue = false;
    await this.#file.backUp(this.value);
  }

  /** Runs work on the file after all earlier work; a failure is logged and stops nothing. */
  #exclusive(work: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(work).catch((error: unknown) => {
      this.#options.logger.error("Work on a store failed", { file: this.#options.file }, error);
    });
    return this.#tail;
  }
}

/** Applies changes one after another; one that throws is rejected alone and changes nothing. */
function applyAll<T>(updates: PendingUpdate<T>[], before: T): { next: T; succeeded: PendingUpdate<T>[] } {
  let next = before;
  const succeeded = updates.filter((update) => {
    try {
      next = update.apply(next);
      return true;
    } catch (error) {
      update.fail(error);
      return false;
    }
  });
  return { next, succeeded };
}

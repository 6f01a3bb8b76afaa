import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import type { RunEvent } from "../../../contract/features/run-events.ts";
import { runIdSchema, runSchema, type Run, type RunImage } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { errorCode, makeFolder, replaceFile, syncFolder, systemDisk } from "../../../lib/durable-file.ts";
import { openJsonLog, type JsonLog } from "../../../lib/json-log.ts";
import type { Logger } from "../../../lib/logger.ts";
import { redact, redactLowered } from "../../../lib/redact.ts";
import { EventLog, readEvents } from "./event-log.ts";
import { readImage, readImages, writeImages } from "./run-images.ts";
import { runRecordSchema, type RunRecord } from "./run-record.ts";

/** A day on which the clock is set back, and an hour more: what was used of a budget of the day is known until it is over. */
const restoreWithinMs = 26 * 3_600_000;
/** Most rows of the index one page looks at, times the rounds it may take; a page of a rare filter may be short and goes on with its cursor. */
const maxScan = 2_000;
const maxRounds = 8;
const searchedCharacters = 1_000;

/** One row per run, in the order of their making: what filters need without opening the run. */
const indexRowSchema = z.object({
  id: runIdSchema,
  appId: z.string().nullable(),
  groupId: z.string().nullable(),
  providers: z.array(z.string()),
  /** Title and the beginning of the prompt, lower case, without secrets. */
  text: z.string(),
});
type IndexRow = z.output<typeof indexRowSchema>;

export interface RunQuery {
  state?: Run["state"] | undefined;
  provider?: string | undefined;
  app?: string | undefined;
  group?: string | undefined;
  text?: string | undefined;
  before?: string | undefined;
  limit: number;
}

export interface RunStoreOptions {
  /** Absolute path of `data/runs`. */
  directory: string;
  clock: Clock;
  logger: Logger;
}

/** Everything kept about runs: one folder each, an index for lists, a mark for each that has not ended. */
export class RunStore {
  readonly #options: RunStoreOptions;
  #index: Promise<JsonLog<IndexRow>> | null = null;

  constructor(options: RunStoreOptions) {
    this.#options = options;
  }

  folderOf(id: string): string {
    return join(this.#options.directory, id);
  }

  #markOf(id: string): string {
    return join(this.#options.directory, "open", id);
  }

  /** Writes a new run down. An id that is taken is a `conflict`. */
  async create(
    record: RunRecord,
    prompt: string,
    providers: string[],
    images: readonly RunImage[] = [],
  ): Promise<void> {
    const { id, title, appId, groupId } = record.run;
    const folder = this.folderOf(id);
    await makeFolder(systemDisk, this.#options.directory);
    if (await exists(this.#removedOf(id))) throw taken(id);
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) === "EEXIST") throw taken(id);
      throw error;
    }
    await replaceFile(systemDisk, join(folder, "prompt.md"), prompt);
    if (images.length > 0) await writeImages(folder, images);
    await this.markOpen(id);
    await this.save(record);
    await syncFolder(systemDisk, this.#options.directory);
    const text = `${redact(title)}\n${redact(prompt).slice(0, searchedCharacters)}`.toLowerCase();
    await (await this.#openIndex()).append({ id, appId, groupId, providers, text });
  }

  async save(record: RunRecord): Promise<void> {
    const { id } = record.run;
    await replaceFile(systemDisk, join(this.folderOf(id), "record.json"), `${JSON.stringify(record, null, 2)}\n`);
  }

  /** The record of a run, `null` when there is none or it cannot be read. */
  read(id: string): Promise<RunRecord | null> {
    return this.#readRecord(id, this.folderOf(id));
  }

  /** The same of a run that was set aside and is still there. */
  readRemoved(id: string): Promise<RunRecord | null> {
    return this.#readRecord(id, this.#removedOf(id));
  }

  #removedOf(id: string): string {
    return join(this.#options.directory, "removed", id);
  }

  async #readRecord(id: string, folder: string): Promise<RunRecord | null> {
    try {
      const text = await readFile(join(folder, "record.json"), "utf8");
      const record = runRecordSchema.parse(JSON.parse(text));
      return { ...record, run: withoutSecrets(record.run) };
    } catch (error) {
      if (errorCode(error) !== "ENOENT")
        this.#options.logger.warn("The record of a run cannot be read", { run: id, problem: String(error) });
      return null;
    }
  }

  async prompt(id: string): Promise<string> {
    try {
      return await readFile(join(this.folderOf(id), "prompt.md"), "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw notFound(id);
      throw error;
    }
  }

  /** The pictures a run was given, in order. */
  images({ id, images }: Pick<Run, "id" | "images">): Promise<RunImage[]> {
    return readImages(this.folderOf(id), images ?? []);
  }

  /** One picture a run was given, by its number from 1 on. */
  async image({ id, images }: Pick<Run, "id" | "images">, number: number): Promise<RunImage> {
    const facts = images?.[number - 1];
    if (!facts) throw new AppError("not_found", "This run was given no such picture");
    return readImage(this.folderOf(id), facts, number);
  }

  openEvents(id: string, onWritten: (events: RunEvent[]) => void): Promise<EventLog> {
    return EventLog.open(join(this.folderOf(id), "events"), onWritten);
  }

  readEvents(id: string, after: number, limit: number): Promise<RunEvent[]> {
    return readEvents(join(this.folderOf(id), "events"), after, limit);
  }

  async markOpen(id: string): Promise<void> {
    await makeFolder(systemDisk, join(this.#options.directory, "open"));
    await writeFile(this.#markOf(id), "", { mode: 0o600 });
    await syncFolder(systemDisk, join(this.#options.directory, "open"));
  }

  async markEnded(id: string): Promise<void> {
    await rm(this.#markOf(id), { force: true });
  }

  /** Ids of the runs that had not ended when the process last wrote. */
  async openIds(): Promise<string[]> {
    return (await namesIn(join(this.#options.directory, "open"))).filter((id) => runIdSchema.safeParse(id).success);
  }

  /** One page, newest first. `live` gives the present state of runs that have not ended. */
  async page(query: RunQuery, live: (id: string) => Run | null): Promise<{ items: Run[]; next: string | null }> {
    const index = await this.#openIndex();
    const text = query.text?.toLowerCase();
    const match = (row: IndexRow): boolean =>
      (query.app === undefined || row.appId === query.app) &&
      (query.group === undefined || row.groupId === query.group) &&
      (query.provider === undefined || row.providers.includes(query.provider)) &&
      // What has become known as a secret later is not to be found, either; that is looked at where it matters.
      (text === undefined || (row.text.includes(text) && redactLowered(row.text).includes(text)));
    const items: Run[] = [];
    let before = query.before;
    for (let round = 1; ; round += 1) {
      const limit = Math.max(query.limit, 20);
      const page = await index.page({ limit, match, maxScan, ...(before === undefined ? {} : { before }) });
      const runs = await Promise.all(page.items.map(async ({ id }) => live(id) ?? (await this.#readRun(id))));
      for (const [at, row] of page.items.entries()) {
        const run = runs[at];
        if (!run || !isWanted(run, query)) continue;
        items.push(run);
        if (items.length === query.limit) return { items, next: isLastRow(page, at) ? null : row.rowId };
      }
      if (page.next === null || round === maxRounds) return { items, next: page.next };
      before = page.next;
    }
  }

  async #readRun(id: string): Promise<Run | null> {
    try {
      const parsed = JSON.parse(await readFile(join(this.folderOf(id), "record.json"), "utf8")) as { run?: unknown };
      const run = runSchema.safeParse(parsed.run);
      return run.success ? withoutSecrets(run.data) : null;
    } catch {
      return null; // set aside, or damaged: `read` says so when it is opened
    }
  }

  /** Sets a run aside; what was set aside more than a day ago goes. */
  async remove(id: string): Promise<void> {
    const removed = join(this.#options.directory, "removed");
    await makeFolder(systemDisk, removed);
    await rename(this.folderOf(id), join(removed, id));
    const now = new Date(this.#options.clock.now());
    await utimes(join(removed, id), now, now);
    await this.#prune(removed);
  }

  /** Brings a run back. `not_found` when it is gone. */
  async restore(id: string): Promise<void> {
    try {
      await rename(this.#removedOf(id), this.folderOf(id));
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw notFound(id);
      throw error;
    }
  }

  async #prune(removed: string): Promise<void> {
    for (const id of await namesIn(removed)) {
      const state = await stat(join(removed, id)).catch(() => null);
      if (state && this.#options.clock.now() - state.mtimeMs > restoreWithinMs)
        await rm(join(removed, id), { recursive: true, force: true });
    }
  }

  #openIndex(): Promise<JsonLog<IndexRow>> {
    const { directory, clock, logger } = this.#options;
    this.#index ??= (async () => {
      await makeFolder(systemDisk, directory);
      return openJsonLog({ directory: join(directory, "index"), schema: indexRowSchema, clock, logger });
    })();
    this.#index.catch(() => {
      this.#index = null; // the next call tries again
    });
    return this.#index;
  }

  async close(): Promise<void> {
    const index = await this.#index?.catch(() => null);
    await index?.close();
  }
}

/** Its title may hold what became known as a secret later. */
function withoutSecrets(run: Run): Run {
  return { ...run, title: redact(run.title) };
}

function isWanted(run: Run, query: RunQuery): boolean {
  if (query.state !== undefined && run.state !== query.state) return false;
  const { provider } = query;
  return provider === undefined || run.attempts.length === 0 || run.attempts.some((one) => one.providerId === provider);
}

function isLastRow(page: { items: unknown[]; next: string | null }, at: number): boolean {
  return page.next === null && at === page.items.length - 1;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function taken(id: string): AppError {
  return new AppError("conflict", `There is a run ${id} already`);
}

/** What is thrown for a run nobody knows. */
export function notFound(id: string): AppError {
  return new AppError("not_found", `There is no run ${id}`);
}

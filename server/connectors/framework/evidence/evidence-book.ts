import {
  evidenceIntentSchema,
  evidenceRecordSchema,
  type EvidenceFilter,
  type EvidenceIntent,
  type EvidenceProof,
  type EvidenceRecord,
  type EvidenceStatistics,
  type EvidenceView,
} from "../../../../contract/features/evidence.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { systemDisk } from "../../../../lib/durable-file.ts";
import { describeIssues } from "../../../../lib/json-document.ts";
import type { LogExtent, LogRow, OpenJsonLog } from "../../../../lib/json-log.ts";
import { copyLog } from "../../../../lib/json-log-copy.ts";
import { verifyChain } from "../../../../lib/json-log-verify.ts";
import type { Logger } from "../../../../lib/logger.ts";
import { createRandomNumbers } from "../../../../lib/random-numbers.ts";
import { toQuery, toRange } from "./evidence-filter.ts";
import { unknownEnd, type EvidenceRow } from "./evidence-row.ts";
import { toStatistics } from "./evidence-statistics.ts";
import { findUnended } from "./find-unended.ts";
import { redactIntent, redactRecord } from "./redact-record.ts";
import { isSureIntent, isSureRecord } from "./sure-record.ts";

/** The longest a call may take once it has left, in milliseconds: what began earlier is not looked for after a restart. */
export const longestCallMs = 15 * 60_000;

const retryMs = 5_000;
/** Most rows looked at for one page with a filter the index does not know. */
const maxScan = 20_000;
const exportPage = 500;

const looseRecord = evidenceRecordSchema.strip();
const looseIntent = evidenceIntentSchema.strip();

/**
 * The record of every call to the outside, append-only and chained. A call that leaves is written twice: before, so that it
 * does not happen unseen whatever comes after, and when it has ended.
 */
export interface EvidenceBook {
  /** An id for a call that is going to be judged. */
  newId(): string;
  /**
   * Resolves when it is on disk that the call is about to leave. Rejects, as on a full disk, and then it must not: calls that
   * change something wait for the disk itself, reads only for what survives the end of the process.
   */
  begin(intent: EvidenceIntent): Promise<void>;
  /**
   * How a call ended, or that it was refused before it left. Resolves when that would survive the end of the process; the disk
   * itself has it soon after, and nobody waits for that: were it lost with the power, the call would be found without an end.
   * What cannot be written now is kept and tried again, and no further call begins before; the promise rejects all the same.
   */
  append(record: EvidenceRecord): Promise<void>;
  /** Whoever reads the book waits for this as well: a record that is about to be appended. */
  expect(appending: Promise<void>): Promise<void>;
  page(filter: EvidenceFilter & { before?: string | undefined; limit: number }): Promise<EvidencePage>;
  get(id: string): Promise<EvidenceView>;
  /** Every record that fits, newest first. */
  all(filter: EvidenceFilter): AsyncGenerator<EvidenceView>;
  statistics(range: { from?: string | undefined; to?: string | undefined }): Promise<EvidenceStatistics>;
  verify(signal?: AbortSignal): Promise<EvidenceProof>;
  extent(): Promise<LogExtent>;
  /** What `prune` would remove now. */
  wouldPrune(keepDays: number): Promise<LogExtent>;
  /** Every row of the chain as it is stored, oldest first. */
  chain(): AsyncGenerator<Buffer>;
  /** Removes days older than `keepDays`; the chain says so and can still be proved. */
  prune(keepDays: number): Promise<void>;
  /** Tries a last time to write what could not be written. The log is closed by who opened it. */
  stop(): Promise<void>;
}

export interface EvidencePage {
  items: EvidenceView[];
  next: string | null;
  underWay: EvidenceIntent[];
  /** How far was looked for this page. */
  searched: { rows: number; to: string | null };
}

export interface EvidenceBookOptions {
  log: OpenJsonLog<EvidenceRow>;
  /** Where the log is. */
  directory: string;
  clock: Clock;
  logger: Logger;
}

/** Opens the book: calls that were under way when the process ended get their end, `unknown`. */
export async function openEvidenceBook(options: EvidenceBookOptions): Promise<EvidenceBook> {
  const { log, logger } = options;
  const book = new Book(options);
  try {
    for (const intent of await findUnended(log, 2 * longestCallMs)) await book.end(unknownEnd(intent));
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    logger.error("What became of calls could not be written", { code: error.code }, error); // kept and tried again
  }
  return {
    newId: () => book.newId(),
    begin: (intent) => book.begin(intent),
    append: (record) => book.append(record),
    expect: (appending) => book.expect(appending),
    page: (filter) => book.page(filter),
    get: (id) => book.get(id),
    all: (filter) => book.all(filter),
    async statistics(range) {
      await book.written();
      return toStatistics(await log.tally(toRange(range)));
    },
    verify: (signal) => book.verify(signal),
    extent: () => log.extent(),
    wouldPrune: (keepDays) => log.wouldPrune(keepDays),
    chain: () => copyLog({ disk: systemDisk, directory: options.directory }),
    prune: (keepDays) => log.prune(keepDays),
    stop: () => book.stop(),
  };
}

class Book {
  readonly #options: EvidenceBookOptions;
  readonly #underWay = new Map<string, EvidenceIntent>();
  /** Ends that could not be written, by id of the call. */
  readonly #unwritten = new Map<string, EvidenceRecord>();
  /** Ends that are being written. */
  readonly #ending = new Set<Promise<void>>();
  readonly #random = createRandomNumbers();
  #retry: NodeJS.Timeout | null = null;
  #writing: Promise<void> | null = null;
  #verifying: Promise<EvidenceProof> | null = null;

  constructor(options: EvidenceBookOptions) {
    this.#options = options;
  }

  newId(): string {
    const time = this.#options.clock.now().toString(36).padStart(9, "0").slice(-9);
    const random = this.#random.next().toString(36).padStart(10, "0").slice(-10);
    return `e${time}${random}`;
  }

  async begin(intent: EvidenceIntent): Promise<void> {
    const row = redactIntent(intent);
    if (this.#unwritten.size > 0) await this.#writeKept();
    const begun = { ...row, kind: "begun" as const };
    await this.#options.log.add(begun, { isDurable: intent.effect !== "read", isChecked: isSureIntent(row) });
    this.#underWay.set(intent.id, row);
  }

  append(record: EvidenceRecord): Promise<void> {
    return this.expect(this.end(record));
  }

  expect(ending: Promise<void>): Promise<void> {
    this.#ending.add(ending);
    const done = (): void => void this.#ending.delete(ending);
    ending.then(done, done);
    return ending;
  }

  /** Resolves when what was appended before can be read, or cannot be written now. */
  async written(): Promise<void> {
    if (this.#ending.size > 0) await Promise.allSettled(this.#ending);
  }

  async end(record: EvidenceRecord): Promise<void> {
    const row = redactRecord(record);
    try {
      await this.#write(row);
    } catch (error) {
      if (!(error instanceof AppError && error.code === "invalid_request")) this.#keep(row);
      else await this.#endWithoutDetails(row, error);
      if (this.#unwritten.has(row.id)) throw error;
    }
  }

  async #write(row: EvidenceRecord): Promise<void> {
    const ended = { ...row, kind: "call" as const };
    await this.#options.log.add(ended, { isDurable: false, isChecked: isSureRecord(row) });
    this.#underWay.delete(row.id);
  }

  #keep(row: EvidenceRecord): void {
    this.#unwritten.set(row.id, row);
    this.#retry ??= setTimeout(() => void this.#tryAgain(), retryMs).unref();
  }

  /** What does not fit the record's form must not lose the call itself. */
  async #endWithoutDetails(record: EvidenceRecord, { message }: AppError): Promise<void> {
    this.#options.logger.error("A record of a call was not valid", { id: record.id });
    const said = `The record of this call was not valid and is left out: ${message}`.slice(0, 4_000);
    const row = { ...unknownEnd(toIntent(record)), code: "record_invalid", message: said };
    try {
      await this.#write(row);
    } catch {
      this.#keep(row);
    }
  }

  /** Throws when there is still no writing. */
  #writeKept(): Promise<void> {
    this.#writing ??= (async () => {
      for (const [id, row] of this.#unwritten) {
        await this.#options.log.append({ ...row, kind: "call" });
        this.#unwritten.delete(id);
        this.#underWay.delete(id);
      }
    })().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #tryAgain(): Promise<void> {
    this.#retry = null;
    try {
      await this.#writeKept();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.logger.warn("What became of calls still cannot be written", {
        calls: this.#unwritten.size,
        reason,
      });
      this.#retry = setTimeout(() => void this.#tryAgain(), retryMs).unref();
    }
  }

  async page({ before, limit, ...filter }: EvidenceFilter & { before?: string | undefined; limit: number }) {
    await this.written();
    const page = await this.#options.log.page({
      ...toQuery(filter),
      limit,
      maxScan,
      ...(before === undefined ? {} : { before }),
    });
    const underWay = before === undefined ? [...this.#underWay.values()] : [];
    const items = page.items.flatMap(toView);
    const { next, scanned: rows } = page;
    if (next === null) return { items, next, underWay, searched: { rows, to: null } };
    const oldest = items.length === limit ? items.at(-1)?.at : (await this.#options.log.read(next))?.at;
    return { items, next, underWay, searched: { rows, to: oldest ?? null } };
  }

  async get(id: string): Promise<EvidenceView> {
    const text = JSON.stringify({ id }).slice(1, -1);
    const query = {
      where: { ids: [id] },
      contains: [text, '"kind":"call"'],
      match: (row: EvidenceRow) => row.id === id,
    };
    await this.written();
    const page = await this.#options.log.page({ ...query, limit: 1, maxScan: Infinity });
    const [view] = page.items.flatMap(toView);
    if (view) return view;
    const isUnderWay = this.#underWay.has(id);
    throw new AppError("not_found", isUnderWay ? "The call has not ended yet." : "There is no record of this call.", {
      hint: isUnderWay ? "Look again in a moment." : "It may have been removed with its day.",
    });
  }

  async *all(filter: EvidenceFilter): AsyncGenerator<EvidenceView> {
    let before: string | undefined;
    do {
      const page = await this.page({ ...filter, limit: exportPage, before });
      yield* page.items;
      before = page.next ?? undefined;
    } while (before !== undefined);
  }

  /** Asked for several times at once, it is proved once. */
  verify(signal?: AbortSignal): Promise<EvidenceProof> {
    this.#verifying ??= this.#verify().finally(() => {
      this.#verifying = null;
    });
    signal?.throwIfAborted();
    return this.#verifying;
  }

  async #verify(): Promise<EvidenceProof> {
    await this.written();
    const started = performance.now();
    const report = await verifyChain({ disk: systemDisk, directory: this.#options.directory });
    return { ...report, durationMs: Math.round(performance.now() - started) };
  }

  async stop(): Promise<void> {
    await this.written();
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    if (this.#unwritten.size > 0)
      await this.#writeKept().catch((error: unknown) => {
        this.#options.logger.error("What became of calls is lost", { calls: this.#unwritten.size }, error);
      });
  }
}

function toIntent(intent: EvidenceIntent): EvidenceIntent {
  const parsed = looseIntent.safeParse(redactIntent(intent));
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", `What is to be recorded is not valid: ${describeIssues(parsed.error)}.`);
}

function toView(row: LogRow<EvidenceRow>): EvidenceView[] {
  const { link } = row;
  if (row.kind === "begun" || !link) return [];
  const record = looseRecord.parse(row);
  return [{ ...record, n: link.n, prev: link.prev, hash: link.hash, isSealed: link.isSealed }];
}

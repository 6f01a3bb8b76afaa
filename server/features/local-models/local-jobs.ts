import { randomBytes } from "node:crypto";

import type { LocalJob, LocalServerKind } from "../../../contract/features/local-models.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { JobRecord, LocalModelsFile } from "./local-models-file.ts";
import type { DownloadProgress, ModelServer } from "./model-server.ts";
import { createSpeedometer } from "./speedometer.ts";

const keepEnded = 20;
const tellEveryMs = 400;

export interface LocalJobs {
  /** Newest first. */
  list(server: LocalServerKind): LocalJob[];
  /** Written down first, then begun. Throws `conflict` when the same is under way. */
  start(server: LocalServerKind, work: NewJob): Promise<LocalJob>;
  /** Throws `not_found`, or `conflict` when it cannot be cancelled. */
  cancel(server: LocalServerKind, id: string): Promise<LocalJob>;
  /** Ends what is under way with a server that is turned off. */
  cancelAll(server: LocalServerKind, message: string): Promise<void>;
  /** Ends every download there is. Answers how many; one its server cannot be told to end goes on there and is not counted. */
  stopDownloads(reason: string): Promise<number>;
  /** After a restart: downloads go on, loads are no longer waited for. */
  resume(isEnabled: (server: LocalServerKind) => boolean): Promise<void>;
  /** Lets go of everything; downloads go on after the next start. */
  stop(): Promise<void>;
}

export interface NewJob {
  kind: LocalJob["kind"];
  model: string;
  /** Why it cannot be cancelled; `null` when it can. */
  cancelProblem: string | null;
  /** For a load: what is to be done. */
  run?: (server: ModelServer, signal: AbortSignal) => Promise<void>;
}

interface Dependencies {
  store: JsonStore<LocalModelsFile>;
  open(server: LocalServerKind): Promise<ModelServer>;
  /** While it is on nothing is begun. */
  panic: { isOn(): boolean; check(): void };
  clock: Clock;
  logger: Logger;
  onJob(server: LocalServerKind, job: LocalJob): void;
  /** A job is over: the server holds something else now. */
  onEnded(server: LocalServerKind): void;
}

interface Running {
  record: JobRecord;
  controller: AbortController;
  done: Promise<void>;
  /** What the user is told when it is cut off; `null` when the panel stops and it goes on later. */
  ending: string | null;
}

const keptText = "What was downloaded is kept: a new download goes on there.";

/** Downloads and loads, which take their time and do not need a page. */
export function createLocalJobs(dependencies: Dependencies): LocalJobs {
  const { store, open, panic, clock, logger, onJob, onEnded } = dependencies;
  const running = new Map<string, Running>();
  const now = (): string => new Date(clock.now()).toISOString();

  function begin(record: JobRecord, run: (entry: Running) => Promise<void>): void {
    const entry: Running = { record, controller: new AbortController(), done: Promise.resolve(), ending: null };
    running.set(record.job.id, entry);
    entry.done = run(entry)
      .then(() => conclude(entry, "succeeded", null))
      .catch((error: unknown) => afterFailure(entry, error))
      .catch((error: unknown) => {
        logger.error("A job with a model server could not be written down", { job: record.job.id }, error);
      });
  }

  async function afterFailure(entry: Running, error: unknown): Promise<void> {
    if (!entry.controller.signal.aborted) await conclude(entry, "failed", reasonOf(error));
    else if (entry.ending !== null) await conclude(entry, "cancelled", entry.ending);
    else running.delete(entry.record.job.id);
  }

  async function conclude(entry: Running, state: LocalJob["state"], message: string | null): Promise<void> {
    const { record } = entry;
    const job = endedJob(record.job, state, message, now());
    try {
      await keep(store, { ...record, job });
    } finally {
      running.delete(job.id);
      onJob(record.server, job);
      onEnded(record.server);
    }
  }

  async function runDownload(entry: Running): Promise<void> {
    const { server, job, remoteJob } = entry.record;
    const client = await open(server);
    await client.download({
      model: job.model,
      remoteJob,
      signal: entry.controller.signal,
      onProgress: progressTo(entry, clock, onJob),
      async onRemoteJob(name) {
        entry.record = { ...entry.record, remoteJob: name };
        await keep(store, entry.record);
      },
    });
  }

  function cut(entry: Running, ending: string | null): Promise<void> {
    entry.ending = ending;
    entry.controller.abort();
    return entry.done;
  }

  function list(server: LocalServerKind): LocalJob[] {
    return store
      .get()
      .jobs.filter((record) => record.server === server)
      .map(({ job }) => running.get(job.id)?.record.job ?? job);
  }

  return {
    list,
    async start(server, work) {
      panic.check();
      const { kind, model, run } = work;
      const same = [...running.values()].find(
        ({ record }) => record.server === server && record.job.kind === kind && record.job.model === model,
      );
      if (same)
        throw new AppError("conflict", `${model} is being ${kind === "load" ? "loaded" : "downloaded"} already`);
      const record = newRecord(server, work, now());
      await keep(store, record);
      begin(record, async (entry) => {
        if (run) await run(await open(server), entry.controller.signal);
        else await runDownload(entry);
      });
      onJob(server, record.job);
      return record.job;
    },
    async cancel(server, id) {
      const entry = running.get(id);
      const job = list(server).find((one) => one.id === id);
      if (!job) throw new AppError("not_found", "There is no such job");
      if (!entry) return job;
      if (!job.canCancel) throw new AppError("conflict", "This cannot be cancelled from here");
      const message =
        job.kind === "load" ? "It is no longer waited for; the server may finish loading it all the same." : keptText;
      await cut(entry, message);
      return list(server).find((one) => one.id === id) ?? job;
    },
    async cancelAll(server, message) {
      const own = [...running.values()].filter(({ record }) => record.server === server);
      await Promise.all(own.map((entry) => cut(entry, message)));
    },
    async stopDownloads(reason) {
      const downloads = [...running.values()].filter(
        ({ record: { job }, controller }) => job.kind === "download" && job.canCancel && !controller.signal.aborted,
      );
      await Promise.all(downloads.map((entry) => cut(entry, `${reason}. ${keptText}`)));
      return downloads.length;
    },
    async resume(isEnabled) {
      for (const record of store.get().jobs.filter(({ job }) => job.endedAt === null)) {
        const isOpen = isEnabled(record.server) && !panic.isOn();
        if (record.job.kind === "download" && isOpen) {
          begin(record, runDownload);
          continue;
        }
        const message = leftText(record.job, isEnabled(record.server));
        await keep(store, { ...record, job: endedJob(record.job, "cancelled", message, now()) });
      }
    },
    async stop() {
      await Promise.all([...running.values()].map((entry) => cut(entry, null)));
    },
  };
}

/** Why a job of before a restart is not gone on with. */
function leftText({ kind, canCancel }: LocalJob, isEnabled: boolean): string {
  if (kind === "load") return "The panel was restarted meanwhile; whether it is loaded is told by the server.";
  if (!isEnabled) return "The server is turned off here.";
  return `Everything was stopped. ${canCancel ? keptText : "The server may go on with it by itself."}`;
}

/** Puts a record first; of those that have ended only the newest are kept. */
function keep(store: JsonStore<LocalModelsFile>, record: JobRecord): Promise<void> {
  return store.update((file) => {
    const place = file.jobs.findIndex(({ job }) => job.id === record.job.id);
    const jobs = place < 0 ? [record, ...file.jobs] : file.jobs.with(place, record);
    const dropped = new Set(jobs.filter(({ job }) => job.endedAt !== null).slice(keepEnded));
    return { next: { ...file, jobs: jobs.filter((entry) => !dropped.has(entry)) }, result: undefined };
  });
}

function newRecord(server: LocalServerKind, { kind, model, cancelProblem }: NewJob, startedAt: string): JobRecord {
  return {
    server,
    remoteJob: null,
    job: {
      id: `job-${randomBytes(6).toString("hex")}`,
      kind,
      model,
      state: "running",
      status: kind === "load" ? "loading" : "starting",
      receivedBytes: null,
      totalBytes: null,
      bytesPerSecond: null,
      startedAt,
      endedAt: null,
      message: null,
      canCancel: cancelProblem === null,
    },
  };
}

function endedJob(job: LocalJob, state: LocalJob["state"], message: string | null, endedAt: string): LocalJob {
  const receivedBytes = state === "succeeded" ? job.totalBytes : job.receivedBytes;
  return { ...job, state, message, endedAt, receivedBytes, canCancel: false, bytesPerSecond: null };
}

/** Keeps the record current with each sign of progress and tells of it now and then, of a turn at once. */
function progressTo(entry: Running, clock: Clock, onJob: Dependencies["onJob"]): (progress: DownloadProgress) => void {
  const speed = createSpeedometer(() => clock.monotonic());
  let toldAt = -Infinity;
  return (progress) => {
    const { status, receivedBytes, totalBytes, isPaused = false } = progress;
    const before = entry.record.job;
    const state = isPaused ? "paused" : "running";
    const measured = speed(receivedBytes);
    const bytesPerSecond = progress.bytesPerSecond ?? measured;
    const job: LocalJob = { ...before, state, status, receivedBytes, totalBytes, bytesPerSecond };
    entry.record = { ...entry.record, job };
    if (state === before.state && status === before.status && clock.monotonic() - toldAt < tellEveryMs) return;
    toldAt = clock.monotonic();
    onJob(entry.record.server, job);
  };
}

function reasonOf(error: unknown): string {
  const hint = error instanceof AppError && error.hint !== undefined ? ` ${error.hint}` : "";
  return `${error instanceof Error ? error.message : String(error)}${hint}`;
}

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { RunEvent } from "../../contract/features/run-events.ts";
import type { Run } from "../../contract/features/runs.ts";
import type { RunsMessage, RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { looksLikeSecret, registerSecret } from "../../lib/redact.ts";
import {
  createRunPursuit,
  failedWith,
  interrupted,
  type Conclusion,
  type PursuitOptions,
  type Pursued,
  type RunPursuit,
} from "./run-pursuit.ts";
import { chooseNext, defaultLimits, type Queued, type QueueLimits } from "./run-queue.ts";
import { leftoverOf } from "./run-recovery.ts";
import { RunTask } from "./run-task.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";
import { notFound, type RunQuery } from "./store/run-store.ts";
import { noUsage } from "./usage.ts";

export interface RunEngineOptions extends PursuitOptions {
  clock: Clock;
  /** Lets `redact` know the secrets of the data folder. */
  refreshSecrets: () => Promise<void>;
  limits?: QueueLimits;
}

const tickMs = 250;
const waitsForSlot = "Waits for a free slot";
const waitsForTargets = "Waits for portos-server, which knows who is to be asked";
const afterInterruption = "You were interrupted. Look at what is done already, then go on with the task.";

/** Every run of this machine: queued, running, waiting; the ended ones are in the store. */
export class RunEngine {
  readonly #options: RunEngineOptions;
  readonly #pursuit: RunPursuit;
  readonly #tasks = new Map<string, RunTask>();
  readonly #opening = new Map<string, Promise<RunTask>>();
  readonly #finishing = new Map<string, Promise<void>>();
  readonly #active = new Map<string, Promise<void>>();
  readonly #listeners = new Set<(message: RunsMessage) => void>();
  #ticker: NodeJS.Timeout | null = null;
  #isClosing = false;
  #limits: QueueLimits;
  #startCount = 0;

  constructor(options: RunEngineOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
    this.#pursuit = createRunPursuit(options);
  }

  /** Takes up what a former process left: running children are adopted, queued runs wait on, what was cut off is interrupted. */
  async recover(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#options.refreshSecrets();
    for (const id of ids) {
      const record = await this.#options.store.read(id);
      if (record === null || !isOpen(record.run)) await this.#options.store.markEnded(id);
      else await this.#takeUp(record);
    }
  }

  onMessage(listener: (message: RunsMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get openCount(): number {
    return this.#tasks.size;
  }

  /** How many may run at once from now on; what runs goes on. */
  setLimits(limits: QueueLimits): void {
    this.#limits = limits;
    this.#pump();
  }

  async list(query: RunQuery & { isOpen?: boolean | undefined }): Promise<{ items: Run[]; next: string | null }> {
    if (query.isOpen !== true) return this.#options.store.page(query, (id) => this.#tasks.get(id)?.view() ?? null);
    const items = [...this.#tasks.values()].map((task) => task.view());
    return { items: items.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)), next: null };
  }

  async get(id: string): Promise<Run> {
    const run = this.#tasks.get(id)?.view() ?? (await this.#options.store.read(id))?.run;
    if (!run) throw notFound(id);
    return run;
  }

  async text(id: string): Promise<{ text: string }> {
    return { text: await this.#options.store.prompt(id) };
  }

  async events(id: string, after: number, limit: number): Promise<{ events: RunEvent[]; last: number }> {
    const { eventCount } = await this.get(id);
    const events = after >= eventCount ? [] : await this.#options.store.readEvents(id, after, limit);
    return { events, last: Math.max(eventCount, events.at(-1)?.number ?? 0) };
  }

  /** Writes the run down and queues it. */
  async start(spec: RunSpec): Promise<Run> {
    const { store } = this.#options;
    if (this.#isClosing) throw new AppError("unavailable", "portos-cos is being stopped");
    if (this.#tasks.has(spec.id)) throw new AppError("conflict", `There is a run ${spec.id} already`);
    if (spec.folder !== null) await checkFolder(spec.folder);
    const record = newRecord(spec, store.folderOf(spec.id), this.#options.clock);
    await store.create(record, spec.text, [...new Set(spec.targets.map(({ providerId }) => providerId))]);
    if (spec.folder === null) await mkdir(record.run.folder, { recursive: true, mode: 0o700 });
    const task = await this.#open(record);
    await this.#queue(task, spec.targets);
    return task.view();
  }

  /** A further message for the same agent session: taken when the present turn ends, or at once. */
  async say(id: string, text: string, targets: readonly RunTarget[]): Promise<Run> {
    const task = await this.#reopen(id);
    if (task.record.engine === "terminal")
      throw new AppError("conflict", "This run is a terminal", { hint: "Open the terminal and type there." });
    task.record.unsaid.push(text);
    if (isOpen(task.run)) {
      await task.save();
      return task.view();
    }
    await this.#queue(task, this.#targetOfLast(task.run, targets));
    return task.view();
  }

  async answer(id: string, answer: { requestId: string; optionId: string | null; by: string; reason: string | null }) {
    const task = this.#tasks.get(id);
    if (!task) throw new AppError("conflict", "This run asks nothing any more");
    await task.answer(answer.requestId, answer.optionId, answer.by, answer.reason);
    return task.view();
  }

  /** Ends a run: interrupt, terminate, kill, the whole process tree. One that has ended stays as it is. */
  async stop(id: string, reason: string | null): Promise<Run> {
    const task = this.#tasks.get(id);
    if (!task) return this.get(id);
    const message = reason ?? "Stopped by the user";
    task.record.stopReason = message;
    task.end({ kind: "user", message });
    if (this.#active.has(id)) await task.save();
    else await this.#finish(task, { state: "cancelled", message, failure: "cancelled" });
    return task.view();
  }

  async resume(id: string, targets: readonly RunTarget[]): Promise<Run> {
    const task = await this.#reopen(id);
    if (isOpen(task.run)) return task.view();
    if (task.record.unsaid.length === 0) task.record.unsaid.push(afterInterruption);
    const isFresh = task.run.attempts.length === 0;
    await this.#queue(task, isFresh ? targets : this.#targetOfLast(task.run, targets));
    return task.view();
  }

  /** Runs that lost those to be asked, who are kept in memory only; `isFollowUp`: somebody has answered in it before. */
  wanting(): { id: string; isFollowUp: boolean }[] {
    return [...this.#tasks.values()].flatMap((task) =>
      isWanting(task) ? [{ id: task.run.id, isFollowUp: isFollowUp(task) }] : [],
    );
  }

  /** Says again who is to be asked; without anybody a run that waits for it is interrupted, because of `problem`. */
  async supply(id: string, targets: readonly RunTarget[], problem: string | null): Promise<Run> {
    const task = this.#tasks.get(id);
    if (!task) return this.get(id);
    if (!isWanting(task)) return task.view();
    knowSecrets(targets);
    task.targets = targets;
    if (this.#active.has(id)) return task.view();
    if (targets.length > 0) {
      await task.setState("queued", waitsForSlot);
      this.#pump();
    } else {
      const failed = task.triedInTurn().at(-1);
      const end = failed ? failedWith(failed) : interrupted(problem ?? "Nobody is there to ask");
      await this.#finish(task, end);
    }
    return task.view();
  }

  async remove(id: string): Promise<Run> {
    await this.#finishing.get(id);
    if (this.#tasks.has(id) || this.#opening.has(id))
      throw new AppError("conflict", "The run has not ended", { hint: "Stop it first." });
    const run = await this.get(id);
    await this.#options.store.remove(id);
    this.#publish({ kind: "removed", id });
    return run;
  }

  async restore(id: string): Promise<Run> {
    await this.#options.store.restore(id);
    const run = await this.get(id);
    this.#publish({ kind: "run", run });
    return run;
  }

  /** Lets go of detached children, interrupts the rest, and has everything on disk when it resolves. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#ticker) clearInterval(this.#ticker);
    for (const id of this.#active.keys())
      this.#tasks.get(id)?.end({ kind: "closing", message: "portos-cos was stopped" });
    await Promise.all(this.#active.values());
    await Promise.all([...this.#tasks.values()].map((task) => task.close()));
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────

  #publish(message: RunsMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  async #open(record: RunRecord): Promise<RunTask> {
    const { store, clock, logger } = this.#options;
    const task = new RunTask({
      record,
      store,
      clock,
      publish: (message) => {
        this.#publish(message);
      },
      onProblem: (error) => {
        logger.error("A run cannot be written", { run: record.run.id }, error);
      },
    });
    await task.open();
    this.#tasks.set(record.run.id, task);
    return task;
  }

  /** An open run as it is, or an ended one made ready to go on. Throws `conflict` when it cannot. */
  async #reopen(id: string): Promise<RunTask> {
    await this.#finishing.get(id);
    const known = this.#tasks.get(id) ?? (await this.#opening.get(id));
    if (known) return known;
    const opening = (async () => {
      const record = await this.#options.store.read(id);
      if (record === null) throw notFound(id);
      if (!record.run.canContinue)
        throw new AppError("conflict", "This run cannot be continued", {
          hint: "Its agent keeps no session. Start the same prompt again.",
        });
      return this.#open(record);
    })();
    this.#opening.set(id, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(id);
    }
  }

  #targetOfLast(run: Run, targets: readonly RunTarget[]): RunTarget[] {
    const last = run.attempts.at(-1);
    const same = targets.filter(({ providerId }) => providerId === last?.providerId);
    const target = same.find(({ model }) => model === last?.model) ?? same[0];
    if (!target)
      throw new AppError("conflict", `${last?.providerName ?? "Its provider"} is not available any more`, {
        hint: "Turn the provider on again, or start the same prompt with another one.",
      });
    return [{ ...target, reason: "Follow-up message" }];
  }

  async #queue(task: RunTask, targets: readonly RunTarget[]): Promise<void> {
    knowSecrets(targets);
    task.targets = targets;
    task.ending = null;
    task.record.stopReason = null;
    Object.assign(task.run, { failure: null, endedAt: null });
    await this.#options.store.markOpen(task.run.id);
    await task.setState("queued", waitsForSlot);
    this.#pump();
  }

  #pump(): void {
    if (this.#isClosing) return;
    for (;;) {
      const tasks = [...this.#tasks.values()];
      const waiting = tasks
        .filter(({ run, targets }) => run.state === "queued" && targets.length > 0 && !this.#active.has(run.id))
        .map(toQueued);
      // Who waits for an answer keeps nobody else from working.
      const running = tasks.filter(({ run }) => this.#active.has(run.id) && run.state !== "waiting").map(toQueued);
      const next = chooseNext(waiting, running, this.#limits, this.#startCount);
      const task = next && this.#tasks.get(next.id);
      if (!task) return;
      this.#startCount += 1;
      this.#activate(task, async () => {
        await this.#options.refreshSecrets();
        task.run.startedAt ??= task.now();
        return this.#pursuit.pursue(task);
      });
    }
  }

  #activate(task: RunTask, work: () => Promise<Pursued>): void {
    const { id } = task.run;
    const { logger } = this.#options;
    const done = work()
      .catch((error: unknown): Conclusion => {
        logger.error("A run broke", { run: id }, error);
        return { state: "failed", message: "Internal error", failure: "crashed" };
      })
      .then((end) => this.#settle(task, end))
      .catch((error: unknown) => {
        logger.error("A run could not be ended", { run: id }, error);
      })
      .finally(() => {
        this.#active.delete(id);
        if (this.#active.size === 0 && this.#ticker) {
          clearInterval(this.#ticker);
          this.#ticker = null;
        }
        this.#pump();
      });
    this.#active.set(id, done);
    this.#ticker ??= setInterval(() => {
      this.#tick();
    }, tickMs);
  }

  #tick(): void {
    for (const id of this.#active.keys()) {
      const task = this.#tasks.get(id);
      const attempt = task?.run.attempts.at(-1);
      if (task?.running) task.checkLimits((attempt && task.targetOf(attempt)?.timeoutMs) ?? null);
    }
    this.#pump();
  }

  /** A message that came at the very end starts the next turn. */
  async #settle(task: RunTask, end: Pursued): Promise<void> {
    if (end === null) return;
    if (end === "next" || (end.state === "succeeded" && task.record.unsaid.length > 0)) await this.#waitOn(task);
    else await this.#finish(task, end);
  }

  /** Back into the queue; who is to be asked is asked for where it is not known. */
  async #waitOn(task: RunTask): Promise<void> {
    const isKnown = task.targets.length > 0;
    await task.setState("queued", isKnown ? waitsForSlot : waitsForTargets);
    if (!isKnown) this.#publish({ kind: "wanting", id: task.run.id });
  }

  #finish(task: RunTask, conclusion: Conclusion): Promise<void> {
    const { id } = task.run;
    const done = this.#writeEnd(task, conclusion).finally(() => this.#finishing.delete(id));
    this.#finishing.set(
      id,
      done.catch(() => undefined), // who waits for it wants to know that it is over
    );
    return done;
  }

  async #writeEnd(task: RunTask, { state, message, failure }: Conclusion): Promise<void> {
    const { run } = task;
    task.denyAll("The run has ended");
    Object.assign(run, { endedAt: task.now(), failure });
    task.record.turn = null;
    if (state === "interrupted") run.canContinue = run.attempts.length === 0 || run.agentSessionId !== null;
    else task.record.unsaid = [];
    await task.setState(state, message);
    await task.close();
    this.#tasks.delete(run.id);
    await this.#options.store.markEnded(run.id);
    this.#options.logger.info("Run ended", { run: run.id, state, failure });
  }

  async #takeUp(record: RunRecord): Promise<void> {
    const task = await this.#open(record);
    const { run } = task;
    run.pending = [];
    const goOn = await this.#pursuit.adopt(task);
    if (goOn !== null) {
      task.event({
        kind: "notice",
        level: "info",
        text: "portos-cos was restarted; this run went on and was found again.",
      });
      if (record.stopReason !== null) task.end({ kind: "user", message: record.stopReason });
      this.#activate(task, goOn);
      return;
    }
    const { attempt, end } = leftoverOf(record, this.#options.mayFallBack);
    const cut = run.attempts.at(-1);
    if (attempt !== null && cut) await task.endAttempt(cut, attempt);
    if (end !== null) await this.#finish(task, end);
    else await this.#waitOn(task);
  }
}

/** Who is to be asked is not known any more since portos-cos was restarted. */
function isWanting({ targets, running, run }: RunTask): boolean {
  return targets.length === 0 && (running !== null || run.state === "queued");
}

/** Whoever answered before is asked again, and nobody else. */
function isFollowUp({ record, run }: RunTask): boolean {
  return record.turn === null ? run.attempts.length > 0 : record.turn.firstAttempt > 1;
}

function toQueued(task: RunTask): Queued {
  const { id, source, appId, attempts } = task.run;
  const provider = task.running ? attempts.at(-1)?.providerId : task.targets[0]?.providerId;
  const isByHand = source.kind === "user" || source.kind === "test";
  const rank = isByHand ? 0 : ranks[task.record.priority];
  return { id, lane: `${source.kind}:${appId ?? ""}`, appId, provider: provider ?? "", rank };
}

const ranks: Record<RunRecord["priority"], number> = { urgent: 0, high: 1, normal: 2, low: 3 };

function newRecord(spec: RunSpec, ownFolder: string, clock: Clock): RunRecord {
  const { text: _text, targets: _targets, setup: _setup, folder, priority, ...facts } = spec;
  return {
    version: 1,
    run: {
      ...facts,
      folder: folder ?? join(ownFolder, "work"),
      worktree: null,
      state: "created",
      createdAt: new Date(clock.now()).toISOString(),
      startedAt: null,
      endedAt: null,
      attempts: [],
      usage: noUsage,
      message: null,
      failure: null,
      pending: [],
      agentSessionId: null,
      sessionId: null,
      canContinue: false,
      eventCount: 0,
      lastEventAt: null,
    },
    priority,
    engine: null,
    agent: null,
    child: null,
    unsaid: [null],
    turn: null,
    stopReason: null,
  };
}

/** Secrets of targets are removed from everything that is written from now on. */
function knowSecrets(targets: readonly RunTarget[]): void {
  for (const target of targets) {
    if (target.engine === "api") {
      if (target.apiKey !== null) registerSecret(target.apiKey);
      continue;
    }
    for (const [name, value] of Object.entries(target.environment))
      if (looksLikeSecret(name, value)) registerSecret(value);
  }
}

async function checkFolder(folder: string): Promise<void> {
  const state = await stat(folder).catch(() => null);
  if (!state?.isDirectory()) throw new AppError("not_found", `There is no folder ${folder}`);
}

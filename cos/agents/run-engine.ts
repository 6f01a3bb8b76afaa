import { mkdir } from "node:fs/promises";

import type { RunEvent } from "../../contract/features/run-events.ts";
import type { Run, RunImage } from "../../contract/features/runs.ts";
import type { AskedStop, RunsMessage, RunSpec, RunTarget } from "../../contract/internal/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Clock } from "../../lib/clock.ts";
import { endProblem, forEachRun, type Unwritten } from "./each-run.ts";
import type { RunIsolation } from "./run-isolation.ts";
import { conclusionOf, failedWith, interrupted, isOverBudget, stoppedText, type Conclusion } from "./ending.ts";
import { createRunPursuit, type PursuitOptions, type Pursued, type RunPursuit } from "./run-pursuit.ts";
import {
  checkFolder,
  askedAgain,
  followUpTarget,
  isFollowUp,
  isWanting,
  knowSecrets,
  refuseResume,
  refuseTerminal,
  newRecord,
  sayAfterInterruption,
  targetsAgain,
  unsaidOnceMore,
  unsaidWith,
} from "./run-intake.ts";
import { defaultLimits, type QueueLimits } from "./run-queue.ts";
import { nextWaitMs, recoverRuns } from "./recover-runs.ts";
import { RunSlots } from "./run-slots.ts";
import { RunTask } from "./run-task.ts";
import { isOpen, type RunRecord } from "./store/run-record.ts";
import { notFound, type RunQuery } from "./store/run-store.ts";

export interface RunEngineOptions extends PursuitOptions {
  clock: Clock;
  /** Lets `redact` know the secrets of the data folder. */
  refreshSecrets: () => Promise<void>;
  limits?: QueueLimits;
  isolation: RunIsolation;
}

const waitsForSlot = "Waits for a free slot";
/** A process that is still there so long after everything was interrupted is not being stopped. */
const stopsWithinMs = 120_000;
const waitsForTargets = "Waits for portos-server, which knows who is to be asked";

/** Every run of this machine: queued, running, waiting; the ended ones are in the store. */
export class RunEngine {
  readonly #options: RunEngineOptions;
  readonly #pursuit: RunPursuit;
  readonly #tasks = new Map<string, RunTask>();
  readonly #opening = new Map<string, Promise<RunTask>>();
  readonly #finishing = new Map<string, Promise<void>>();
  /** Ends the disk has refused so far. */
  readonly #unwritten = new Map<string, Unwritten>();
  readonly #slots: RunSlots;
  readonly #listeners = new Set<(message: RunsMessage) => void>();
  #isClosing = false;
  /** For good. */
  #isClosed = false;
  /** Why every run was interrupted, while nobody may start. */
  #interruption: string | null = null;

  constructor(options: RunEngineOptions) {
    this.#options = options;
    this.#pursuit = createRunPursuit(options);
    this.#slots = new RunSlots({
      tasks: this.#tasks,
      limits: options.limits ?? defaultLimits,
      work: (task) => this.#work(task),
      settle: (task, end) => this.#settle(task, end),
      isBeingEnded: (id) => this.#finishing.has(id) || this.#unwritten.has(id),
      logger: options.logger,
    });
  }

  /** Takes up what a former process left: running children are adopted, queued runs wait on, what was cut off is interrupted. */
  async recover(ids: readonly string[]): Promise<void> {
    await this.#options.refreshSecrets();
    await recoverRuns(ids, {
      ...this.#options,
      pursuit: this.#pursuit,
      open: (record) => this.#open(record),
      drop: (id) => this.#tasks.delete(id),
      isKnown: (id) => this.#tasks.has(id) || this.#opening.has(id),
      mayStart: () => (this.#isClosed ? "never" : this.#isClosing ? "later" : "now"),
      occupy: (task, work) => {
        this.#slots.occupy(task, work);
      },
      finish: (task, end) => this.#finish(task, end),
      waitOn: (task) => this.#waitOn(task),
    });
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
    this.#slots.setLimits(limits);
  }

  async list(query: RunQuery & { isOpen?: boolean | undefined }): Promise<{ items: Run[]; next: string | null }> {
    if (query.isOpen !== true) return this.#options.store.page(query, (id) => this.#tasks.get(id)?.view() ?? null);
    const items = [...this.#tasks.values()].map((task) => task.view());
    return { items: items.toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)), next: null };
  }

  /** A run that has not ended, as it is now. */
  peek(id: string): Run | null {
    return this.#tasks.get(id)?.view() ?? null;
  }

  async get(id: string): Promise<Run> {
    const run = this.#tasks.get(id)?.view() ?? (await this.#options.store.read(id))?.run;
    if (!run) throw notFound(id);
    return run;
  }

  /** The same of one that was set aside in the last day. */
  async recall(id: string): Promise<Run> {
    const { store } = this.#options;
    const run = this.#tasks.get(id)?.view() ?? ((await store.read(id)) ?? (await store.readRemoved(id)))?.run;
    if (!run) throw notFound(id);
    return run;
  }

  /** What a run was given. */
  async given(id: string): Promise<{ text: string; images?: RunImage[] }> {
    const { store } = this.#options;
    const [text, images] = [await store.prompt(id), await store.images(await this.get(id))];
    return images.length === 0 ? { text } : { text, images };
  }

  async events(id: string, after: number, limit: number): Promise<{ events: RunEvent[]; last: number }> {
    const { eventCount } = await this.get(id);
    const events = after >= eventCount ? [] : await this.#options.store.readEvents(id, after, limit);
    return { events, last: Math.max(eventCount, events.at(-1)?.number ?? 0) };
  }

  /** Writes the run down and queues it. */
  async start(spec: RunSpec): Promise<Run> {
    const { store } = this.#options;
    this.#refuseWhenClosing();
    if (this.#tasks.has(spec.id)) throw new AppError("conflict", `There is a run ${spec.id} already`);
    if (spec.folder !== null) await checkFolder(spec.folder);
    await this.#options.isolation.check(spec.folder, spec.isolation);
    // Before anything of it is written down but the prompt itself.
    await this.#options.refreshSecrets();
    knowSecrets(spec.targets);
    const record = newRecord(spec, store.folderOf(spec.id), this.#options.clock);
    const providers = [...new Set(spec.targets.map(({ providerId }) => providerId))];
    await store.create(record, spec.text, providers, spec.images);
    if (spec.folder === null) await mkdir(record.run.folder, { recursive: true, mode: 0o700 });
    const task = await this.#open(record);
    await this.#queue(task, spec.targets);
    return task.view();
  }

  /** A further message for the same agent session: taken when the present turn ends, or at once. */
  async say(id: string, text: string, targets: readonly RunTarget[]): Promise<Run> {
    const { task, isNew } = await this.#goOn(id, targets, async (record) => {
      refuseTerminal(record);
      record.unsaid = await unsaidWith(record, text, () => this.#options.store.prompt(id));
    });
    if (isNew) return task.view();
    refuseTerminal(task.record);
    task.record.unsaid.push(text);
    await task.save();
    return task.view();
  }

  async answer(id: string, answer: { requestId: string; optionId: string | null; by: string; reason: string | null }) {
    const task = this.#tasks.get(id);
    if (!task) throw new AppError("conflict", "This run asks nothing any more");
    await task.answer(answer.requestId, answer.optionId, answer.by, answer.reason);
    return task.view();
  }

  /** Ends a run: interrupt, terminate, kill, the whole process tree. One that has ended stays as it is. */
  async stop(id: string, reason: string | null, kind: AskedStop = "user"): Promise<Run> {
    const task = this.#tasks.get(id);
    if (!task) return this.get(id);
    const said = reason ?? "Stopped by the user";
    const stop = { kind, message: said };
    if (isOverBudget(stop)) stop.message = stoppedText(said);
    if (!this.#unwritten.has(id)) task.end(stop); // else it is over, and only that is to be written down
    if (this.#slots.has(id)) await task.save();
    else await this.#finish(task, conclusionOf(stop));
    return task.view();
  }

  /** Throws `conflict` unless it is interrupted: whoever asks looks at what it was a while ago. */
  async resume(id: string, targets: readonly RunTarget[]): Promise<Run> {
    const { task, isNew } = await this.#goOn(id, targets, (record) => {
      refuseResume(record.run);
      record.unsaid = sayAfterInterruption(record);
    });
    if (!isNew) refuseResume(task.run);
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
    if (!isWanting(task) || this.#unwritten.has(id)) return task.view();
    knowSecrets(targets);
    const again = isFollowUp(task) ? followUpTarget(task.run, targets) : null;
    task.targets = again ? askedAgain(task.record, [again]) : targets;
    if (this.#slots.has(id)) {
      if (targets.length > 0 || task.run.state !== "queued") return task.view();
      // It asked a moment ago and is still leaving its slot.
      await this.#slots.left(id);
      return this.supply(id, targets, problem);
    }
    if (targets.length > 0) {
      await task.setState("queued", waitsForSlot);
      this.#slots.fill();
    } else {
      const failed = task.triedInTurn().at(-1);
      await this.#finish(task, failed ? failedWith(failed) : interrupted(problem ?? "Nobody is there to ask"));
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

  /** Ends every run as interrupted, with everything it has started, and starts nobody from now on. Resolves with how many there were. */
  async interruptAll(message: string): Promise<number> {
    this.#isClosing = true;
    this.#interruption = message;
    this.#slots.closeFor(stopsWithinMs, () => {
      this.#options.logger.warn("It was not stopped after all runs were interrupted: runs are started again");
      this.#interruption = null;
      this.#isClosing = false;
    });
    const isOver = ({ run: { id } }: RunTask): boolean => this.#finishing.has(id) || this.#unwritten.has(id);
    const going = [...this.#tasks.values()].filter((task) => isOpen(task.run) && !isOver(task));
    for (const task of going) task.end({ kind: "shutdown", message });
    await this.#slots.idle();
    // Those that wait for their turn.
    const waiting = going.filter((task) => isOpen(task.run) && !isOver(task));
    const problem = "The end of a run could not be written";
    await forEachRun(waiting, (task) => this.#finish(task, interrupted(message)), this.#options.logger, problem);
    await Promise.allSettled(this.#finishing.values()); // whoever ends one hears of its failure
    return going.length;
  }

  /** Lets go of detached children, interrupts the rest, and has everything on disk when it resolves. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#isClosed = true;
    this.#slots.close();
    for (const id of this.#slots.ids())
      this.#tasks.get(id)?.end({ kind: "closing", message: "portos-cos was stopped" });
    await this.#slots.idle();
    // A last time: else the next process finds these runs open, and interrupted.
    for (const [id, { conclusion }] of this.#unwritten) {
      const task = this.#tasks.get(id);
      if (task) await this.#finish(task, conclusion).catch(() => undefined); // told before
    }
    const tasks = [...this.#tasks.values()];
    await forEachRun(tasks, (task) => task.close(), this.#options.logger, "A run could not be closed");
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────

  #publish(message: RunsMessage): void {
    for (const listener of this.#listeners) listener(message);
  }

  #refuseWhenClosing(): void {
    if (this.#isClosing) throw new AppError("unavailable", "portos-cos is being stopped");
  }

  async #open(record: RunRecord): Promise<RunTask> {
    const { store, clock, logger } = this.#options;
    const task = new RunTask({
      record,
      store,
      own: this.#options.isolation.own,
      clock,
      publish: (message) => {
        this.#publish(message);
      },
      // Ten a second for all runs together: whoever looks at one of fifty wants its words, not everybody's counters.
      tellEveryMs: () => Math.max(500, this.#tasks.size * 100),
      onProblem: (error) => {
        logger.error("A run cannot be written", { run: record.run.id }, error);
      },
    });
    await task.open();
    this.#tasks.set(record.run.id, task);
    return task;
  }

  /** An open run as it is, or an ended one queued once more after `prepare`. Throws `conflict` when it cannot go on, and leaves it as it was. */
  async #goOn(
    id: string,
    targets: readonly RunTarget[],
    prepare: (record: RunRecord) => Promise<void> | void,
  ): Promise<{ task: RunTask; isNew: boolean }> {
    await this.#finishing.get(id);
    this.#refuseWhenClosing();
    if (this.#unwritten.has(id))
      throw new AppError("disk_full", "The run is over, but its end could not be written down yet", {
        hint: "Make room on the disk; it is tried again by itself.",
      });
    const known = this.#opening.get(id) ?? this.#tasks.get(id);
    if (known) return { task: await known, isNew: false };
    const opening = (async () => {
      const record = await this.#options.store.read(id);
      if (record === null) throw notFound(id);
      this.#options.isolation.checkStill(record.run);
      const asked = targetsAgain(record.run, targets);
      await prepare(record);
      this.#refuseWhenClosing();
      const task = await this.#open(record);
      try {
        await this.#queue(task, askedAgain(record, asked));
      } catch (error) {
        if (!isOpen(task.run)) this.#tasks.delete(id); // the disk is full: it stays ended
        throw error;
      }
      return task;
    })();
    this.#opening.set(id, opening);
    try {
      return { task: await opening, isNew: true };
    } finally {
      this.#opening.delete(id);
    }
  }

  async #queue(task: RunTask, targets: readonly RunTarget[]): Promise<void> {
    knowSecrets(targets);
    task.targets = targets;
    task.ending = null;
    task.record.stop = null;
    Object.assign(task.run, { failure: null, endedAt: null });
    await this.#options.store.markOpen(task.run.id);
    if (this.#tasks.get(task.run.id)?.ending !== null) return; // meanwhile; whoever did it writes it down
    if (this.#interruption !== null) return this.#finish(task, interrupted(this.#interruption));
    await task.setState("queued", waitsForSlot);
    this.#slots.fill();
  }

  async #work(task: RunTask): Promise<Pursued> {
    await this.#options.refreshSecrets();
    task.run.startedAt ??= task.now();
    return (await this.#options.isolation.enter(task)) ?? this.#pursuit.pursue(task);
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
    const known = this.#finishing.get(id);
    if (known) return known;
    // What it came to stays what it was, whoever ends it once more.
    const done = this.#writeEnd(task, this.#unwritten.get(id)?.conclusion ?? conclusion).finally(() =>
      this.#finishing.delete(id),
    );
    this.#finishing.set(
      id,
      done.catch(() => undefined), // who waits for it wants to know that it is over
    );
    return done;
  }

  async #writeEnd(task: RunTask, conclusion: Conclusion): Promise<void> {
    const { run } = task;
    const { state, message, failure } = conclusion;
    const refused = this.#unwritten.get(run.id);
    const before = run.state;
    const endedAt = refused?.endedAt ?? task.now();
    task.denyAll("The run has ended");
    Object.assign(run, { endedAt, failure });
    if (state === "interrupted") task.record.unsaid = refused ? task.record.unsaid : unsaidOnceMore(task.record);
    else if (!task.isHeldBack) task.record.unsaid = [];
    task.record.turn = null;
    // Without a session of its own the agent is told the task again.
    if (state === "interrupted") run.canContinue = true;
    try {
      await (refused ? task.endAgain(state, message) : task.setState(state, message));
    } catch (error) {
      const waitMs = nextWaitMs(refused?.waitMs);
      clearTimeout(refused?.timer);
      this.#unwritten.set(run.id, { conclusion, endedAt, waitMs, timer: this.#endLater(task, waitMs) });
      task.keepOpen(before, endProblem(state, error));
      throw error;
    }
    clearTimeout(refused?.timer);
    this.#unwritten.delete(run.id);
    await this.#letGo(task);
    this.#options.isolation.left(run);
    this.#options.logger.info("Run ended", { run: run.id, state, failure });
  }

  /** Its end is on disk: whatever the disk refuses now, it has ended. */
  async #letGo(task: RunTask): Promise<void> {
    const { id } = task.run;
    const { store, logger } = this.#options;
    await task.close().catch((error: unknown) => {
      logger.warn("An ended run could not be closed", { run: id, problem: String(error) });
    });
    this.#tasks.delete(id);
    await store.markEnded(id).catch((error: unknown) => {
      logger.warn("An ended run could not be marked as such", { run: id, problem: String(error) });
    });
  }

  #endLater(task: RunTask, waitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      const refused = this.#unwritten.get(task.run.id);
      if (!refused || this.#isClosed) return;
      this.#finish(task, refused.conclusion).catch((error: unknown) => {
        this.#options.logger.error("The end of a run could not be written", { run: task.run.id }, error);
      });
    }, waitMs).unref();
  }
}

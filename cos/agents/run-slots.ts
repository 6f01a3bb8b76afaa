import { AppError } from "../../lib/app-error.ts";
import type { Logger } from "../../lib/logger.ts";
import type { Conclusion } from "./ending.ts";
import { chooseNext, type Queued, type QueueLimits } from "./run-queue.ts";
import type { Pursued } from "./run-pursuit.ts";
import type { RunTask } from "./run-task.ts";
import type { RunRecord } from "./store/run-record.ts";

interface RunSlotsOptions {
  tasks: ReadonlyMap<string, RunTask>;
  limits: QueueLimits;
  /** Carries a run on; settles when it ends or is let go of. */
  work: (task: RunTask) => Promise<Pursued>;
  /** Writes down what came of it. */
  settle: (task: RunTask, end: Pursued) => Promise<void>;
  /** Its end is being written down; until it is there, a run that waited still looks as if it did. */
  isBeingEnded: (id: string) => boolean;
  logger: Logger;
}

const tickMs = 250;
/** Lanes whose last start is known; one that is not comes first. */
const mostLanes = 200;

/** Who is being worked on, and who is next. */
export class RunSlots {
  readonly #options: RunSlotsOptions;
  readonly #active = new Map<string, Promise<void>>();
  #limits: QueueLimits;
  #startCount = 0;
  #lanes: string[] = [];
  #ticker: NodeJS.Timeout | null = null;
  #isClosed = false;
  #reopening: NodeJS.Timeout | undefined;

  constructor(options: RunSlotsOptions) {
    this.#options = options;
    this.#limits = options.limits;
  }

  has(id: string): boolean {
    return this.#active.has(id);
  }

  ids(): string[] {
    return [...this.#active.keys()];
  }

  setLimits(limits: QueueLimits): void {
    this.#limits = limits;
    this.fill();
  }

  /** Starts those whose turn it is. */
  fill(): void {
    while (!this.#isClosed) {
      const tasks = [...this.#options.tasks.values()];
      const waiting = tasks
        .filter(({ run, targets }) => run.state === "queued" && targets.length > 0 && !this.has(run.id))
        .filter(({ run }) => !this.#options.isBeingEnded(run.id))
        .map(toQueued);
      // Who waits for an answer keeps nobody else from working.
      const running = tasks.filter(({ run }) => this.has(run.id) && run.state !== "waiting").map(toQueued);
      const history = { startCount: this.#startCount, lanes: this.#lanes };
      const next = chooseNext(waiting, running, this.#limits, history);
      const task = next && this.#options.tasks.get(next.id);
      if (!next || !task) return;
      this.#startCount += 1;
      this.#lanes = [...this.#lanes.filter((lane) => lane !== next.lane), next.lane].slice(-mostLanes);
      this.occupy(task, () => this.#options.work(task));
    }
  }

  /** Takes a slot for this work, whether one is free or not. */
  occupy(task: RunTask, work: () => Promise<Pursued>): void {
    const { id } = task.run;
    const { logger, settle } = this.#options;
    const done = work()
      .catch((error: unknown): Conclusion => {
        logger.error("A run broke", { run: id }, error);
        const message = error instanceof AppError ? error.message : "Internal error";
        return { state: "failed", message, failure: "crashed" };
      })
      .then((end) => settle(task, end))
      .catch((error: unknown) => {
        logger.error("A run could not be ended", { run: id }, error);
      })
      .finally(() => {
        this.#active.delete(id);
        if (this.#active.size === 0 && this.#ticker) {
          clearInterval(this.#ticker);
          this.#ticker = null;
        }
        this.fill();
      });
    this.#active.set(id, done);
    this.#ticker ??= setInterval(() => {
      this.#tick();
    }, tickMs);
  }

  /** Starts nobody from now on. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#reopening);
    if (this.#ticker) clearInterval(this.#ticker);
    this.#ticker = null;
  }

  /** Starts nobody for a while; after it everything goes on unless it was closed for good. */
  closeFor(ms: number, onReopen: () => void): void {
    this.close();
    this.#reopening = setTimeout(() => {
      this.#isClosed = false;
      onReopen();
      this.fill();
    }, ms).unref();
  }

  /** Resolves when this one is not worked on any more. */
  async left(id: string): Promise<void> {
    await this.#active.get(id);
  }

  /** Resolves when nobody is being worked on. */
  async idle(): Promise<void> {
    await Promise.all(this.#active.values());
  }

  #tick(): void {
    for (const id of this.#active.keys()) {
      const task = this.#options.tasks.get(id);
      const attempt = task?.run.attempts.at(-1);
      if (task?.running) task.checkLimits((attempt && task.targetOf(attempt)?.timeoutMs) ?? null);
    }
    this.fill();
  }
}

function toQueued(task: RunTask): Queued {
  const { id, source, appId, attempts } = task.run;
  const provider = task.running ? attempts.at(-1)?.providerId : task.targets[0]?.providerId;
  const isByHand = source.kind === "user" || source.kind === "test";
  const rank = isByHand ? 0 : ranks[task.record.priority];
  return { id, lane: `${source.kind}:${appId ?? ""}`, appId, provider: provider ?? "", rank };
}

const ranks: Record<RunRecord["priority"], number> = { urgent: 0, high: 1, normal: 2, low: 3 };

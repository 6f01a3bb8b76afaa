import type { Run } from "../../../contract/features/runs.ts";
import type { RunsMessage } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RunsLink } from "../../runs-link.ts";
import { createKnownRuns, type KnownRuns } from "./known-runs.ts";
import type { RunBus } from "./run-hooks.ts";
import type { RunRequests } from "./run-requests.ts";
import type { CosRuns } from "./run-starter.ts";
import { createRunTeller } from "./run-teller.ts";

export type RunsEvent = { kind: "changed"; run: Run } | { kind: "removed"; id: string } | { kind: "up"; isUp: boolean };

interface RunTrackerOptions {
  cos: Pick<CosRuns, "list" | "get">;
  link: Pick<RunsLink, "onMessage" | "onState" | "isUp">;
  requests: RunRequests;
  bus: RunBus;
  publish(event: RunsEvent): void;
  clock: Clock;
  logger: Logger;
}

/** What portos-server knows of runs, and who is told when that changes. */
export interface RunTracker {
  known: KnownRuns;
  /**
   * Takes a state of a run in: lists, hooks and viewers follow, those of one run in order. Resolves when it is noted; what follows
   * from an end may take longer and keeps nobody but later news of the same run.
   */
  hear(run: Run): Promise<void>;
  /** The run was deleted. */
  forget(run: Run): Promise<void>;
  /** When portos-cos was heard last. */
  asOf(): string | null;
  heardNow(): string;
  /** The newest 50 runs and every open one. */
  snapshot(): { runs: Run[]; isUp: boolean };
  /** Runs that have not ended, as far as known; `isComplete`: portos-cos answers and has told all of them. */
  open(): { runs: Run[]; isComplete: boolean };
  /** Calls `listener` whenever `open()` has become complete, and when it is no longer. */
  onComplete(listener: (isComplete: boolean) => void): void;
  start(): void;
  stop(): void;
}

const newest = 50;
const pageSize = 200;
const retryMs = 2_000;

export function createRunTracker(options: RunTrackerOptions): RunTracker {
  const { cos, link, requests, bus, publish, clock, logger } = options;
  const known = createKnownRuns();
  const stops: (() => void)[] = [];
  const completeListeners: ((isComplete: boolean) => void)[] = [];
  let isComplete = false;
  let asOf: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const teller = createRunTeller(requests, bus, logger);

  function heardNow(): string {
    asOf = new Date(clock.now()).toISOString();
    return asOf;
  }

  function hear(run: Run): Promise<void> {
    heardNow();
    const put = known.put(run);
    if (!put || isSame(put.before, run)) return teller.noted(run.id);
    publish({ kind: "changed", run });
    return teller.tell(run);
  }

  /** Whose end is still being told is not waited for. */
  async function hearAll(runs: readonly Run[]): Promise<void> {
    const free = runs.filter(({ id }) => !teller.isEnding(id));
    for (const run of runs) void hear(run);
    await Promise.all(free.map(({ id }) => teller.noted(id)));
  }

  function forgetId(id: string): Promise<void> {
    const run = known.get(id);
    if (!run) return Promise.resolve();
    known.remove(id);
    publish({ kind: "removed", id });
    return teller.tellRemoved(run);
  }

  function receive(message: RunsMessage): void {
    heardNow();
    if (message.kind === "run") void hear(message.run);
    else if (message.kind === "removed") void forgetId(message.id);
  }

  /** After portos-cos or portos-server was away: what changed meanwhile is made up for. */
  async function catchUp(): Promise<void> {
    const [recent, open] = await Promise.all([
      cos.list({ query: { limit: pageSize } }),
      cos.list({ query: { isOpen: "true", limit: pageSize } }),
    ]);
    const heard = new Map([...recent.items, ...open.items].map((run) => [run.id, run]));
    await hearAll([...heard.values()]);
    const unheard = new Set([
      ...requests.open(),
      ...known.list().flatMap(({ id, state }) => (isOpenState(state) ? [id] : [])),
    ]);
    for (const id of unheard) if (!heard.has(id)) await look(id);
  }

  function setComplete(next: boolean): void {
    const isNews = next !== isComplete;
    isComplete = next;
    if (isNews) for (const listener of completeListeners) listener(next);
  }

  /** A run whose end is to be told, too old for the lists. */
  async function look(id: string): Promise<void> {
    try {
      await hearAll([await cos.get({ params: { id } })]);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error;
      await forgetId(id);
      await requests.remove(id);
    }
  }

  function setUp(isUp: boolean): void {
    publish({ kind: "up", isUp });
    if (isUp) readAll();
    else setComplete(false);
  }

  function readAll(): void {
    catchUp().then(
      () => setComplete(link.isUp),
      (error: unknown) => {
        logger.warn("The runs of portos-cos could not be read", { problem: String(error) });
        if (!link.isUp || stops.length === 0) return;
        timer = setTimeout(readAll, retryMs);
      },
    );
  }

  return {
    known,
    hear,
    forget: (run) => forgetId(run.id),
    asOf: () => asOf,
    heardNow,
    snapshot() {
      const all = known.list();
      return {
        runs: all.filter((run, index) => index < newest || isOpenState(run.state)),
        isUp: link.isUp,
      };
    },
    open: () => ({ runs: known.list().filter(({ state }) => isOpenState(state)), isComplete }),
    onComplete: (listener) => void completeListeners.push(listener),
    start() {
      stops.push(link.onMessage(receive), link.onState(setUp));
    },
    stop() {
      clearTimeout(timer);
      for (const stop of stops.splice(0)) stop();
    },
  };
}

/** A message and the answer to a call often tell the same. */
function isSame(before: Run | undefined, run: Run): boolean {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(run);
}

import type { Repair } from "../../../contract/features/repairs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { isAway } from "./check-runner.ts";
import { sampleOf } from "./health.ts";
import type { RepairBook } from "./repair-book.ts";
import { createLines } from "../../lines.ts";
import { createFactFinder } from "./repair-facts.ts";
import { repairNotice, repairKey } from "./repair-notices.ts";
import type { RepairParts } from "./repair-parts.ts";
import { isEnded, nextStep, type Step } from "./repair-policy.ts";
import { createAgentSteps } from "./agent-steps.ts";
import { createMergeSteps } from "./merge-steps.ts";
import type { Steps } from "./repair-step.ts";

export interface RepairTiming {
  /** How long a process is watched after a repair. */
  watchMs: number;
  /** How often its health is written down meanwhile. */
  sampleMs: number;
  /** How often what goes on is looked at, besides what is heard. */
  lookMs: number;
}

export const defaultTiming: RepairTiming = { watchMs: 600_000, sampleMs: 15_000, lookMs: 2_000 };

export interface RepairEngineOptions {
  parts: RepairParts;
  book: RepairBook;
  timing: RepairTiming;
  publish(repair: Repair): void;
}

/** Takes repairs from state to state. Everything it needs is on disk, so that it goes on wherever it was stopped. */
export interface RepairEngine {
  /** Something may have changed for this repair, or for all. */
  nudge(id?: string): void;
  /** Changes a repair alone: no step is taken meanwhile. Throws what `change` throws. */
  interrupt(id: string, change: (repair: Repair) => Promise<Partial<Repair>>): Promise<Repair>;
  start(): void;
  /** Resolves when no step is under way. */
  stop(): Promise<void>;
}

/** Errors that are no refusal, one after the other, before a repair is given up. */
const maxSurprises = 5;
const maxStepsAtOnce = 100;

export function createRepairEngine({ parts, book, timing, publish }: RepairEngineOptions): RepairEngine {
  const { clock, logger } = parts;
  const finder = createFactFinder(parts);
  const { inLine, settled } = createLines();
  const waiting = new Set<string>();
  const surprises = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = true;

  async function save(id: string, change: Partial<Repair>): Promise<Repair> {
    const now = new Date(clock.now()).toISOString();
    let before: Repair | undefined;
    const saved = await book.change(id, (repair) => {
      before = repair;
      const next = { ...repair, ...change, updatedAt: now };
      const isOver = isEnded(next.state);
      return { ...next, endedAt: isOver ? (isEnded(repair.state) ? repair.endedAt : now) : null };
    });
    if (saved === null) throw new AppError("not_found", "There is no such repair any more");
    publish(saved);
    if (before?.state !== saved.state) await tell(saved);
    return saved;
  }

  async function tell(repair: Repair): Promise<void> {
    const notice = repairNotice(repair);
    try {
      await (notice === null ? parts.notifications.settle(repairKey(repair.id)) : parts.notifications.notify(notice));
    } catch (error) {
      logger.error("A repair could not be announced", { repair: repair.id }, error);
    }
  }

  const options = { parts, book, finder, save, ...timing };
  const steps: Steps = { ...createAgentSteps(options), ...createMergeSteps(options) };

  function perform(repair: Repair, step: Exclude<Step, { act: "wait" }>): Promise<boolean> {
    const act = steps[step.act] as (repair: Repair, step: Step) => Promise<boolean>;
    return act(repair, step);
  }

  async function sample(repair: Repair): Promise<void> {
    const { watch, port } = repair;
    if (repair.state !== "watching" || watch === null) return;
    const last = watch.samples.at(-1)?.at ?? watch.since;
    const now = clock.now();
    if (now - Date.parse(last) < timing.sampleMs) return;
    const taken = sampleOf(await finder.look(repair), port, now);
    await save(repair.id, { watch: { ...watch, samples: [...watch.samples, taken].slice(-60) } });
  }

  async function advance(id: string): Promise<void> {
    for (let count = 0; count < maxStepsAtOnce; count += 1) {
      if (isStopped) return;
      const repair = book.recent().find((one) => one.id === id);
      if (repair === undefined || isEnded(repair.state)) return;
      const step = nextStep(repair, await finder.facts(repair));
      if (step.act === "wait") {
        await sample(repair);
        return;
      }
      if (!(await perform(repair, step))) return;
      surprises.delete(id);
    }
  }

  async function tryAdvance(id: string): Promise<void> {
    try {
      await advance(id);
    } catch (error) {
      if (isAway(error)) return; // asked again soon
      logger.error("A repair could not go on", { repair: id }, error);
      const count = (surprises.get(id) ?? 0) + 1;
      surprises.set(id, count);
      if (count < maxSurprises) return;
      surprises.delete(id);
      const why =
        error instanceof AppError ? error.message : "something unexpected happened; see the log of portos-server";
      await save(id, { state: "failed", reason: `It could not go on: ${why}` });
    }
  }

  function nudgeOne(id: string): void {
    if (isStopped || waiting.has(id)) return;
    waiting.add(id);
    inLine(id, () => {
      waiting.delete(id);
      return isStopped ? Promise.resolve() : tryAdvance(id);
    }).catch((error: unknown) => {
      logger.error("A repair could not be written down", { repair: id }, error);
    });
  }

  function nudge(id?: string): void {
    if (id !== undefined) nudgeOne(id);
    else for (const repair of book.recent()) if (!isEnded(repair.state)) nudgeOne(repair.id);
  }

  return {
    nudge,
    async interrupt(id, change) {
      const changed = await inLine(id, async () => {
        const repair = book.recent().find((one) => one.id === id);
        if (repair === undefined) throw new AppError("not_found", "There is no such repair, or it is too long ago");
        return save(id, await change(repair));
      });
      nudgeOne(id);
      return changed;
    },
    start() {
      isStopped = false;
      timer = setInterval(() => {
        nudge();
      }, timing.lookMs);
      timer.unref();
      nudge();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await settled();
    },
  };
}

import type { TaskReason } from "../../../contract/features/tasks.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Block, Decision } from "./chief-facts.ts";
import type { ChiefParts, Teller } from "./chief-parts.ts";
import { evaluate } from "./evaluate.ts";
import type { FactsReader } from "./gather-facts.ts";
import { reasonOf } from "./task-reason.ts";
import type { TaskStarter } from "./task-starter.ts";
import type { WorkLine } from "./work-line.ts";

interface LoopOptions {
  tasks: Pick<ChiefParts["tasks"], "list">;
  facts: FactsReader;
  starter: Pick<TaskStarter, "start">;
  teller: Teller;
  line: WorkLine;
  clock: Clock;
  logger: Logger;
  /** All tasks were looked at. */
  onLooked(): void;
}

/** Looks at all tasks when asked, and at the times something is expected to change. */
export interface EvaluationLoop {
  /** Asked for again meanwhile it looks once more; resolves when it has looked. */
  now(): Promise<void>;
  soon(): void;
  /** What was decided last. */
  decisions(): readonly Decision[];
  /** What could not be started may be tried at once. */
  forgetRefusals(): void;
  start(): void;
  stop(): Promise<void>;
}

const soonMs = 30;
const longestTimerMs = 2 ** 31 - 1;
const mostStarts = 50;

export function createEvaluationLoop(options: LoopOptions): EvaluationLoop {
  const { tasks, facts, starter, teller, line, clock, logger, onLooked } = options;
  /** Tasks that could not be started, left alone until a time, or until the task is changed. */
  const held = new Map<string, { block: Block; updatedAt: string }>();
  const life = { isStopped: true, isAsked: false };
  let decisions: readonly Decision[] = [];
  let soon: NodeJS.Timeout | undefined;
  let wake: NodeJS.Timeout | undefined;
  let looking: Promise<void> | null = null;

  function heldNow(): Map<string, Block> {
    const changed = new Map(tasks.list().map(({ id, updatedAt }) => [id, updatedAt]));
    for (const [id, { block, updatedAt }] of held)
      if (changed.get(id) !== updatedAt || (block.until ?? 0) <= clock.now()) held.delete(id);
    return new Map([...held].map(([id, { block }]) => [id, block]));
  }

  async function look(): Promise<void> {
    for (let count = 0; count < mostStarts && !life.isStopped; count += 1) {
      const { next, decisions: made } = evaluate(await facts.read(heldNow()));
      decisions = made;
      if (next === null) break;
      const { id } = next.task;
      const refusal = await starter.start(next.task, next.candidates, "chief");
      const updatedAt = tasks.list().find((task) => task.id === id)?.updatedAt;
      if (refusal !== null && updatedAt !== undefined) held.set(id, { block: refusal.block, updatedAt });
    }
    await sayAll();
    armWake();
    onLooked();
  }

  /** Each reason that is new is written on its task, all of them at once. */
  async function sayAll(): Promise<void> {
    const known = new Map(tasks.list().map(({ id, reason }) => [id, reason]));
    const news = new Map<string, TaskReason>();
    for (const { taskId, code, text, until } of decisions) {
      const before = known.get(taskId);
      const reason = reasonOf(code, text, clock.now(), until);
      if (before && !(before.code === code && before.text === text && before.until === reason.until))
        news.set(taskId, reason);
    }
    if (news.size === 0) return;
    await teller.tellAll(news.keys(), (task) => {
      const reason = news.get(task.id);
      return task.state === "ready" && reason ? { ...task, reason } : task;
    });
  }

  function armWake(): void {
    clearTimeout(wake);
    const now = clock.now();
    const times = decisions.flatMap(({ until }) => (until !== null && until > now ? [until] : []));
    if (times.length > 0 && !life.isStopped)
      wake = setTimeout(lookSoon, Math.min(Math.min(...times) - now + 1, longestTimerMs));
  }

  function lookSoon(): void {
    if (life.isStopped) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      lookNow().catch((error: unknown) => {
        logger.error("The tasks could not be looked at", {}, error);
      });
    }, soonMs);
  }

  async function lookUntilDone(): Promise<void> {
    while (life.isAsked && !life.isStopped) {
      life.isAsked = false;
      await line.add(look);
    }
  }

  function lookNow(): Promise<void> {
    life.isAsked = true;
    looking ??= lookUntilDone().finally(() => {
      looking = null;
    });
    return looking;
  }

  return {
    now: lookNow,
    soon: lookSoon,
    decisions: () => decisions,
    forgetRefusals() {
      held.clear();
    },
    start() {
      life.isStopped = false;
      lookSoon();
    },
    async stop() {
      life.isStopped = true;
      clearTimeout(soon);
      clearTimeout(wake);
      soon = undefined;
      await looking?.catch(() => undefined); // whoever asked for it hears of it
    },
  };
}

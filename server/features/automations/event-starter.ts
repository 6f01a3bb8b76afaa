import type { PortosEvent } from "../../../contract/features/events.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { createEventFilters, type FilterTelling } from "./event-filters.ts";
import { createEventHandler, type EventHandlerParts, type WaitingEvent } from "./event-handler.ts";
import type { Timers } from "./scheduler.ts";

/** So often an automation is started by events within a minute; more wait. */
export const startsPerMinute = 60;
/** So many events wait for one automation; of more the ledger says that they were too many. */
export const mostWaiting = 5_000;
/** With so many waiting for one automation no message of a webhook is taken that would wait behind them: its sender repeats it. */
export const mostBeforeMessages = 500;
const minuteMs = 60_000;
const retryAfterMs = 5_000;

interface Dependencies extends Omit<EventHandlerParts, "filters"> {
  telling?: FilterTelling | undefined;
  clock: Pick<Clock, "now" | "monotonic">;
  timers: Timers;
  logger: Logger;
}

/** Starts automations for events: each once, in their order, never for what they did themselves. */
export interface EventStarter {
  /** Automations that are on and want this event. */
  choose(event: Pick<PortosEvent, "id" | "name" | "at" | "data">): string[];
  take(event: PortosEvent, automationId: string, isAgain: boolean): void;
  /** Those of these that wait still will not start it: its ledger says why. */
  giveUp(automationId: string, eventIds: ReadonlySet<string>, reason: string): Promise<void>;
  /** The first of these for which too much waits already to take another message. */
  fullOf(automationIds: readonly string[]): string | null;
  /** It still waits for its turn. */
  isWaiting(eventId: string, automationId: string): boolean;
  /** Something about it has changed that events may wait for. */
  look(automationId: string): void;
  /** The automation itself was changed, or is gone. */
  changed(automationId: string): void;
  start(): void;
  stop(): Promise<void>;
}

interface Line {
  waiting: WaitingEvent[];
  /** What is being done with them. */
  work: Promise<void> | null;
  /** Steady times of its starts by events within the last minute. */
  starts: number[];
  cancelTimer: (() => void) | null;
}

/** A starter to which nothing happens before `start()`. */
export function createEventStarter(parts: Dependencies): EventStarter {
  const { store, ledger, clock, timers, logger } = parts;
  const filters = createEventFilters(parts.telling);
  const handler = createEventHandler({ ...parts, filters });
  const lines = new Map<string, Line>();
  const life = { isRunning: false };
  const working = new Set<Promise<void>>();

  function lineOf(automationId: string): Line {
    const found = lines.get(automationId) ?? { waiting: [], work: null, starts: [], cancelTimer: null };
    lines.set(automationId, found);
    return found;
  }

  function later(automationId: string, line: Line, delayMs: number): void {
    line.cancelTimer?.();
    line.cancelTimer = timers.set(delayMs, () => {
      line.cancelTimer = null;
      look(automationId);
    });
  }

  function look(automationId: string): void {
    const line = lines.get(automationId);
    if (!life.isRunning || !line || line.work !== null || line.waiting.length === 0) return;
    line.work = Promise.resolve(); // it is not looked at twice
    const work = drain(automationId, line)
      .catch((error: unknown) => {
        const about = { automation: automationId };
        // It may have got as far as the ledger, and is looked up there first.
        line.waiting = line.waiting.map((waiting, at) => (at === 0 ? { ...waiting, isAgain: true } : waiting));
        logger.error("An automation could not be started by an event; it is tried again", about, error);
        later(automationId, line, retryAfterMs);
      })
      .finally(() => {
        line.work = null;
        working.delete(work);
      });
    line.work = work;
    working.add(work);
  }

  async function drain(automationId: string, line: Line): Promise<void> {
    for (let [next] = line.waiting; next !== undefined && life.isRunning; [next] = line.waiting) {
      const automation = store.get(automationId);
      const reason = automation === null ? null : handler.whyNot(automation);
      if (automation === null || reason !== null) {
        const given = [...line.waiting];
        if (automation !== null) await handler.giveUp(automation, given, reason ?? "");
        line.waiting.splice(0, given.length);
        await handler.handed(automationId, given);
        continue;
      }
      if (await handler.isKnown(automationId, next)) {
        line.waiting.shift();
        await handler.handed(automationId, [next]);
        continue;
      }
      if (handler.hasToWait(automation, next)) {
        // Of a start that comes to nothing no end is told.
        if (ledger.openOf(automationId).length === 0) later(automationId, line, retryAfterMs);
        return;
      }
      const waitMs = pauseOf(line, clock.monotonic());
      if (waitMs > 0) {
        later(automationId, line, waitMs);
        return;
      }
      if (await handler.begin(automation, next)) line.starts.push(clock.monotonic());
      line.waiting.shift();
      await handler.handed(automationId, [next]);
    }
  }

  /** More than anybody should keep waiting. */
  function refuse(automationId: string, dropped: WaitingEvent): void {
    handler.end(automationId, [dropped], `${mostWaiting} events were waiting already`).catch((error: unknown) => {
      logger.error("What became of an event could not be recorded", { automation: automationId }, error);
    });
  }

  async function giveUp(automationId: string, isMeant: (waiting: WaitingEvent) => boolean, reason: string) {
    const line = lineOf(automationId);
    const given = line.waiting.filter(isMeant);
    await handler.end(automationId, given, reason);
    const gone = new Set(given);
    line.waiting = line.waiting.filter((waiting) => !gone.has(waiting));
  }

  return {
    choose: (event) => store.all().flatMap((one) => (handler.wants(one, event) ? [one.id] : [])),
    take(event, automationId, isAgain) {
      const { waiting } = lineOf(automationId);
      if (waiting.length < mostWaiting) waiting.push({ event, isAgain });
      else refuse(automationId, { event, isAgain });
      look(automationId);
    },
    fullOf: (ids) => ids.find((id) => (lines.get(id)?.waiting.length ?? 0) >= mostBeforeMessages) ?? null,
    isWaiting: (eventId, automationId) =>
      lines.get(automationId)?.waiting.some(({ event }) => event.id === eventId) === true,
    async giveUp(automationId, eventIds, reason) {
      const line = lineOf(automationId);
      while (line.work !== null) await line.work;
      line.work = giveUp(automationId, ({ event }) => eventIds.has(event.id), reason).finally(() => {
        line.work = null;
        look(automationId);
      });
      await line.work;
    },
    look,
    changed(automationId) {
      filters.changed(automationId, store.get(automationId));
      look(automationId);
    },
    start() {
      life.isRunning = true;
      for (const automationId of lines.keys()) look(automationId);
    },
    async stop() {
      life.isRunning = false;
      for (const { cancelTimer } of lines.values()) cancelTimer?.();
      await Promise.allSettled(working);
    },
  };
}

/** How long to wait, so that it is not started too often. */
function pauseOf(line: Line, nowMs: number): number {
  line.starts = line.starts.filter((at) => nowMs - at < minuteMs);
  const [first = nowMs] = line.starts;
  return line.starts.length < startsPerMinute ? 0 : Math.max(1, Math.ceil(first + minuteMs - nowMs));
}

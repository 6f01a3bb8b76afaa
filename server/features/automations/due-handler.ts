import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { AutomationStore } from "./automation-store.ts";
import type { DuePlan, MissedSpan } from "./missed-policy.ts";
import type { Occasion } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";
import type { GapCause, Scheduler } from "./scheduler.ts";

/** A due time whose row could not be written is tried again after this long. */
const retryAfterMs = 5_000;

const missedReasons: Record<Exclude<GapCause, null> | "busy", string> = {
  start: "PortOS was not running",
  jump: "The machine slept, or its clock was set forward",
  busy: "A later due time came before this one could be run",
};

interface Dependencies {
  runner: OccurrenceRunner;
  store: AutomationStore;
  scheduler: Pick<Scheduler, "retry">;
  /** Everything is stopped: as if all were paused, without touching what the user has paused. */
  isStopped(): boolean;
  logger: Logger;
}

/** Turns what the scheduler found due into runs and ledger rows; a row for every due time, whatever becomes of it. */
export function createDueHandler({ runner, store, scheduler, isStopped, logger }: Dependencies) {
  function recordSpan(automation: AutomationRecord, span: MissedSpan, row: Partial<Occurrence>): Promise<Occurrence> {
    const dueUntil = span.to === span.from ? null : new Date(span.to).toISOString();
    return runner.record(automation, occasion(span.from, null), { ...row, dueUntil, count: span.count });
  }

  async function handle(automation: AutomationRecord, plan: Omit<DuePlan, "next">, cause: GapCause): Promise<void> {
    let at = plan.missed[0]?.from ?? plan.run ?? 0;
    try {
      const isPaused = store.pausedAt() !== null || isStopped();
      const reason = isStopped() ? "Everything was stopped" : "All automations were paused";
      const paused = { state: "skipped", reason } as const;
      const missed = { state: "missed", reason: missedReasons[cause ?? "busy"] } as const;
      for (const span of plan.missed) {
        at = span.from;
        await recordSpan(automation, span, isPaused ? paused : missed);
      }
      if (plan.run === null) return;
      at = plan.run;
      const note = plan.isCatchUp ? `Run late: ${missedReasons[cause ?? "busy"].replace(/^(?:A|The)\b/, lower)}` : null;
      if (isPaused) await runner.record(automation, occasion(at, null), paused);
      else await runner.submit(automation, occasion(at, note));
    } catch (error) {
      logger.error("A due time could not be recorded and is tried again", { automation: automation.id }, error);
      scheduler.retry(automation.id, at, retryAfterMs);
    }
  }

  return (id: string, plan: Omit<DuePlan, "next">, cause: GapCause): Promise<void> | undefined => {
    const automation = store.get(id);
    return automation ? handle(automation, plan, cause) : undefined;
  };
}

function occasion(due: number, note: string | null): Occasion {
  return { trigger: "schedule", who: null, due, note };
}

function lower(word: string): string {
  return word.toLowerCase();
}

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { isoTime, newRow, type Occasion } from "./occurrence-row.ts";
import type { RunPerformer } from "./run-performer.ts";

/** A run that waits for the one before it. */
export interface Queued {
  row: Occurrence;
  automation: AutomationRecord;
  /** Settles when its row is on disk. */
  claimed: Promise<void>;
}

interface Dependencies {
  ledger: OccurrenceLedger;
  performer: RunPerformer;
  clock: Clock;
  onOccurrence(row: Occurrence): void;
}

/** At most one waiting run per automation. */
export interface WaitingLine {
  has(automationId: string): boolean;
  /** Puts a run in line at once and resolves when it is on disk; one that waited there is cancelled. */
  enqueue(automation: AutomationRecord, occasion: Occasion): Promise<Occurrence>;
  /** Puts back what the ledger says was waiting. */
  adopt(row: Occurrence, automation: AutomationRecord): void;
  /** Takes the waiting run out to start it. */
  take(automationId: string): Queued | undefined;
  /** Cancels what waits; `null` when nothing does. */
  drop(automationId: string, reason: string): Promise<Occurrence | null>;
  automationOf(occurrenceId: string): string | undefined;
}

/** A line with nobody in it. */
export function createWaitingLine({ ledger, performer, clock, onOccurrence }: Dependencies): WaitingLine {
  const queued = new Map<string, Queued>();

  async function end(waiting: Queued, reason: string): Promise<Occurrence> {
    await waiting.claimed;
    const row = { ...waiting.row, state: "cancelled" as const, reason, endedAt: isoTime(clock.now()) };
    await performer.finishSurely(row);
    return row;
  }

  return {
    has: (automationId) => queued.has(automationId),
    async enqueue(automation, occasion) {
      const row = newRow(automation, occasion, "queued", clock.now());
      const replaced = queued.get(automation.id);
      const own = { row, automation, claimed: ledger.claim(row) };
      queued.set(automation.id, own);
      try {
        await own.claimed;
      } catch (error) {
        if (queued.get(automation.id) === own) queued.delete(automation.id);
        throw error;
      }
      onOccurrence(row);
      if (replaced) await end(replaced, "Replaced by a later run");
      return row;
    },
    adopt(row, automation) {
      queued.set(automation.id, { row, automation, claimed: Promise.resolve() });
    },
    take(automationId) {
      const next = queued.get(automationId);
      queued.delete(automationId);
      return next;
    },
    async drop(automationId, reason) {
      const waiting = queued.get(automationId);
      queued.delete(automationId);
      return waiting ? end(waiting, reason) : null;
    },
    automationOf: (id) => [...queued.values()].find(({ row }) => row.id === id)?.automation.id,
  };
}

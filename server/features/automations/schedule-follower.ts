import type { Clock } from "../../../lib/clock.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { AutomationStore } from "./automation-store.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import type { Scheduler } from "./scheduler.ts";

/** What due times depend on, as text; begins with the time they count from. */
export function fingerprint({ schedule, scheduledFrom, isEnabled }: AutomationRecord): string {
  return `${scheduledFrom} ${isEnabled ? "on" : "off"} ${JSON.stringify(schedule)}`;
}

interface Dependencies {
  store: AutomationStore;
  scheduler: Scheduler;
  ledger: OccurrenceLedger;
  clock: Clock;
  onChanged(automation: AutomationRecord): void;
  onRemoved(id: string): void;
}

/** Brings the scheduler to what the file says, whoever wrote it. */
export interface ScheduleFollower {
  /** Only what changed since the last call is touched. */
  follow(): void;
  has(id: string): boolean;
  /** For the checkpoint of the ledger. */
  rows(): { id: string; schedule: string; nextDue: number | null }[];
}

/** A follower that has seen nothing yet. */
export function createScheduleFollower(dependencies: Dependencies): ScheduleFollower {
  const { store, scheduler, ledger, clock, onChanged, onRemoved } = dependencies;
  const known = new Map<string, AutomationRecord>();

  function plan(automation: AutomationRecord, before: AutomationRecord | undefined): void {
    const { id, schedule, missedPolicy, scheduledFrom } = automation;
    if (!automation.isEnabled || schedule.kind === "event") {
      scheduler.remove(id);
      return;
    }
    const planned = before === undefined ? ledger.fingerprint(id) : fingerprint(before);
    const isNew = planned !== null && planned !== fingerprint(automation);
    const isSamePolicy = JSON.stringify(before?.missedPolicy) === JSON.stringify(missedPolicy);
    if (before !== undefined && !isNew && isSamePolicy) return;
    // what was edited by hand still has its old starting time: it counts from now
    const isByHand = isNew && planned.startsWith(`${scheduledFrom} `);
    const from = isByHand ? clock.now() : Date.parse(scheduledFrom);
    scheduler.set({ id, schedule, missedPolicy, from, lastDue: ledger.lastDue(id) });
  }

  return {
    follow() {
      const present = new Set<string>();
      for (const automation of store.all()) {
        present.add(automation.id);
        const before = known.get(automation.id);
        if (before === automation) continue;
        known.set(automation.id, automation);
        plan(automation, before);
        onChanged(automation);
      }
      for (const id of [...known.keys()].filter((key) => !present.has(key))) {
        known.delete(id);
        scheduler.remove(id);
        onRemoved(id);
      }
    },
    has: (id) => known.has(id),
    rows: () =>
      [...known.values()].map((automation) => ({
        id: automation.id,
        schedule: fingerprint(automation),
        nextDue: scheduler.nextDue(automation.id),
      })),
  };
}

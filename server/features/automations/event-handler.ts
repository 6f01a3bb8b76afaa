import type { PortosEvent } from "../../../contract/features/events.ts";
import type { AutomationRecord } from "./automation-record.ts";
import { loopOf } from "./event-causes.ts";
import { isWanted } from "./event-filter.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { occurrenceIdOfEvent, type Occasion } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";

/** The bus, as automations see it. */
export interface AutomationEvents {
  handed(eventId: string, automationId: string): Promise<void>;
}

export interface EventHandlerParts {
  store: { all(): readonly AutomationRecord[]; get(id: string): AutomationRecord | null; pausedAt(): string | null };
  ledger: Pick<OccurrenceLedger, "find" | "openOf">;
  runner: Pick<OccurrenceRunner, "submit" | "record">;
  events: AutomationEvents;
  isStopped(): boolean;
}

/** An event that waits for an automation. */
export interface WaitingEvent {
  event: PortosEvent;
  /** Maybe it started it before the process ended. */
  isAgain: boolean;
}

/** What becomes of one event for one automation, written down in its ledger. */
export function createEventHandler({ store, ledger, runner, events, isStopped }: EventHandlerParts) {
  return {
    /** Why nothing starts it at the moment. */
    whyNot(automation: AutomationRecord): string | null {
      if (isStopped()) return "Everything is stopped";
      if (store.pausedAt() !== null) return "Automations are paused";
      return automation.isEnabled ? null : "The automation is off";
    },
    /** Starts it, or writes down why not. Answers whether it was started. */
    async begin(automation: AutomationRecord, { event, isAgain }: WaitingEvent): Promise<boolean> {
      if (isAgain && (await ledger.find(occurrenceIdOfEvent(event.id, automation.id))) !== null) return false;
      const refusal = loopOf(automation, event, store) ?? filterProblem(automation, event);
      if (refusal === null) await runner.submit(automation, occasionOf(event));
      else await runner.record(automation, occasionOf(event), { reason: refusal });
      return refusal === null;
    },
    /** One row for all of these. */
    async giveUp(automation: AutomationRecord, given: readonly WaitingEvent[], reason: string): Promise<void> {
      const [first] = given;
      if (first) await runner.record(automation, occasionOf(first.event), { reason, count: given.length });
    },
    async handed(automationId: string, given: readonly WaitingEvent[]): Promise<void> {
      for (const { event } of given) await events.handed(event.id, automationId);
    },
  };
}

function filterProblem({ schedule }: AutomationRecord, event: PortosEvent): string | null {
  if (schedule.kind !== "event") return null; // it was changed since; the event was meant for it as it was
  try {
    isWanted(schedule, event);
    return null;
  } catch (error) {
    return `Its filter cannot be worked out: ${(error instanceof Error ? error.message : String(error)).slice(0, 300)}`;
  }
}

function occasionOf(event: PortosEvent): Occasion {
  const { messageId } = event.data;
  return {
    trigger: "event",
    who: event.name,
    due: Date.parse(event.at),
    note: null,
    event: { id: event.id, causes: event.causes },
    ...(event.name === "webhook.received" && typeof messageId === "string" ? { messageId } : {}),
  };
}

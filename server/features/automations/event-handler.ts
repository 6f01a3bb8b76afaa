import type { PortosEvent } from "../../../contract/features/events.ts";
import type { AutomationRecord } from "./automation-record.ts";
import { loopOf } from "./event-causes.ts";
import type { EventFilters } from "./event-filters.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { occurrenceIdOfEvent, type Occasion } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";

/** The bus, as automations see it. */
export interface AutomationEvents {
  handed(eventId: string, automationId: string): Promise<void>;
}

export interface EventHandlerParts {
  filters: Pick<EventFilters, "isWanted">;
  store: { all(): readonly AutomationRecord[]; get(id: string): AutomationRecord | null; pausedAt(): string | null };
  ledger: Pick<OccurrenceLedger, "find" | "openOf">;
  runner: Pick<OccurrenceRunner, "submit" | "record" | "isBusy">;
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
export function createEventHandler({ filters, store, ledger, runner, events, isStopped }: EventHandlerParts) {
  const handler = {
    /** It is on and listens to this event. */
    wants(automation: AutomationRecord, event: Pick<PortosEvent, "id" | "name" | "at" | "data">): boolean {
      const { schedule, isEnabled, scheduledFrom } = automation;
      if (schedule.kind !== "event" || !isEnabled || !schedule.events.includes(event.name)) return false;
      if (Date.parse(event.at) < Date.parse(scheduledFrom)) return false;
      try {
        return filters.isWanted(automation, event);
      } catch {
        return true; // its ledger says what is wrong with the filter
      }
    },
    /** Why nothing starts it at the moment. */
    whyNot(automation: AutomationRecord): string | null {
      if (isStopped()) return "Everything is stopped";
      if (store.pausedAt() !== null) return "Automations are paused";
      return automation.isEnabled ? null : "The automation is off";
    },
    /** It was started before the process ended. */
    isKnown: async (automationId: string, { event, isAgain }: WaitingEvent): Promise<boolean> =>
      isAgain && (await ledger.find(occurrenceIdOfEvent(event.id, automationId))) !== null,
    /** A webhook names it, so that each message starts it; or its policy says that each event waits. */
    hasToWait: (automation: AutomationRecord, { event }: WaitingEvent): boolean =>
      (automation.overlapPolicy === "queue-all" || isNamedByWebhook(automation, event)) &&
      (runner.isBusy(automation.id) || ledger.openOf(automation.id).length > 0),
    /** Starts it at once, or writes down why not. Answers whether it was started. */
    async begin(automation: AutomationRecord, { event }: WaitingEvent): Promise<boolean> {
      const refusal = loopOf(automation, event, store) ?? filterProblem(filters, automation, event);
      if (refusal === null) await runner.submit(automation, occasionOf(automation, event));
      else await runner.record(automation, occasionOf(automation, event), { reason: refusal });
      return refusal === null;
    },
    /** A row for each message, for its sender was told that it was taken; one for all other events. */
    async giveUp(automation: AutomationRecord, given: readonly WaitingEvent[], reason: string): Promise<void> {
      const others = given.filter(({ event }) => event.name !== "webhook.received");
      const [first] = others;
      if (first) await runner.record(automation, occasionOf(automation, first.event), { reason, count: others.length });
      for (const { event } of given)
        if (event.name === "webhook.received")
          await runner.record(automation, occasionOf(automation, event), { reason });
    },
    async handed(automationId: string, given: readonly WaitingEvent[]): Promise<void> {
      for (const { event } of given) await events.handed(event.id, automationId);
    },
    /** Gives them up for good, those aside that were started before the process ended. */
    async end(automationId: string, given: readonly WaitingEvent[], reason: string): Promise<void> {
      const automation = store.get(automationId);
      const fresh: WaitingEvent[] = [];
      for (const waiting of given) if (!(await handler.isKnown(automationId, waiting))) fresh.push(waiting);
      if (automation !== null) await handler.giveUp(automation, fresh, reason);
      await handler.handed(automationId, given);
    },
  };
  return handler;
}

function filterProblem(
  filters: EventHandlerParts["filters"],
  automation: AutomationRecord,
  event: PortosEvent,
): string | null {
  const { schedule } = automation;
  // A webhook names it, or it was changed since: the event was meant for it as it was.
  if (schedule.kind !== "event" || !schedule.events.includes(event.name)) return null;
  try {
    filters.isWanted(automation, event);
    return null;
  } catch (error) {
    return `Its filter cannot be worked out: ${(error instanceof Error ? error.message : String(error)).slice(0, 300)}`;
  }
}

/** The webhook says what it starts; the automation itself does not listen. */
function isNamedByWebhook({ schedule }: AutomationRecord, { name }: PortosEvent): boolean {
  return name === "webhook.received" && (schedule.kind !== "event" || !schedule.events.includes(name));
}

function occasionOf(automation: AutomationRecord, event: PortosEvent): Occasion {
  const { messageId, hook } = event.data;
  const isNamed = isNamedByWebhook(automation, event);
  return {
    trigger: isNamed ? "webhook" : "event",
    who: isNamed && typeof hook === "string" ? hook : event.name,
    due: Date.parse(event.at),
    note: null,
    event: { id: event.id, causes: event.causes },
    ...(event.name === "webhook.received" && typeof messageId === "string" ? { messageId } : {}),
  };
}

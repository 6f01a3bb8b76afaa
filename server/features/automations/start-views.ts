import type { EventStart } from "../../../contract/features/automation-occurrences.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import type { AutomationRecord } from "./automation-record.ts";
import type { EventStarter } from "./event-starter.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { occurrenceIdOfEvent } from "./occurrence-row.ts";

type Started = Pick<PortosEvent, "id" | "starts">;

/** What came of each of these events, in their order. */
export type StartViews = (events: readonly Started[]) => Promise<EventStart[][]>;

interface Parts {
  store: { get(id: string): AutomationRecord | null };
  ledger: Pick<OccurrenceLedger, "findAll">;
  starter: Pick<EventStarter, "isWaiting">;
}

/** Puts together what waits with what the ledger knows. */
export function createStartViews({ store, ledger, starter }: Parts): StartViews {
  return async (events) => {
    const waiting = new Set<string>();
    const wanted = new Set<string>();
    for (const { id, starts } of events)
      for (const automationId of starts) {
        const occurrenceId = occurrenceIdOfEvent(id, automationId);
        (starter.isWaiting(id, automationId) ? waiting : wanted).add(occurrenceId);
      }
    const rows = await ledger.findAll(wanted);
    return events.map(({ id, starts }) =>
      starts.map((automationId): EventStart => {
        const occurrenceId = occurrenceIdOfEvent(id, automationId);
        const row = rows.get(occurrenceId);
        const name = store.get(automationId)?.name ?? row?.name ?? null;
        if (row === undefined)
          return {
            automationId,
            name,
            occurrenceId: null,
            state: waiting.has(occurrenceId) ? "waiting" : "unknown",
            reason: null,
            isAsking: false,
          };
        const { state, reason, steps = [] } = row;
        const isAsking = state === "running" && steps.some((step) => step.state === "waiting");
        return { automationId, name, occurrenceId, state, reason, isAsking };
      }),
    );
  };
}

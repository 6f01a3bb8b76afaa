import type { PortosEvent } from "../../../contract/features/events.ts";
import { SearchTimeout } from "../../../lib/search-json.ts";
import type { AutomationRecord } from "./automation-record.ts";
import { isWanted } from "./event-filter.ts";

/** Whom it is told to that a filter is not worked out any more. */
export interface FilterTelling {
  tooSlow(automation: AutomationRecord): void;
  /** It was changed, or is gone. */
  settled(automationId: string): void;
}

/** Works out the filters of automations. Everything else waits meanwhile, so one that takes too long is given up. */
export interface EventFilters {
  /** Throws an `Error` that says why it cannot be worked out. */
  isWanted(automation: AutomationRecord, event: Pick<PortosEvent, "id" | "name" | "at" | "data">): boolean;
  /** The automation may be another one now; `null` when it is gone. */
  changed(automationId: string, automation: AutomationRecord | null): void;
}

/** The first time it may have been the machine that was slow. */
const mostTimes = 2;

export function createEventFilters(telling?: FilterTelling): EventFilters {
  /** By automation: its filter, and how often in a row it took too long. */
  const slow = new Map<string, { filter: string | null; times: number }>();

  function timesOf(id: string, filter: string | null): number {
    const known = slow.get(id);
    return known?.filter === filter ? known.times : 0;
  }

  return {
    isWanted(automation, event) {
      const { id, schedule } = automation;
      if (schedule.kind !== "event") return false;
      const { filter } = schedule;
      const times = timesOf(id, filter);
      if (times >= mostTimes) throw new Error("it took too long, and is not tried again until it is changed");
      try {
        const found = isWanted(schedule, event);
        slow.delete(id);
        return found;
      } catch (error) {
        if (error instanceof SearchTimeout) {
          slow.set(id, { filter, times: times + 1 });
          if (times + 1 === mostTimes) telling?.tooSlow(automation);
        }
        throw error;
      }
    },
    changed(id, automation) {
      const filter = automation?.schedule.kind === "event" ? automation.schedule.filter : null;
      if (automation !== null && timesOf(id, filter) > 0) return;
      slow.delete(id);
      telling?.settled(id);
    },
  };
}

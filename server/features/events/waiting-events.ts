import type { PortosEvent } from "../../../contract/features/events.ts";

/** An event that was written down for an automation and has not reached it. */
export interface Waiting {
  event: PortosEvent;
  automationId: string;
  /** Number of the file it stands in, which must stay. */
  file: number;
}

/** What waits, and which files are needed for it. */
export interface WaitingEvents {
  add(waiting: Waiting): void;
  remove(eventId: string, automationId: string): void;
  all(): Iterable<Waiting>;
  /** The first file that is needed; `Infinity` when none is. */
  firstNeeded(): number;
  /** Of files before this one: the ids of events, by automation. */
  before(file: number): Map<string, Set<string>>;
}

const keyOf = (eventId: string, automationId: string): string => `${eventId} ${automationId}`;

export function createWaitingEvents(): WaitingEvents {
  const waiting = new Map<string, Waiting>();
  return {
    add(one) {
      waiting.set(keyOf(one.event.id, one.automationId), one);
    },
    remove(eventId, automationId) {
      waiting.delete(keyOf(eventId, automationId));
    },
    all: () => waiting.values(),
    firstNeeded() {
      let first = Infinity;
      for (const { file } of waiting.values()) first = Math.min(first, file);
      return first;
    },
    before(file) {
      const late = new Map<string, Set<string>>();
      for (const { event, automationId, file: own } of waiting.values()) {
        if (own >= file) continue;
        const ids = late.get(automationId) ?? new Set();
        late.set(automationId, ids.add(event.id));
      }
      return late;
    },
  };
}

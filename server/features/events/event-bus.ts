import { createHash, randomUUID } from "node:crypto";

import type { EventData } from "../../../contract/event-catalogue.ts";
import { eventKind } from "../../../contract/event-catalogue.ts";
import type { EventName, PortosEvent } from "../../../contract/features/events.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { redactValue } from "../../../lib/redact.ts";
import type { EventLog } from "./event-log.ts";

/** Whom events start. */
export interface EventTaker {
  /** Those that shall get it; written down with the event. */
  choose(event: Pick<PortosEvent, "id" | "name" | "at" | "data">): string[];
  /** Gets it after it was written down. `isAgain`: maybe it did before the process ended. */
  take(event: PortosEvent, automationId: string, isAgain: boolean): void;
}

export interface Happening {
  /** The same for everything that is told of the same happening; each one is its own when left out. */
  key?: string;
  /** ISO 8601 UTC; now when left out. */
  at?: string;
  /** Automations by whose doing it came about. */
  causes?: readonly string[];
  /** Automations it is for, whatever they listen to. */
  starts?: readonly string[];
}

/** Where features tell what happened, and where it goes on from. */
export interface EventBus {
  /** Writes it down and hands it on; what was told before is not told twice. Never rejects. */
  tell<N extends EventName>(name: N, data: EventData<N>, happening?: Happening): Promise<void>;
  /** It reached this automation. */
  handed(eventId: string, automationId: string): Promise<void>;
  /** From now on events are handed on: first those that were written down and had not arrived when the process ended. */
  serve(taker: EventTaker): void;
  read(id: string): Promise<PortosEvent | null>;
  /** The newest one of this kind. */
  last(name: EventName): PortosEvent | null;
  /** The same, or as the catalogue shows it while none was seen. */
  sample(name: EventName): PortosEvent;
  page: EventLog["page"];
}

const longestText = 2_000;
const mostCauses = 20;
const mostKnown = 50_000;
/** What is told this long after it happened is no news to anybody. */
const oldMs = 24 * 3_600_000;

/** Opens the bus over its log, which is read once. */
export async function openEventBus(parts: {
  log: EventLog;
  clock: Pick<Clock, "now">;
  logger: Logger;
}): Promise<EventBus> {
  const { log, clock, logger } = parts;
  const known = new Set<string>();
  const newest = new Map<EventName, PortosEvent>();
  /** Written down and not arrived, with the number of the file. */
  const pending = new Map<string, { event: PortosEvent; automationId: string; file: number }>();
  let taker: EventTaker | null = null;
  let file = 0;

  function remember(event: PortosEvent): void {
    known.add(event.id);
    if (known.size > mostKnown) known.delete(known.values().next().value ?? "");
    newest.set(event.name, event);
  }

  for await (const row of log.rows()) {
    if (row.kind === "handed") {
      pending.delete(`${row.id} ${row.automationId}`);
      continue;
    }
    remember(row.event);
    for (const automationId of row.event.starts)
      pending.set(`${row.event.id} ${automationId}`, { event: row.event, automationId, file: 0 });
  }

  async function write(event: PortosEvent): Promise<void> {
    const number = await log.add({ kind: "event", event }, event.starts.length > 0);
    for (const automationId of event.starts)
      pending.set(`${event.id} ${automationId}`, { event, automationId, file: number });
    for (const automationId of event.starts) taker?.take(event, automationId, false);
    if (number === file) return;
    file = number;
    await log.makeRoom(number, Math.min(...[...pending.values()].map((one) => one.file), number));
  }

  return {
    async tell(name, data, { key = randomUUID(), at, causes = [], starts: named = [] } = {}) {
      const now = clock.now();
      const id = eventIdOf(name, key);
      if (known.has(id) || (at !== undefined && now - Date.parse(at) > oldMs)) return;
      const told = { id, name, at: at ?? new Date(now).toISOString(), data: toldData(data) };
      try {
        const starts = [...new Set([...named, ...(taker?.choose(told) ?? [])])];
        const event: PortosEvent = { ...told, causes: causes.slice(-mostCauses), starts };
        remember(event);
        await write(event);
      } catch (error) {
        known.delete(id); // whoever tells it again is heard
        logger.error("An event could not be written down", { event: name, id }, error);
      }
    },
    async handed(id, automationId) {
      pending.delete(`${id} ${automationId}`);
      await log.add({ kind: "handed", at: new Date(clock.now()).toISOString(), id, automationId }, false);
    },
    serve(given) {
      taker = given;
      for (const { event, automationId } of pending.values()) given.take(event, automationId, true);
    },
    read: (id) => log.read(id),
    last: (name) => newest.get(name) ?? null,
    sample: (name) => newest.get(name) ?? exampleEvent(name, clock.now()),
    page: (query) => log.page(query),
  };
}

/** The same for the same happening. */
export function eventIdOf(name: EventName, key: string): string {
  return `ev-${createHash("sha256").update(`${name} ${key}`).digest("hex").slice(0, 20)}`;
}

/** Without secrets, and no longer than anybody reads. */
function toldData(data: object): PortosEvent["data"] {
  // What is cut first may leave the half of a secret, which nothing knows any more.
  const cut = Object.entries(redactValue(data) as object).map(
    ([field, value]: [string, unknown]): [string, unknown] => [
      field,
      typeof value === "string" && value.length > longestText ? `${value.slice(0, longestText - 1)}…` : value,
    ],
  );
  return Object.fromEntries(cut) as PortosEvent["data"];
}

/** An event as the catalogue shows it. */
function exampleEvent(name: EventName, nowMs: number): PortosEvent {
  const { example } = eventKind(name);
  const at = new Date(nowMs).toISOString();
  return { id: eventIdOf(name, "example"), name, at, data: { ...example }, causes: [], starts: [] };
}

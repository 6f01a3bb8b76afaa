import { createHash, randomUUID } from "node:crypto";

import type { EventData } from "../../../contract/event-catalogue.ts";
import { eventKind } from "../../../contract/event-catalogue.ts";
import type { EventName, PortosEvent } from "../../../contract/features/events.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { redactValue } from "../../../lib/redact.ts";
import type { EventLog } from "./event-log.ts";
import { createWaitingEvents } from "./waiting-events.ts";

/** Whom events start. */
export interface EventTaker {
  /** Those that shall get it; written down with the event. */
  choose(event: Pick<PortosEvent, "id" | "name" | "at" | "data">): string[];
  /** Gets it after it was written down. `isAgain`: maybe it did before the process ended. */
  take(event: PortosEvent, automationId: string, isAgain: boolean): void;
  /** Those of these that wait for it still will not start it: its ledger says why, and they have arrived. */
  giveUp(automationId: string, eventIds: ReadonlySet<string>, reason: string): Promise<void>;
}

/** How much is kept. */
export interface EventRoom {
  /** Beyond this the oldest files go, unless something in them waits. */
  mostBytes: number;
  /** Beyond this what waits in the oldest ones is given up. */
  mostWaitingBytes: number;
  /** So many of the newest files stay in any case. */
  keptFiles: number;
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
  /** Removes what is older; what waits that long is given up first. */
  prune(keepDays: number): Promise<void>;
}

const mebibyte = 1024 * 1024;
const usualRoom: EventRoom = { mostBytes: 16 * mebibyte, mostWaitingBytes: 64 * mebibyte, keptFiles: 4 };
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
  room?: EventRoom;
}): Promise<EventBus> {
  const { log, clock, logger, room = usualRoom } = parts;
  const known = new Set<string>();
  const newest = new Map<EventName, PortosEvent>();
  const waiting = createWaitingEvents();
  let taker: EventTaker | null = null;
  let file = 0;

  function remember(event: PortosEvent): void {
    known.add(event.id);
    if (known.size > mostKnown) known.delete(known.values().next().value ?? "");
    newest.set(event.name, event);
  }

  for await (const { row, file: own } of log.rows()) {
    if (row.kind === "handed") waiting.remove(row.id, row.automationId);
    else {
      remember(row.event);
      for (const automationId of row.event.starts) waiting.add({ event: row.event, automationId, file: own });
    }
  }

  async function write(event: PortosEvent): Promise<void> {
    const number = await log.add({ kind: "event", event }, event.starts.length > 0);
    for (const automationId of event.starts) waiting.add({ event, automationId, file: number });
    for (const automationId of event.starts) taker?.take(event, automationId, false);
    if (number === file) return;
    file = number;
    await makeRoom(number).catch((error: unknown) => {
      logger.error("No room could be made among the events", {}, error);
    });
  }

  /** What waits in files before this one. */
  async function giveUpBefore(before: number, reason: string): Promise<void> {
    if (taker === null) return; // it is handed on first
    for (const [automationId, ids] of waiting.before(before)) await taker.giveUp(automationId, ids, reason);
  }

  async function makeRoom(current: number): Promise<void> {
    if ((await log.bytes()) <= room.mostBytes) return;
    const end = current - room.keptFiles + 1;
    await log.removeBefore(Math.min(waiting.firstNeeded(), end));
    for (let first = waiting.firstNeeded(); first < end; first += 1) {
      if ((await log.bytes()) <= room.mostWaitingBytes) return;
      await giveUpBefore(first + 1, "Too much had happened since, and there is no room for more events that wait");
      await log.removeBefore(Math.min(waiting.firstNeeded(), end));
    }
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
      waiting.remove(id, automationId);
      await log.add({ kind: "handed", at: new Date(clock.now()).toISOString(), id, automationId }, false);
    },
    serve(given) {
      taker = given;
      for (const { event, automationId } of waiting.all()) given.take(event, automationId, true);
    },
    read: (id) => log.read(id),
    last: (name) => newest.get(name) ?? null,
    sample: (name) => newest.get(name) ?? exampleEvent(name, clock.now()),
    page: (query) => log.page(query),
    async prune(keepDays) {
      const first = await log.firstKept(keepDays);
      await giveUpBefore(first, `It waited for longer than events are kept (${String(keepDays)} days)`);
      if (waiting.firstNeeded() < first) await log.removeBefore(waiting.firstNeeded());
      else await log.prune(keepDays);
    },
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

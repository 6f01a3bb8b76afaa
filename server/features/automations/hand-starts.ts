import { eventTitles } from "../../../contract/event-titles.ts";
import type { EventTrigger } from "../../../contract/features/automation-schedules.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { existing } from "./automation-editor.ts";
import type { AutomationRecord } from "./automation-record.ts";
import { loopOf } from "./event-causes.ts";
import { isWanted } from "./event-filter.ts";
import { placesIn } from "./fill-params.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import type { Occasion } from "./occurrence-row.ts";
import type { OccurrenceRunner } from "./occurrence-runner.ts";

/** So many events of each kind are looked through for one that fits. */
const lookedEvents = 100;
/** So long at most; everything else waits meanwhile. */
const longestLookMs = 1_000;
const quoted = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
/** What a run by hand has too is left out. */
const ofTheEvent = /(?<![\w.])trigger(?!\w)(?!\.(?:kind|due|who|automation|run)(?!\w))/;

/** What of events is read for runs by hand. */
export type ReadEvents = Pick<EventBus, "read" | "page">;

interface Parts {
  store: { get(id: string): AutomationRecord | null };
  ledger: Pick<OccurrenceLedger, "find">;
  runner: Pick<OccurrenceRunner, "submit">;
  events: ReadEvents;
  connectors: Pick<AutomationConnectors, "message">;
  clock: Pick<Clock, "now" | "monotonic">;
  panic?: { check(): void };
}

/** Runs that a person starts. */
export interface HandStarts {
  /** Calls of one that events start are made with the newest event that fits; throws `conflict` when they need one and there is none. */
  run(automationId: string, who: string): Promise<Occurrence>;
  /** Once more, with what had started a run that came to nothing. Throws `conflict` for others, and when that is not kept. */
  again(occurrenceId: string, who: string): Promise<Occurrence>;
}

/** Starts by hand, each with an event where it needs one. */
export function createHandStarts(parts: Parts): HandStarts {
  const { store, ledger, runner, events, clock } = parts;
  const byHand = (who: string): Occasion => ({ trigger: "manual", who, due: clock.now(), note: null });

  async function newest(automation: AutomationRecord, schedule: EventTrigger): Promise<PortosEvent | null> {
    const pages = await Promise.all(schedule.events.map((name) => events.page({ name, limit: lookedEvents })));
    const known = pages.flatMap(({ items }) => items).toSorted((one, other) => (one.at < other.at ? 1 : -1));
    const until = clock.monotonic() + longestLookMs;
    for (const event of known) {
      if (loopOf(automation, event, store) !== null) continue;
      if (clock.monotonic() > until) throw filterProblem("it takes too long");
      if (isWantedNow(schedule, event)) return event;
    }
    return null;
  }

  return {
    async run(automationId, who) {
      parts.panic?.check();
      const automation = existing(store, automationId);
      const { schedule, action, name } = automation;
      if (schedule.kind !== "event" || action.kind !== "connector") return runner.submit(automation, byHand(who));
      const event = await newest(automation, schedule);
      if (event !== null) {
        const note = `With the newest event that fits: ${inWords(event)}`;
        return runner.submit(automation, { ...byHand(who), ...(await withEvent(event, parts)), note });
      }
      if (!readsEvent(action.steps)) return runner.submit(automation, byHand(who));
      throw new AppError("conflict", `${name} is started by events, and none that fits has happened yet`, {
        hint: '"Try without sending", in its form, shows what it would do with an example.',
      });
    },
    async again(occurrenceId, who) {
      parts.panic?.check();
      const row = await ledger.find(occurrenceId);
      if (!row) throw new AppError("not_found", "There is no such occurrence");
      const { eventId, messageId, state, count } = row;
      if (state === "queued" || state === "running") throw new AppError("conflict", "This run is not over yet");
      if (state === "succeeded")
        throw new AppError("conflict", "This run succeeded: what had started it was dealt with");
      if (eventId === undefined && messageId === undefined)
        throw new AppError("conflict", "No event and no message had started this run", {
          hint: "Use Run now instead.",
        });
      const automation = existing(store, row.automationId);
      const what = count === 1 ? "what had started" : `the first of ${count ?? "many"} events of`;
      const note = `Once more, with ${what} the run of ${timeInWords(row.due)}`;
      if (eventId === undefined) {
        await checkMessage(messageId ?? "", parts);
        return runner.submit(automation, { ...byHand(who), ...(messageId === undefined ? {} : { messageId }), note });
      }
      const event = await events.read(eventId);
      if (event === null) throw notKept("The event that had started it is kept no longer");
      return runner.submit(automation, { ...byHand(who), ...(await withEvent(event, parts)), note });
    },
  };
}

async function withEvent(event: PortosEvent, parts: Parts): Promise<Pick<Occasion, "event" | "messageId">> {
  const { id, causes, name, data } = event;
  const { messageId } = data;
  if (name !== "webhook.received" || typeof messageId !== "string") return { event: { id, causes } };
  await checkMessage(messageId, parts);
  return { event: { id, causes }, messageId };
}

/** Without what it said, its places would be empty. */
async function checkMessage(messageId: string, { connectors }: Parts): Promise<void> {
  if ((await connectors.message(messageId)) === null) throw notKept("What the message said is kept no longer");
}

function notKept(message: string): AppError {
  return new AppError("conflict", message, {
    hint: "Have it sent again by whoever sent it, or wait for the next one.",
  });
}

function isWantedNow(schedule: EventTrigger, event: PortosEvent): boolean {
  try {
    return isWanted(schedule, event);
  } catch (error) {
    throw filterProblem((error instanceof Error ? error.message : String(error)).slice(0, 300));
  }
}

function filterProblem(why: string): AppError {
  return new AppError("conflict", `Its filter cannot be worked out: ${why}`, { hint: "Correct it in the form." });
}

function readsEvent(steps: readonly { params: unknown }[]): boolean {
  return placesIn(steps.map(({ params }) => params)).some(({ expression }) =>
    ofTheEvent.test(expression.replaceAll(quoted, "''")),
  );
}

function inWords({ name, at }: PortosEvent): string {
  return `${eventTitles[name]}, ${timeInWords(at)}`;
}

function timeInWords(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

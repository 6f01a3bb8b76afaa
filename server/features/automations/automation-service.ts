import type { z } from "zod";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import type {
  AutomationList,
  automationsFeed,
  AutomationState,
  AutomationView,
} from "../../../contract/features/automations.ts";
import type { Budget } from "../../../contract/features/runs.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { AutomationApps } from "./app-actions.ts";
import type { AutomationPrompts } from "./automation-checks.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { type AutomationEditor, createAutomationEditor, existing } from "./automation-editor.ts";
import { type AutomationRecord, toAutomation } from "./automation-record.ts";
import type { AutomationStore } from "./automation-store.ts";
import { createDueHandler } from "./due-handler.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { isoTime } from "./occurrence-row.ts";
import { createCauses } from "./event-causes.ts";
import type { AutomationEvents } from "./event-handler.ts";
import type { FilterTelling } from "./event-filters.ts";
import { createEventStarter, type EventStarter } from "./event-starter.ts";
import { createHandStarts, type HandStarts, type ReadEvents } from "./hand-starts.ts";
import { createStartViews, type StartViews } from "./start-views.ts";
import { type ActionRunners, createOccurrenceRunner } from "./occurrence-runner.ts";
import type { RunOutputs } from "./run-output.ts";
import { dayBudgetOf, taskBudgetOf } from "./task-action.ts";
import { createScheduleFollower } from "./schedule-follower.ts";
import { createScheduler, type Timers } from "./scheduler.ts";
import { createStateTeller } from "./state-teller.ts";
import { createUpkeep } from "./upkeep.ts";

export type AutomationEvent = z.output<typeof automationsFeed.server.event>["event"];

export interface AutomationServiceOptions {
  store: AutomationStore;
  ledger: OccurrenceLedger;
  outputs: RunOutputs;
  actions: ActionRunners;
  apps: AutomationApps;
  prompts: AutomationPrompts;
  connectors: Pick<AutomationConnectors, "find" | "message">;
  secrets: SecretBox;
  clock: Clock;
  timers: Timers;
  logger: Logger;
  publish: (event: AutomationEvent) => void;
  /** The switch that stops everything; it is asked before anything starts. */
  panic?: { isOn(): boolean; check(): void };
  /** Told what has reached an automation; read for runs by hand. */
  events: AutomationEvents & ReadEvents;
  /** Told of filters of events that take too long. */
  filters?: FilterTelling;
  /** A run ended; used for notifications. */
  onEnded?: (row: Occurrence) => void;
}

/** Automations: what the user decides about them, when they run and what became of it. */
export interface AutomationService extends AutomationEditor, HandStarts {
  list(): AutomationList;
  view(id: string): AutomationView;
  /** What events start. */
  starter: Pick<EventStarter, "choose" | "take" | "giveUp" | "fullOf">;
  /** What came of events that were meant for automations. */
  startsOf: StartViews;
  /** Automations that led to what this one does now, itself last. */
  causesOf(id: string): string[];
  /** The same of one that has just restarted this app. */
  causesOfApp(appId: string): string[];
  cancel(occurrenceId: string, who: string): Promise<Occurrence>;
  nextDue(id: string): number | null;
  /** What all tasks of one may use in a day; `null` without one, and when it adds none. */
  taskBudget(id: string): { name: string; budget: Budget } | null;
  /** What all its tasks or runs may use in a day. Throws `not_found`. */
  dayBudget(id: string): Budget | undefined;
  /** What waits for its turn is given up. Answers how many automations are on and not paused already. */
  stopAll(reason: string): Promise<number>;
  /** Ends the commands that run. Answers how many. */
  stopCommands(reason: string): Promise<number>;
  /** Takes up what was running, then waits for due times. */
  start(): void;
  /** Commands go on in portos-cos; their end is recorded after the next start. */
  stop(): Promise<void>;
}

/** Builds the service over a loaded ledger; nothing runs before `start()`. */
export function createAutomationService(options: AutomationServiceOptions): AutomationService {
  const { store, ledger, outputs, clock, timers, logger, publish, actions, secrets } = options;
  const changed = createStateTeller(timers, (id) => {
    if (follower.has(id)) publish({ kind: "state", state: stateOf(id) });
  });
  const runner = createOccurrenceRunner({
    clock,
    logger,
    ledger,
    outputs,
    actions,
    onOccurrence(row) {
      causes.note(row);
      publish({ kind: "occurrence", occurrence: row });
      changed(row.automationId);
      if (row.state === "queued" || row.state === "running") return;
      options.onEnded?.(row);
      // The runner lets go of it first.
      timers.soon(() => {
        starter.look(row.automationId);
      });
    },
    onOutput: (id, bytes) => {
      publish({ kind: "output", id, bytes });
    },
  });
  const scheduler = createScheduler({
    clock,
    timers,
    logger,
    onDue: (id, plan, cause) => handleDue(id, plan, cause),
    onNext: changed,
    onSetBack: () => {
      upkeep.checkpointSoon();
    },
  });
  const isStopped = (): boolean => options.panic?.isOn() === true;
  const causes = createCauses(ledger, clock, store);
  const starter = createEventStarter({ ...options, runner, isStopped, telling: options.filters });
  const handleDue = createDueHandler({ runner, store, scheduler, isStopped, logger });
  const follower = createScheduleFollower({
    store,
    scheduler,
    ledger,
    clock,
    onChanged: (automation) => {
      starter.changed(automation.id);
      publish({ kind: "changed", view: viewOf(automation) });
    },
    onRemoved: (id) => {
      starter.changed(id);
      publish({ kind: "removed", id });
    },
  });
  const upkeep = createUpkeep({ ledger, outputs, logger, known: follower.rows });

  function stateOf(id: string): AutomationState {
    const next = scheduler.nextDue(id);
    return {
      id,
      nextDue: next === null ? null : isoTime(next),
      open: ledger.openOf(id),
      recent: ledger.recent(id),
    };
  }

  const viewOf = (record: AutomationRecord): AutomationView => ({
    automation: toAutomation(record, secrets),
    state: stateOf(record.id),
  });

  return {
    ...createAutomationEditor({ ...options, runner, viewOf }),
    ...createHandStarts({ ...options, runner }),
    list() {
      return {
        automations: store.all().map(viewOf),
        pausedAt: store.pausedAt(),
        problems: [...store.problems()],
      };
    },
    view: (id) => viewOf(existing(store, id)),
    starter,
    startsOf: createStartViews({ store, ledger, starter }),
    causesOf: causes.causesOf,
    causesOfApp: causes.causesOfApp,
    cancel: (id, who) => runner.cancel(id, `Cancelled by ${who}`),
    nextDue: (id) => scheduler.nextDue(id),
    taskBudget: (id) => taskBudgetOf(store.get(id)),
    dayBudget: (id) => dayBudgetOf(existing(store, id)),
    async stopAll(reason) {
      for (const { id } of store.all()) await runner.dropQueued(id, reason);
      return store.pausedAt() === null ? store.all().filter(({ isEnabled }) => isEnabled).length : 0;
    },
    async stopCommands(reason) {
      // First what would take their place.
      for (const { id } of store.all()) await runner.dropQueued(id, reason);
      return runner.cancelCommands(reason);
    },
    start() {
      follower.follow();
      store.subscribe((file) => {
        follower.follow();
        if (file.arePausesChanged) publish({ kind: "paused", pausedAt: store.pausedAt() });
        if (file.areProblemsChanged) publish({ kind: "problems", problems: [...store.problems()] });
      });
      runner.adopt((id) => store.get(id));
      // What could not be reached when everything was stopped.
      if (isStopped()) runner.cancelCommands("Everything was stopped");
      scheduler.start();
      starter.start();
      upkeep.start();
    },
    async stop() {
      scheduler.stop();
      await starter.stop();
      await runner.stop();
      await upkeep.stop();
    },
  };
}

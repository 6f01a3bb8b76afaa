import { setMaxListeners } from "node:events";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ActionRunner } from "./action-runner.ts";
import type { AutomationRecord, StoredAction } from "./automation-record.ts";
import { isoTime, newRow, type Occasion, startedRow } from "./occurrence-row.ts";
import { createRunPerformer, type PerformerOptions, type Work } from "./run-performer.ts";
import { createWaitingLine } from "./waiting-line.ts";

export type ActionRunners = { [K in StoredAction["kind"]]: ActionRunner<Extract<StoredAction, { kind: K }>> };

export interface RunnerOptions extends Omit<PerformerOptions, "detach"> {
  actions: ActionRunners;
}

/** Runs occurrences by their automation's overlap policy, each claimed in the ledger first. */
export interface OccurrenceRunner {
  /** Starts, queues or skips; resolves once that is in the ledger. Throws `conflict` when a person starts what may not overlap. */
  submit(automation: AutomationRecord, occasion: Occasion): Promise<Occurrence>;
  /** Something of it runs, is about to, or waits for its turn. */
  isBusy(automationId: string): boolean;
  /** Writes a row for due times at which nothing runs. */
  record(automation: AutomationRecord, occasion: Occasion, changes: Partial<Occurrence>): Promise<Occurrence>;
  cancel(id: string, reason: string): Promise<Occurrence>;
  /** Cancels what waits; what runs goes on. */
  dropQueued(automationId: string, reason: string): Promise<void>;
  /** Ends its calls of connectors, with the question or delivery they wait for. */
  cancelCalls(automationId: string, reason: string): void;
  /** Ends the commands that run. Answers how many. */
  cancelCommands(reason: string): number;
  /** Takes up what the ledger says is open, after a restart of this server. */
  adopt(automationOf: (id: string) => AutomationRecord | null): void;
  /** Lets go of everything; commands go on in portos-cos. Resolves when nothing more is written. */
  stop(): Promise<void>;
}

interface Run {
  row: Occurrence;
  cancel: AbortController;
  /** Settles when nothing more happens; never rejects. */
  done: Promise<unknown>;
}

/** A runner with nothing under way. */
export function createOccurrenceRunner(options: RunnerOptions): OccurrenceRunner {
  const { clock, logger, ledger } = options;
  const running = new Map<string, Run>();
  const detach = new AbortController();
  setMaxListeners(0, detach.signal); // one for each run that goes on: as many as there are
  const performer = createRunPerformer({ ...options, detach: detach.signal });
  const line = createWaitingLine({ ledger, performer, clock, onOccurrence: options.onOccurrence });
  const runnerOf = (kind: StoredAction["kind"]): ActionRunner => options.actions[kind];

  /** From this call on the automation counts as running; the action starts once `prepare` has put that on disk. */
  async function begin(automation: AutomationRecord, row: Occurrence, prepare: (row: Occurrence) => Promise<void>) {
    const run: Run = { row: startedRow(row, clock.now()), cancel: new AbortController(), done: Promise.resolve() };
    running.set(automation.id, run);
    const prepared = prepare(run.row);
    run.done = prepared.catch(() => undefined);
    try {
      await prepared;
    } catch (error) {
      release(run);
      throw error;
    }
    run.row = startedRow(row, clock.now());
    options.onOccurrence(run.row);
    follow(run, (context) => runnerOf(automation.action.kind).start(context, automation.action));
    return run.row;
  }

  function follow(run: Run, work: Work): void {
    run.done = performer.perform(run.row, run.cancel.signal, work).then(async (ended) => {
      if (ended === null) return;
      release(run);
      await runnerOf(ended.action)
        .forget?.(ended.id)
        .catch((error: unknown) => {
          logger.warn("A session could not be closed", { occurrence: ended.id, cause: String(error) });
        });
    });
  }

  function release(run: Run): void {
    const { automationId } = run.row;
    if (running.get(automationId) === run) running.delete(automationId);
    startQueued(automationId);
  }

  function startQueued(automationId: string): void {
    if (running.has(automationId) || detach.signal.aborted) return;
    const next = line.take(automationId);
    if (next === undefined) return;
    begin(next.automation, next.row, async (row) => {
      await next.claimed;
      await ledger.started(row);
    }).catch((error: unknown) => {
      logger.error("A queued run could not be started", { occurrence: next.row.id }, error);
      const reason = "Its start could not be written down";
      return performer.finishSurely({ ...next.row, state: "failed", reason, endedAt: isoTime(clock.now()) });
    });
  }

  function record(automation: AutomationRecord, occasion: Occasion, changes: Partial<Occurrence>): Promise<Occurrence> {
    const now = clock.now();
    return performer.finish({ ...newRow(automation, occasion, "skipped", now), endedAt: isoTime(now), ...changes });
  }

  async function overlap(automation: AutomationRecord, occasion: Occasion, current: Run): Promise<Occurrence> {
    const refuse = (reason: string): Promise<Occurrence> => {
      if (occasion.trigger === "manual") throw new AppError("conflict", `${automation.name}: ${reason}`);
      return record(automation, occasion, { reason });
    };
    if (automation.overlapPolicy === "skip") return refuse("The run before it was still going on");
    // Events that wait for their turn do so before they come here.
    if (automation.overlapPolicy.startsWith("queue") && line.has(automation.id))
      return refuse("One run was waiting already");
    const row = await line.enqueue(automation, occasion);
    if (automation.overlapPolicy === "replace") current.cancel.abort("Replaced by the next run");
    return row;
  }

  function adoptOne(row: Occurrence, automation: AutomationRecord | null): void {
    if (row.state === "queued") {
      if (automation) line.adopt(row, automation);
      else void performer.finishSurely({ ...row, state: "cancelled", reason: "Its automation is gone" });
      return;
    }
    const run: Run = { row, cancel: new AbortController(), done: Promise.resolve() };
    running.set(row.automationId, run);
    follow(run, (context) => runnerOf(row.action).adopt?.(context) ?? Promise.resolve(null));
  }

  return {
    submit: async (automation, occasion) => {
      const current = running.get(automation.id);
      if (current !== undefined) return overlap(automation, occasion, current);
      return begin(automation, newRow(automation, occasion, "running", clock.now()), (row) => ledger.claim(row));
    },
    isBusy: (automationId) => running.has(automationId) || line.has(automationId),
    record,
    async dropQueued(automationId, reason) {
      await line.drop(automationId, reason);
    },
    async cancel(id, reason) {
      const dropped = await line.drop(line.automationOf(id) ?? "", reason);
      if (dropped) return dropped;
      const run = [...running.values()].find(({ row }) => row.id === id);
      if (run === undefined) throw new AppError("conflict", "This run is over already");
      run.cancel.abort(reason);
      return run.row;
    },
    cancelCalls(automationId, reason) {
      const run = running.get(automationId);
      if (run?.row.action === "connector") run.cancel.abort(reason);
    },
    cancelCommands(reason) {
      const commands = [...running.values()].filter(
        ({ row, cancel }) => row.action === "command" && !cancel.signal.aborted,
      );
      for (const { cancel } of commands) cancel.abort(reason);
      return commands.length;
    },
    adopt(automationOf) {
      const open = ledger.open();
      for (const row of open) adoptOne(row, automationOf(row.automationId));
      for (const { automationId } of open) startQueued(automationId);
    },
    async stop() {
      detach.abort();
      await Promise.allSettled([...running.values()].map(({ done }) => done));
    },
  };
}

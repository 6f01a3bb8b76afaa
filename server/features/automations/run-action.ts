import { runInputSchema, type Budget, type LimitNames, type Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { sentences } from "../../../contract/sentences.ts";
import { AppError } from "../../../lib/app-error.ts";
import { mayHaveArrived } from "../../../lib/internal-client.ts";
import { limitNamesOf, narrower, sumOfUse, useOf, type RunUse } from "../../run-use.ts";
import type { RunService } from "../runs/run-service.ts";
import { type ActionOutcome, type ActionRunner, cancelReason, detached, type RunContext } from "./action-runner.ts";
import type { StoredAction } from "./automation-record.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { budgetState } from "./task-action.ts";

type RunAction = Extract<StoredAction, { kind: "run" }>;

/** What automations may do with runs. */
export interface AutomationRuns {
  start(
    action: RunAction & { limitNames?: LimitNames },
    automation: { id: string; name: string },
    runId: string,
  ): Promise<void>;
  /** Throws `not_found` for one that never started or was deleted. */
  get(id: string): Promise<Run>;
  /** The same of one that was deleted today. */
  recall(id: string): Promise<Run>;
  stop(id: string, reason: string): Promise<void>;
  /** Calls when it has ended, with `null` when there is no such run any more; the answer takes the wish back. */
  onEnd(id: string, listener: (run: Run | null) => void): () => void;
  /** To be told of every run that has ended. */
  hear(run: Run): void;
  /** To be told of every run that was deleted. */
  forget(run: Pick<Run, "id">): void;
  /** To be called whenever portos-cos has come back: what is waited for may have ended meanwhile, or never begun. */
  lookAgain(): Promise<void>;
}

/** The runs as automations see them. */
export function automationRuns(service: () => Pick<RunService, "create" | "get" | "recall" | "stop">): AutomationRuns {
  const waiting = new Map<string, (run: Run | null) => void>();
  const runs: AutomationRuns = {
    async start({ kind: _kind, choice, dayBudget: _dayBudget, limitNames, ...wanted }, { id, name }, runId) {
      const input = runInputSchema.parse({ ...wanted, title: name, choices: [choice] });
      await service().create(input, { kind: "automation", id }, { id: runId, limitNames });
    },
    get: (id) => service().get(id),
    recall: (id) => service().recall(id),
    async stop(id, reason) {
      await service().stop(id, reason);
    },
    onEnd(id, listener) {
      waiting.set(id, listener);
      return () => waiting.delete(id);
    },
    hear: (run) => waiting.get(run.id)?.(run),
    forget: ({ id }) => waiting.get(id)?.(null),
    async lookAgain() {
      for (const [id, tell] of waiting) {
        const run = await nowOrUnknown(runs, id);
        if (run === null || (run !== "unknown" && !isOpenState(run.state))) tell(run);
      }
    },
  };
  return runs;
}

/** Id of the run of an occurrence: whoever takes the occurrence up again finds it by this. */
function runIdOf(occurrenceId: string): string {
  return `run-${occurrenceId.replace(/^oc-/, "")}`;
}

/** A day on which the clock is set back. */
const longestDayMs = 25 * 3_600_000;

interface UseParts {
  ledger: Pick<OccurrenceLedger, "page">;
  runs: Pick<AutomationRuns, "recall">;
  /** The day a time falls on. */
  dayOf: (ms: number) => string;
  now: () => number;
}

/** What the runs an automation started today have used so far, deleted ones included. Throws while nobody can tell. */
export function runUseToday({ ledger, runs, dayOf, now }: UseParts): (automationId: string) => Promise<RunUse> {
  return async (automationId) => {
    const today = dayOf(now());
    const since = new Date(now() - longestDayMs).toISOString();
    const found: (Run | null)[] = [];
    let before: string | undefined;
    do {
      const page = await ledger.page({ automation: automationId, limit: 200, since, before });
      for (const { id, action, startedAt } of page.items)
        if (action === "run" && startedAt !== null && dayOf(Date.parse(startedAt)) === today)
          found.push(await runs.recall(runIdOf(id)).catch(unlessNone));
      before = page.next ?? undefined;
    } while (before !== undefined);
    return sumOfUse(found.filter((run) => run !== null).map(useOf));
  };
}

/** It never started. */
function unlessNone(error: unknown): null {
  if (error instanceof AppError && error.code === "not_found") return null;
  throw error;
}

/** Gives a prompt to a provider and goes on until the run has ended. */
export function createRunAction(
  runs: AutomationRuns,
  day: { usedToday(automationId: string): Promise<RunUse> },
): ActionRunner<RunAction> {
  return {
    async start(context, action) {
      const { row, output } = context;
      const id = runIdOf(row.id);
      let problem: string | null = null;
      try {
        const { left, exceeded } = await budgetState(day, row.automationId, action.dayBudget);
        if (exceeded !== null) return { state: "skipped", reason: exceeded };
        const limits = withinDay(action, left, row.name);
        await runs.start({ ...action, ...limits }, { id: row.automationId, name: row.name }, id);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        problem = said(error);
        if (!mayHaveArrived(error)) return { state: "failed", reason: problem };
      }
      if (problem === null) await output.append(0, Buffer.from(`Started the run ${id}\n`));
      return (await followRun(runs, context, id)) ?? { state: "failed", reason: problem ?? "The run was deleted" };
    },
    adopt: (context) => followRun(runs, context, runIdOf(context.row.id)),
  };
}

/** Its limits, and which of them are what is left of the budget of the day. */
function withinDay({ budget: own, dayBudget }: RunAction, left: Budget | null, name: string) {
  if (left === null || dayBudget === undefined) return { budget: own };
  const budget = narrower(own, left);
  const ofDay = { budget: dayBudget, left, whose: `a day of the automation ${name}` };
  return { budget, limitNames: limitNamesOf(budget, [ofDay], own) };
}

/** `null`: there is no such run, or not any more. */
async function followRun(
  runs: AutomationRuns,
  { signal, detach }: RunContext,
  id: string,
): Promise<ActionOutcome | null> {
  const over = new AbortController();
  const end = new Promise<Run | null | typeof detached>((resolve, reject) => {
    const leave = (): void => {
      resolve(detached);
    };
    const stop = (): void => {
      runs.stop(id, cancelReason(signal)).catch(reject);
    };
    over.signal.addEventListener("abort", runs.onEnd(id, resolve));
    detach.addEventListener("abort", leave, { signal: over.signal });
    signal.addEventListener("abort", stop, { signal: over.signal });
    if (detach.aborted) leave();
    if (signal.aborted) stop();
  });
  end.catch(() => undefined); // told below, where it is waited for
  try {
    const run = await nowOrUnknown(runs, id);
    if (run === null) return null;
    const ended = run !== "unknown" && !isOpenState(run.state) ? run : await end;
    if (ended === null) return null;
    return ended === detached ? detached : outcomeOf(ended, signal);
  } finally {
    over.abort();
  }
}

/** While portos-cos is away its end is heard of later. */
async function nowOrUnknown(runs: Pick<AutomationRuns, "get">, id: string): Promise<Run | "unknown" | null> {
  try {
    return await runs.get(id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code === "not_found" ? null : "unknown";
  }
}

function outcomeOf({ state, message }: Run, signal: AbortSignal): Exclude<ActionOutcome, typeof detached> {
  if (signal.aborted) return { state: "cancelled", reason: cancelReason(signal) };
  if (state === "succeeded") return { state, reason: null };
  const reason = message ?? `The run was ${state}`;
  return state === "cancelled" || state === "interrupted" ? { state, reason } : { state: "failed", reason };
}

function said({ message, hint }: AppError): string {
  return hint === undefined ? message : sentences(message, hint);
}

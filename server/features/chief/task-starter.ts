import type { ChiefSettings } from "../../../contract/features/chief.ts";
import { runInputSchema, type RunInput } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import { limitNamesOf, narrower } from "../../run-use.ts";
import type { AutomationBudgets } from "./automation-budgets.ts";
import type { Candidate } from "./chief-facts.ts";
import { taskKey, type ChiefParts, type Teller } from "./chief-parts.ts";
import type { RecordBook } from "./record-book.ts";
import { budgetLeft } from "./task-budget.ts";
import type { RunExtras } from "../runs/run-starter.ts";
import { taskPictures } from "./task-pictures.ts";
import { taskPrompt } from "./task-prompt.ts";
import { reasonOf } from "./task-reason.ts";
import { holdMs, refuse, type Refusal } from "./start-refusal.ts";
import { emptyUse, type TaskRun } from "./task-record.ts";

interface StarterOptions extends Pick<
  ChiefParts,
  | "tasks"
  | "runs"
  | "newRunId"
  | "choose"
  | "folderOf"
  | "isRepository"
  | "screenshotFile"
  | "fillPrompt"
  | "notifications"
  | "clock"
  | "logger"
> {
  book: RecordBook;
  automations: Pick<AutomationBudgets, "ofTask">;
  teller: Teller;
  settings(): ChiefSettings;
}

/** Starts runs of tasks. What is to be started is on disk first, under the id it will have: it happens once, or not at all. */
export interface TaskStarter {
  /** `null`: it is started, or on its way. Else why not; the task is as it was. */
  start(task: Task, candidates: readonly Candidate[], by: TaskRun["by"]): Promise<Refusal | null>;
  /** Whether portos-cos has started what was written down; `null` when it cannot be asked. */
  isStarted(run: TaskRun): Promise<boolean | null>;
  /** Takes back a run that was written down and never started; `before`: the task is again what it was. */
  takeBack(taskId: string, runId: string, before?: Task): Promise<void>;
}

interface Chosen {
  candidate: Candidate;
  reason: string;
  detail: string | null;
}

/** What is said when the automation of a task may use nothing more today. */
export function usedUp(exceeded: string): AppError {
  return new AppError("rate_limited", exceeded, {
    hint: "Raise the budget of the automation, or wait until tomorrow.",
  });
}

interface Asked {
  input: RunInput;
  extras: Pick<RunExtras, "images" | "prompt" | "limitNames">;
}

/** What its prompt says now; `null` without one. */
async function filledBy(
  { template }: Task,
  { fillPrompt }: StarterOptions,
): Promise<Awaited<ReturnType<StarterOptions["fillPrompt"]>> | AppError | null> {
  try {
    return template === null ? null : await fillPrompt(template);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, hint } = error;
    // A prompt that was deleted or broken is mended by the user, not by time.
    return new AppError(code === "conflict" ? "invalid_request" : code, `Its prompt cannot be used: ${message}`, {
      hint: hint ?? "Change the prompt or the values of the task.",
    });
  }
}

/** What is asked of portos-cos, or why nobody can be asked for it. */
async function inputFor(task: Task, candidate: Candidate, options: StarterOptions): Promise<Asked | AppError> {
  const { book, automations, settings, folderOf, isRepository, screenshotFile } = options;
  const ofAutomation = await automations.ofTask(task.id);
  if (ofAutomation !== null && ofAutomation.exceeded !== null) return usedUp(ofAutomation.exceeded);
  const ofTask = {
    budget: task.budget,
    left: budgetLeft(task.budget, book.get(task.id).runs).left,
    whose: "of its task",
  };
  const budget = ofAutomation === null ? ofTask.left : narrower(ofTask.left, ofAutomation.left);
  const folder = task.appId === null ? null : (folderOf(task.appId) ?? null);
  const hasWorktree = folder !== null && task.isolation === null && (await isRepository(folder));
  const filled = await filledBy(task, options);
  if (filled instanceof AppError) return filled;
  const images = await taskPictures(task, { folder, screenshotFile });
  const text = await taskPrompt(task, { folder, filled: filled?.text ?? null, shown: images });
  const input = runInputSchema.safeParse({
    title: task.title,
    prompt: { kind: "text", text },
    choices: [candidate.choice],
    appId: task.appId,
    permissionMode: task.permissionMode ?? settings().autonomy,
    tools: task.tools ?? null,
    budget,
    isolation: task.isolation ?? { kind: hasWorktree ? "worktree" : "none" },
    taskType: task.type,
  });
  if (input.success) {
    const pictures = images.map(({ image }) => image);
    const limitNames = limitNamesOf(budget, ofAutomation === null ? [ofTask] : [ofTask, ofAutomation]);
    return { input: input.data, extras: { images: pictures, prompt: filled?.prompt ?? null, limitNames } };
  }
  const [issue] = input.error.issues;
  return new AppError("invalid_request", `What it would be asked ${issue?.message ?? "cannot be sent"}`, {
    hint: "Shorten its instructions, or give fewer files along.",
  });
}

export function createTaskStarter(options: StarterOptions): TaskStarter {
  const { runs, book, teller, clock } = options;

  /** Before anything starts: the run is on disk, then on the task. Answers whether the task is still to be started. */
  async function intend(task: Task, run: TaskRun, chosen: Chosen): Promise<boolean> {
    const isByUser = run.by === "user";
    await book.intend(task.id, run, isByUser ? { avoid: [], tier: null } : {}, !isByUser);
    const after = await teller.tell(
      task.id,
      (current) => {
        if (current.state !== task.state) return current;
        const others = current.runs.filter(({ runId }) => runId !== run.runId);
        return {
          ...current,
          state: "running",
          notBefore: null,
          review: null,
          endedAt: null,
          runs: [...others, { runId: run.runId, startedAt: run.startedAt, recovery: null }],
          reason: reasonOf("chosen", chosen.reason, clock.now()),
        };
      },
      chosen.detail,
    );
    if (after?.state === "running") return true;
    await book.dropRun(task.id, run.runId);
    return false;
  }

  async function takeBack(taskId: string, runId: string, before?: Task): Promise<void> {
    const run = book.get(taskId).runs.find((one) => one.runId === runId);
    if (run?.isResumed === true)
      await book.change(taskId, (record) => ({
        ...record,
        resume: runId,
        runs: record.runs.map(asInterrupted(runId)),
      }));
    else await book.dropRun(taskId, runId);
    await teller.tell(taskId, (task) => {
      const kept = run?.isResumed === true ? task.runs : task.runs.filter((one) => one.runId !== runId);
      if (task.state !== "running") return { ...task, runs: kept };
      if (before !== undefined && before.state !== "ready") {
        const { state, reason, endedAt, notBefore, review } = before;
        return { ...task, state, reason, endedAt, notBefore, review, runs: kept };
      }
      const reason = reasonOf("cool-down", "It could not be started and is looked at again.", clock.now());
      return { ...task, state: "ready", runs: kept, reason };
    });
  }

  /** One task that cannot be started must not keep the others from it. */
  async function start(task: Task, candidates: readonly Candidate[], by: TaskRun["by"]): Promise<Refusal | null> {
    try {
      return await tryToStart(task, candidates, by);
    } catch (error) {
      if (by === "user") throw error;
      options.logger.error("A task could not be started", { task: task.id }, error);
      return refuse(
        task,
        by,
        new AppError("internal", "Something went wrong inside PortOS; its log says what"),
        options,
      );
    }
  }

  async function tryToStart(task: Task, candidates: readonly Candidate[], by: TaskRun["by"]): Promise<Refusal | null> {
    const resumed = by === "chief" ? book.get(task.id).resume : null;
    const before = resumed === null ? undefined : book.get(task.id).runs.find(({ runId }) => runId === resumed);
    const chosen: Chosen | string =
      before === undefined
        ? await chooseFor(task, candidates, options)
        : {
            candidate: goOnWith(before, candidates),
            reason: `${before.providerName} goes on where it was.`,
            detail: null,
          };
    if (typeof chosen === "string")
      return { block: { code: "provider", text: chosen, until: clock.now() + holdMs }, error: null };
    const input = before === undefined ? await inputFor(task, chosen.candidate, options) : null;
    if (input instanceof AppError) return refuse(task, by, input, options);
    const run = newRun(before?.runId ?? options.newRunId(), chosen.candidate, by, clock.now(), before);
    if (!(await intend(task, run, chosen))) return null;
    await options.notifications.settle(taskKey(task.id));
    try {
      if (input === null) await runs.resume(run.runId);
      else {
        const extras = { id: run.runId, priority: task.priority, ...input.extras };
        await runs.create(input.input, { kind: "task", id: task.id }, extras);
      }
    } catch (error) {
      return afterRefusal(task, run, error);
    }
    await isOn(task, run);
    return null;
  }

  async function isOn(task: Task, run: TaskRun): Promise<void> {
    await book.changeRun(task.id, run.runId, { phase: "open" });
    if (book.get(task.id).refusals > 0) await book.change(task.id, (record) => ({ ...record, refusals: 0 }));
  }

  /** It may have started all the same: what portos-cos says counts, and what it cannot say now is asked again later. */
  async function afterRefusal(task: Task, run: TaskRun, error: unknown): Promise<Refusal | null> {
    if (!(error instanceof AppError)) {
      await takeBack(task.id, run.runId, task);
      throw error;
    }
    const isThere = await hasStarted(runs, run);
    if (isThere === true) {
      await isOn(task, run);
      return null;
    }
    const isUnsure = error.code === "timeout" || error.code === "unavailable";
    if (isThere === null && isUnsure) return null;
    await takeBack(task.id, run.runId, task);
    if (run.isResumed && !isUnsure) await book.change(task.id, (record) => ({ ...record, resume: null }));
    return refuse(task, run.by, error, options);
  }

  return { start, isStarted: (run) => hasStarted(runs, run), takeBack };
}

function nameOf({ name, model }: Candidate): string {
  return model === null ? name : `${name} (${model})`;
}

function goOnWith(before: TaskRun, candidates: readonly Candidate[]): Candidate {
  const { providerId, providerName: name, model, tier } = before;
  const same = candidates.find((one) => one.providerId === providerId && one.model === model);
  return same ?? { providerId, name, model, tier, choice: { providerId, model, mayFallBack: true } };
}

function newRun(
  runId: string,
  { providerId, name: providerName, model, tier }: Candidate,
  by: TaskRun["by"],
  now: number,
  before: TaskRun | undefined,
): TaskRun {
  return {
    runId,
    phase: "intended",
    by,
    isResumed: before !== undefined,
    tries: (before?.tries ?? 0) + 1,
    providerId,
    providerName,
    model,
    tier,
    startedAt: new Date(now).toISOString(),
    endedAt: null,
    outcome: null,
    failure: null,
    message: null,
    used: before?.used ?? emptyUse,
    earlier: before === undefined ? [] : [...before.earlier, { startedAt: before.startedAt, used: before.used }],
    stopCause: null,
    plan: null,
    isSettled: false,
  };
}

function asInterrupted(runId: string) {
  return (run: TaskRun): TaskRun =>
    run.runId === runId
      ? { ...run, phase: "ended", outcome: "interrupted", tries: Math.max(1, run.tries - 1), isSettled: true }
      : run;
}

async function chooseFor(
  task: Task,
  candidates: readonly Candidate[],
  { choose }: Pick<StarterOptions, "choose">,
): Promise<Chosen | string> {
  const [first] = candidates;
  if (!first) return "Nobody can be asked.";
  if (task.choice.kind !== "best") return { candidate: first, reason: `Given to ${nameOf(first)}.`, detail: null };
  const { order, reason, detail } = await choose(task, candidates);
  const [best] = order;
  const candidate = candidates.find(({ providerId, model }) => providerId === best?.providerId && model === best.model);
  return candidate ? { candidate, reason, detail } : reason;
}

async function hasStarted(
  runs: Pick<ChiefParts["runs"], "get">,
  { runId, isResumed, startedAt }: TaskRun,
): Promise<boolean | null> {
  try {
    const { state, endedAt } = await runs.get(runId);
    return !isResumed || isOpenState(state) || (endedAt !== null && endedAt > startedAt);
  } catch (error) {
    if (error instanceof AppError && error.code === "not_found") return false;
    if (error instanceof AppError) return null;
    throw error;
  }
}

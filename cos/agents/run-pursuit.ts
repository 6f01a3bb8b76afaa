import type { FailureKind } from "../../contract/features/providers.ts";
import type { Attempt } from "../../contract/features/runs.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Logger } from "../../lib/logger.ts";
import type { AttemptEnd, AttemptTask, RunningAttempt } from "./attempt.ts";
import {
  conclusionOf,
  countsWhenDone,
  failedWith,
  failureOf,
  interrupted,
  isOverBudget,
  isStop,
  isToGoOn,
  overBudgetText,
  type Conclusion,
} from "./ending.ts";
import { withLimitEnd } from "./failures.ts";
import { withPicturePaths } from "./picture-text.ts";
import { saidAgain, speakerOf, tellsTask } from "./run-intake.ts";
import type { RunTask } from "./run-task.ts";
import type { RunRecord } from "./store/run-record.ts";
import type { RunStore } from "./store/run-store.ts";

/** How attempts are made; each loads what it needs when it is used first. */
export interface AttemptStarters {
  start(task: AttemptTask): Promise<RunningAttempt>;
  /** Takes up a child that outlived portos-cos, or ends what is left of one that cannot be taken up (`null`). */
  adopt(
    task: Omit<AttemptTask, "target">,
    record: RunRecord,
    position: RunTask["position"],
  ): Promise<RunningAttempt | null>;
  /** Cleans what an attempt left, when a former process may not have come to it. */
  tidy(record: RunRecord, attempt: number): Promise<void>;
}

export interface PursuitOptions {
  store: RunStore;
  logger: Logger;
  starters: AttemptStarters;
  /** Which failures may go on to the next target. */
  mayFallBack: (failure: FailureKind) => boolean;
}

/** Carries a run through its attempts. */
export interface RunPursuit {
  /** Says what is to be said, one message after the other. */
  pursue(task: RunTask): Promise<Pursued>;
  /** Takes up what a former process left of the last attempt; `null` when nothing runs any more. */
  adopt(task: RunTask): Promise<(() => Promise<Pursued>) | null>;
}

/** `null`: the run was let go of and runs on by itself. `"next"`: somebody else is to be asked, or more is to be said. */
export type Pursued = Conclusion | "next" | null;

export function createRunPursuit({ store, logger, starters, mayFallBack }: PursuitOptions): RunPursuit {
  /** Asks the targets in order; `null` when the run was let go of. */
  async function sayNext(task: RunTask): Promise<AttemptEnd | null> {
    const given = await beginTurn(task);
    if ("failure" in given) return given;
    const before = task.triedInTurn().at(-1);
    let end = before ? endOf(before) : nobodyThere;
    let asked = before?.providerName ?? null;
    for (const target of task.untriedTargets()) {
      const reason = asked === null ? target.reason : reasonAfter(asked, end);
      const agentSessionId = asked === null ? task.run.agentSessionId : null;
      task.run.agentSessionId = agentSessionId;
      asked = target.providerName;
      const attempt = task.startAttempt({ ...target, reason });
      await task.setState("running");
      const facts = factsOf(task, attempt.number);
      const running = await begin({ ...facts, ...given, target, agentSessionId, sink: task.sink(attempt) });
      end = await watch(task, running);
      if (isLetGo(task)) return null;
      await task.endAttempt(attempt, end);
      if (end.failure === null) keepOnly(task, attempt);
      if (end.failure === null || task.ending !== null || !mayFallBack(end.failure)) break;
    }
    if (!isInterrupted(task)) task.record.turn = null;
    return end;
  }

  /** The text of this turn: the next one to be said, or one that was begun before portos-cos was restarted. */
  async function beginTurn(task: RunTask): Promise<Pick<AttemptTask, "text" | "images" | "runImages"> | AttemptEnd> {
    const { record, run } = task;
    const isGoneOnWith = record.turn !== null;
    const said = record.turn === null ? (record.unsaid.shift() ?? null) : record.turn.text;
    const hasImages = (run.images ?? []).length > 0;
    const prompt = said === null || hasImages ? await store.prompt(run.id) : "";
    const isOnceMore = said === null && !isGoneOnWith && run.attempts.length > 0;
    const text = isOnceMore ? saidAgain(prompt) : (said ?? prompt);
    if (!isGoneOnWith) {
      record.turn = { text: isOnceMore ? text : said, firstAttempt: run.attempts.length + 1 };
      const speaker = speakerOf(text);
      task.event({ kind: "user", text, ...(speaker === "user" ? {} : { speaker }) }); // first, so that nobody has to write it again
    }
    const runImages = await store.images(run).catch(unreadable);
    if ("failure" in runImages) {
      task.holdBack(said);
      return runImages;
    }
    return { text, images: tellsTask(said, prompt) ? runImages : [], runImages };
  }

  /** What an attempt that was taken up leads to. */
  async function goOn(task: RunTask, attempt: Attempt, running: RunningAttempt): Promise<Pursued> {
    if (task.run.state !== "running") await task.setState("running");
    const end = await watch(task, running);
    if (isLetGo(task)) return null;
    if (end.isCut === true && task.ending === null) {
      await task.endAttempt(attempt, end);
      return interrupted(end.message ?? cutMessage);
    }
    const mayBeHealed = end.failure !== null && task.ending === null && mayFallBack(end.failure);
    if (!mayBeHealed && !isInterrupted(task)) task.record.turn = null;
    await task.endAttempt(attempt, end);
    if (mayBeHealed && task.record.turn !== null) return "next";
    if (end.failure !== null || task.ending !== null) return conclude(task, end);
    keepOnly(task, attempt);
    return conclude(task, null);
  }

  function factsOf(task: RunTask, number: number) {
    const { id, folder, permissionMode, budget, limitNames = {}, answerFormat = { kind: "text" as const } } = task.run;
    const { surroundings, own } = task;
    const place = { runId: id, number, runFolder: store.folderOf(id), folder, surroundings, own };
    return { ...place, permissionMode, budget, limitNames, answerFormat };
  }

  async function begin(attempt: AttemptTask): Promise<RunningAttempt> {
    try {
      return await starters.start(takesTextOnly(attempt) ? { ...attempt, text: withPicturePaths(attempt) } : attempt);
    } catch (error) {
      const isKnown = error instanceof AppError;
      if (!isKnown) logger.error("An attempt could not be started", { run: attempt.runId }, error);
      const message = isKnown ? error.message : "It could not be started";
      const end: AttemptEnd = { failure: "not-installed", message, canContinue: false };
      return { ended: Promise.resolve(end), stop: () => undefined, release: () => undefined };
    }
  }

  return {
    async pursue(task) {
      let end: AttemptEnd | null = null;
      while ((task.record.turn !== null || task.record.unsaid.length > 0) && task.ending === null) {
        end = await sayNext(task);
        if (end === null) return null;
        if (end.failure !== null) return conclude(task, end);
      }
      return conclude(task, end);
    },
    async adopt(task) {
      const { record, run } = task;
      const attempt = run.attempts.at(-1);
      if (attempt === undefined) return null;
      if (attempt.endedAt !== null) {
        await starters.tidy(record, attempt.number).catch((error: unknown) => {
          logger.error("The output of an attempt could not be cleaned", { run: run.id }, error);
        });
        return null;
      }
      const facts = factsOf(task, attempt.number);
      const rest = {
        text: "",
        images: [],
        runImages: [],
        agentSessionId: run.agentSessionId,
        sink: task.sink(attempt),
      };
      task.readOn();
      const running = await starters.adopt({ ...facts, ...rest }, record, task.position);
      return running === null ? null : () => goOn(task, attempt, running);
    },
  };
}

/** Told of what ended with the process, or the machine, it ran on. */
export const cutMessage = "portos-cos or the machine went away while it ran.";

const nobodyThere: AttemptEnd = { failure: "not-installed", message: "Nobody is there to ask", canContinue: false };

function endOf({ failure, message, backAt }: Attempt): AttemptEnd {
  return { failure: failure ?? "crashed", message, backAt: backAt ?? null, canContinue: false };
}

function takesTextOnly({ target: { engine } }: AttemptTask): boolean {
  return engine === "headless" || engine === "terminal";
}

/** Who answered once is asked again; its session is with it. */
function keepOnly(task: RunTask, attempt: Attempt): void {
  const target = task.targetOf(attempt);
  task.targets = target ? [target] : [];
}

async function watch(task: RunTask, running: RunningAttempt): Promise<AttemptEnd> {
  task.running = running;
  // Somebody may have stopped it while it was being started.
  if (task.ending?.kind === "closing") running.release();
  else if (task.ending !== null) running.stop();
  const end = await running.ended;
  task.running = null;
  const { ending } = task;
  if (ending === null) return withLimitEnd(end, end.message ?? "", Date.parse(task.now()));
  if (wasDone(task, end)) {
    // That it went over a budget is said with its end.
    if (!isOverBudget(ending))
      task.event({ kind: "notice", level: "info", text: `It was done when it was stopped: ${ending.message}` });
    return end;
  }
  // After a time-out the next provider may be asked; the others end the run.
  if (ending.kind === "timeout") task.ending = null;
  const stopped = isStop(ending) ? { stoppedBy: ending.kind } : {};
  return { ...end, failure: failureOf(ending), message: ending.message, ...stopped };
}

function wasDone({ ending, record }: RunTask, end: AttemptEnd | null): boolean {
  return ending !== null && end?.failure === null && countsWhenDone(ending, record.engine);
}

/** portos-cos ends while a detached child runs on: its attempt stays open and is taken up by the next process. */
function isLetGo(task: RunTask): boolean {
  return task.ending?.kind === "closing" && task.record.engine === "headless" && task.record.child !== null;
}

/** A picture that belongs to the run is not there any more: nobody is asked without it. */
function unreadable(error: unknown): AttemptEnd {
  if (!(error instanceof AppError)) throw error;
  const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  return { failure: "bad-request", message, canContinue: false };
}

function isInterrupted({ ending }: RunTask): boolean {
  return ending !== null && isToGoOn(ending);
}

function reasonAfter(name: string, end: AttemptEnd): string {
  return `${name}: ${end.message ?? end.failure ?? "failed"}`.slice(0, 500);
}

function conclude(task: RunTask, end: AttemptEnd | null): Conclusion {
  const { ending, record } = task;
  // What was done is done, but what still waits to be said is not said any more.
  if (ending !== null && (!wasDone(task, end) || record.unsaid.length > 0)) return conclusionOf(ending);
  if (end !== null && end.failure !== null) return failedWith(end);
  return { state: "succeeded", message: ending === null ? null : overBudgetText(ending), failure: null };
}

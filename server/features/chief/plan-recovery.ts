import type { ChiefSettings } from "../../../contract/features/chief.ts";
import type { FailureKind, Tier } from "../../../contract/features/providers.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { runs as runsText } from "./evaluate.ts";
import { ownRuns, triesOf, type Plan, type TaskRun } from "./task-record.ts";

/** What a failure is about, which decides what may help. */
type FailureClass = "passing" | "limit" | "set-up" | "request" | "refused" | "budget" | "stopped";

const classes: Record<FailureKind, FailureClass> = {
  transport: "passing",
  timeout: "passing",
  "server-error": "passing",
  "bad-reply": "passing",
  crashed: "passing",
  "rate-limit": "limit",
  "usage-limit": "limit",
  "missing-model": "set-up",
  "not-installed": "set-up",
  "not-logged-in": "set-up",
  "bad-request": "request",
  refused: "refused",
  budget: "budget",
  cancelled: "stopped",
};

/** When a provider does not say when its limit ends. */
const guessMs: Partial<Record<FailureKind, number>> = { "rate-limit": 60_000, "usage-limit": 30 * 60_000 };
/** What was used is in the account by then. */
const settleMs = 60_000;
const longestBackOffMs = 6 * 3_600_000;

export interface RecoveryFacts {
  task: Pick<Task, "needsReview" | "title">;
  /** Its runs, oldest first; the last one has just ended. */
  runs: readonly TaskRun[];
  settings: ChiefSettings["recovery"];
  now: number;
  /** When the limit that made it fail ends (milliseconds), as far as known. */
  backAt: number | null;
  /** Somebody else can be asked. */
  hasOther: boolean;
  biggerTier: Tier | null;
  /** Somebody was asked; else it failed before, where no other model helps. */
  wasAsked: boolean;
  /** The run can go on where it was. */
  canResume: boolean;
  /** Its work waits to be looked at. */
  hasReview: boolean;
  /** Why nobody could see whether it changed anything; `null`: that was seen. */
  reviewProblem: string | null;
  timeText(at: number): string;
}

/** What follows for the next run of the task. */
export interface Recovery {
  plan: Plan;
  /** The provider that failed is to be left out. */
  isAvoiding: boolean;
  tier: Tier | null;
  isResuming: boolean;
}

/** What to do now that a run of a task has ended. Pure: the same facts give the same plan. */
export function planRecovery(facts: RecoveryFacts): Recovery {
  const last = facts.runs.at(-1);
  if (!last) return only(ended("failed", "It was never run."));
  // It may have been done by then.
  if (last.outcome === "succeeded") return only(afterSuccess(last, facts));
  if (last.stopCause !== null) return only(afterOwnStop(last.stopCause, last, facts));
  if (last.outcome === "cancelled")
    return only(ended("cancelled", `Its run was stopped: ${sentence(last.message ?? "by the user")}`));
  const wanted = afterFailure(last, facts);
  const runsAgain = wanted.plan.state === "ready";
  const tries = triesOf(ownRuns(facts.runs));
  if (!runsAgain || tries < facts.settings.maxRuns) return wanted;
  const had = runsText(tries);
  return only({
    ...asking(`It failed ${had === "1 run" ? "once" : `in ${had}`} and is not tried again. ${whyEnded(last)}`),
    code: "loop-guard",
  });
}

function afterSuccess(last: TaskRun, { task, hasReview, reviewProblem }: RecoveryFacts): Plan {
  if (reviewProblem !== null) {
    const text = `${last.providerName} is done, but its work cannot be laid open: ${sentence(reviewProblem)}`;
    return { ...plan("review", "review", text), isAsking: true };
  }
  if (hasReview) return plan("review", "review", `${last.providerName} is done: look at what it changed.`);
  if (task.needsReview)
    return {
      ...plan("review", "review", `${last.providerName} is done: look at what it did, then mark it as done.`),
      isAsking: true,
    };
  const about = last.message === null ? "" : ` ${sentence(last.message)}`; // that it went over its budget
  return ended("done", `Done by ${last.providerName}.${about}`);
}

function afterOwnStop(cause: NonNullable<TaskRun["stopCause"]>, last: TaskRun, facts: RecoveryFacts): Plan {
  const reason = last.message ?? "";
  if (cause === "panic")
    return plan("draft", "draft", "It was stopped with everything else. Make it ready when it may go on.");
  if (cause === "day-budget" || cause === "automation-budget")
    return {
      ...plan("ready", "budget", sentence(reason)),
      // Not longer: somebody may raise the budget, and until then it holds by itself.
      notBefore: iso(facts.now + settleMs),
      step: "wait",
    };
  return ended("cancelled", sentence(reason === "" ? "Its run was stopped" : reason));
}

function afterFailure(last: TaskRun, facts: RecoveryFacts): Recovery {
  const kind: FailureKind = last.failure ?? "crashed";
  const failureClass = last.outcome === "interrupted" ? "passing" : classes[kind];
  const isRepeated = isSameAsBefore(facts.runs);
  switch (failureClass) {
    case "passing":
      if (last.outcome === "interrupted" && facts.canResume && !isRepeated) return retry(last, facts, true);
      if (!isRepeated) return retry(last, facts, false);
      return kind === "timeout" && !facts.hasOther ? only(split(last)) : other(last, facts);
    case "limit":
      return facts.hasOther ? fallback(last) : only(waitForLimit(last, kind, facts));
    case "set-up":
      return facts.hasOther ? fallback(last) : only(asking(`Nobody else can do it. ${whyEnded(last)}`));
    case "request":
      if (!facts.wasAsked)
        return only(asking(`It could not be started: ${sentence(last.message ?? "nobody was asked")}`));
      return facts.biggerTier === null
        ? only(asking(`It cannot be done like this. ${whyEnded(last)}`))
        : bigger(last, facts.biggerTier);
    case "budget":
      return only(split(last));
    case "refused":
    case "stopped":
      break;
  }
  return only(asking(whyEnded(last)));
}

/** The same failure twice in a row with the same provider: once more would end the same way. */
function isSameAsBefore(runs: readonly TaskRun[]): boolean {
  const last = runs.at(-1);
  const before = ownRuns(runs).at(-2);
  if (last?.outcome === "interrupted" && last.tries > 1) return true;
  if (!before || !last) return false;
  return before.failure === last.failure && before.outcome === last.outcome && before.providerId === last.providerId;
}

function other(last: TaskRun, facts: RecoveryFacts): Recovery {
  if (facts.hasOther) return fallback(last);
  if (facts.biggerTier !== null) return bigger(last, facts.biggerTier);
  return only(asking(`It failed twice in the same way. ${whyEnded(last)}`));
}

function retry(last: TaskRun, { runs, settings, now, timeText }: RecoveryFacts, isResuming: boolean): Recovery {
  const failed = triesOf(ownRuns(runs));
  const at = now + Math.min(settings.backOffMs * 2 ** (failed - 1), longestBackOffMs);
  const what = isResuming ? "Goes on" : "Tries again";
  return {
    ...only({
      ...plan("ready", "cool-down", `${what} at ${timeText(at)}. ${whyEnded(last)}`),
      step: "retry",
      notBefore: iso(at),
    }),
    isResuming,
  };
}

function fallback(last: TaskRun): Recovery {
  const text = `Somebody else is asked. ${whyEnded(last)}`;
  return { ...only({ ...plan("ready", "cool-down", text), step: "fallback" }), isAvoiding: true };
}

function bigger(last: TaskRun, tier: Tier): Recovery {
  return {
    ...only({ ...plan("ready", "cool-down", `A ${tier} model is asked. ${whyEnded(last)}`), step: "bigger-tier" }),
    tier,
  };
}

function waitForLimit(last: TaskRun, kind: FailureKind, { now, backAt, timeText }: RecoveryFacts): Plan {
  const at = backAt !== null && backAt > now ? backAt : now + (guessMs[kind] ?? 60_000);
  return {
    ...plan("ready", "limit", `${last.providerName} is limited until ${timeText(at)}.`),
    step: "wait",
    notBefore: iso(at),
  };
}

function split(last: TaskRun): Plan {
  return {
    ...asking(`It was too much for one run; what is left is in a draft of its own. ${whyEnded(last)}`),
    step: "split",
  };
}

function asking(text: string): Plan {
  return { ...ended("failed", text), step: "ask", isAsking: true };
}

function ended(state: "done" | "failed" | "cancelled", text: string): Plan {
  return plan(state, "ended", text);
}

function plan(state: Plan["state"], code: Plan["code"], text: string): Plan {
  return { step: null, state, code, text, notBefore: null, isAsking: false };
}

function only(made: Plan): Recovery {
  return { plan: made, isAvoiding: false, tier: null, isResuming: false };
}

/** "Claude failed: the connection was lost." */
export function whyEnded({ providerName, outcome, message }: TaskRun): string {
  const verb = outcome === "interrupted" ? "was interrupted" : "failed";
  return message === null || message === ""
    ? `${providerName} ${verb}.`
    : `${providerName} ${verb}: ${sentence(message)}`;
}

function sentence(text: string): string {
  const short = text.length > 300 ? `${text.slice(0, 299)}…` : text;
  return /[.!?…]$/.test(short) ? short : `${short}.`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

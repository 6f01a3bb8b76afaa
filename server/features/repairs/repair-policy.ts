import type { Repair, RepairCheck, RepairState } from "../../../contract/features/repairs.ts";
import type { RunState } from "../../../contract/features/run-events.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { compareChecks } from "./compare-checks.ts";
import type { HealthVerdict } from "./health.ts";

/** What is known of everything a repair depends on. What is `unknown` cannot be asked now. */
export interface RepairFacts {
  /** Why nothing may be started, in one sentence; `null`: all is well. */
  panic: string | null;
  /** `null`: there is no such run. */
  run: "unknown" | null | { state: RunState; message: string | null; wasToldToRepair: boolean };
  /** The work as it lies there now; `null`: there is none. */
  review:
    | "unknown"
    | null
    | {
        state: "open" | "merged" | "branch" | "discarded";
        /** `null`: nobody has looked. */
        tree: string | null;
        by: string | null;
      };
  approval:
    | "unknown"
    | null
    | { state: "pending" | "allowed" | "denied" | "expired" | "withdrawn"; by: string; reason: string | null };
  health: HealthVerdict;
}

/** What is to be done next. `become` only changes the record; each other act is done and may be done again. */
export type Step =
  | { act: "wait" }
  | { act: "start-run" }
  | { act: "take-diagnosis" }
  | { act: "check"; which: "before" | "after" }
  | { act: "stop-checks"; reason: string }
  | { act: "tell-to-repair" }
  | { act: "take-work" }
  | { act: "ask" }
  | { act: "withdraw"; state: RepairState; reason: string }
  | { act: "merge" }
  | { act: "restart-and-watch" }
  | { act: "undo" }
  | { act: "restart-after-undo" }
  | { act: "become"; state: RepairState; reason: string; revert?: { why: string } };

const wait: Step = { act: "wait" };

/** Why a repair is taken back whose merge was undone in its review. */
export const mergeTakenBack = "Its merge was taken back.";

/** Whether nothing more happens by itself. */
export function isEnded(state: RepairState): boolean {
  return state === "repaired" || state === "reverted" || state === "failed" || state === "given-up";
}

type Decide = (repair: Repair, facts: RepairFacts) => Step;

const become = (state: RepairState, reason: string): Step => ({ act: "become", state, reason });

const decisions: Record<RepairState, Decide> = {
  asked: (_, { panic }) => (panic === null ? { act: "start-run" } : become("given-up", panic)),
  diagnosing: (_, facts) =>
    followRun(
      facts,
      () => ({ act: "take-diagnosis" }),
      facts.panic === null ? { act: "start-run" } : become("given-up", facts.panic),
    ),
  "checking-before": (repair, { panic }) =>
    panic === null ? { act: "check", which: "before" } : stopped(repair, panic),
  repairing: (_, facts) => {
    const gone = become("failed", "The agent's run is not there any more.");
    if (facts.run === "unknown") return wait;
    if (facts.run === null) return gone;
    if (!facts.run.wasToldToRepair)
      return facts.panic === null ? { act: "tell-to-repair" } : become("given-up", facts.panic);
    return followRun(facts, () => ({ act: "take-work" }), gone);
  },
  "checking-after": decideChecked,
  proposed: decideProposed,
  waiting: decideWaiting,
  applying: (_, { review, panic }) => {
    if (review === "unknown") return wait;
    if (review?.state === "merged") return { act: "restart-and-watch" };
    if (review?.state !== "open") return decidedElsewhere(review);
    return panic === null ? { act: "merge" } : become("proposed", `${panic} The work waits to be looked at.`);
  },
  watching: (repair, { review, health }) => {
    if (review !== "unknown" && review !== null && review.state !== "merged")
      return {
        act: "become",
        state: "reverting",
        reason: mergeTakenBack,
        revert: { why: mergeTakenBack },
      };
    if (health.kind === "good") return become("repaired", health.text);
    if (health.kind === "stopped") return become("given-up", health.text);
    if (health.kind === "bad")
      return { act: "become", state: "reverting", reason: health.text, revert: { why: health.text } };
    return repair.reason === health.text ? wait : become("watching", health.text);
  },
  reverting: (_, { review }) => {
    if (review === "unknown") return wait;
    if (review === null) return become("given-up", "It could not be taken back: its review is not there any more.");
    return { act: review.state === "merged" ? "undo" : "restart-after-undo" };
  },
  repaired: () => wait,
  reverted: () => wait,
  failed: () => wait,
  "given-up": () => wait,
};

/** The next step of a repair: a pure function of what is written down and what is seen. */
export function nextStep(repair: Repair, facts: RepairFacts): Step {
  return decisions[repair.state](repair, facts);
}

function followRun({ run }: RepairFacts, succeeded: () => Step, gone: Step): Step {
  if (run === "unknown") return wait;
  if (run === null) return gone;
  if (isOpenState(run.state)) return wait;
  if (run.state === "succeeded") return succeeded();
  const why = run.message === null ? "" : `: ${run.message}`;
  if (run.state === "cancelled") return become("given-up", sentence(`The agent was stopped${why}`));
  return become("failed", sentence(`The agent ${run.state === "failed" ? "failed" : "was interrupted"}${why}`));
}

/** A check that runs is ended first. */
function stopped({ checks }: Repair, reason: string): Step {
  return runningChecks(checks).length > 0 ? { act: "stop-checks", reason } : become("given-up", reason);
}

/** Sessions of the checks that run. */
export function runningChecks(checks: readonly RepairCheck[]): string[] {
  return checks.flatMap(({ before, after }) =>
    [before, after].flatMap((one) => (one?.state === "running" && one.sessionId !== null ? [one.sessionId] : [])),
  );
}

/** What the checks allow, and how far the level lets it go. */
function decideChecked(repair: Repair, { review, panic }: RepairFacts): Step {
  const { checks, work, level, appId } = repair;
  if (checks.some(({ after }) => after === null || after.state === "running"))
    return panic === null ? { act: "check", which: "after" } : stopped(repair, panic);
  if (review === "unknown") return wait;
  if (review?.state !== "open") return decidedElsewhere(review);
  const { broken, text } = compareChecks(checks);
  if (broken.length > 0) return become("failed", `${text} The work lies in its review and is not merged.`);
  if (review.tree !== work?.tree)
    return become("proposed", "The work was changed while it was checked: look at it before it is merged.");
  if (appId === null || level === "propose") return become("proposed", `${text} The work waits to be looked at.`);
  if (panic !== null) return become("proposed", `${panic} The work waits to be looked at.`);
  // Merged unseen is only what some check speaks for.
  const isChecked = checks.some(({ after }) => after?.state === "succeeded");
  return level === "approve" || !isChecked ? { act: "ask" } : become("applying", `${text} It is merged now.`);
}

function decideProposed({ appId }: Repair, { review }: RepairFacts): Step {
  if (review === "unknown" || review?.state === "open") return wait;
  if (review?.state !== "merged") return decidedElsewhere(review);
  if (appId === null)
    return become(
      "repaired",
      `Merged by ${review.by ?? "you"}; PortOS does not restart itself, and nothing was watched.`,
    );
  return become("applying", `Merged by ${review.by ?? "you"}.`);
}

function decideWaiting({ work, appId }: Repair, { approval, review, panic }: RepairFacts): Step {
  if (approval === "unknown" || review === "unknown") return wait;
  if (appId === null)
    return {
      act: "withdraw",
      state: "proposed",
      reason: "PortOS does not mend itself; the work waits to be looked at.",
    };
  if (review?.state === "merged")
    return { act: "withdraw", state: "applying", reason: `Merged by ${review.by ?? "you"}.` };
  if (review?.state !== "open") {
    const { state, reason } = decidedElsewhere(review);
    return { act: "withdraw", state, reason };
  }
  if (review.tree !== null && review.tree !== work?.tree)
    return {
      act: "withdraw",
      state: "proposed",
      reason: "The work was changed after it was asked about: look at it as it is now.",
    };
  return approval === null ? notAsked : decideAnswered(approval, panic);
}

const notAsked = become("proposed", "It was not asked any more; the work waits to be looked at.");

type Answered = Exclude<RepairFacts["approval"], "unknown" | null>;

function decideAnswered({ state, by, reason }: Answered, panic: string | null): Step {
  if (state === "pending") return wait;
  if (state === "withdrawn") return notAsked;
  if (state === "expired") return become("proposed", "Nobody answered in time; the work waits to be looked at.");
  if (state === "denied") return become("given-up", sentence(`Denied by ${by}${reason === null ? "" : `: ${reason}`}`));
  return panic === null
    ? become("applying", `Allowed by ${by}.`)
    : become("proposed", `${panic} The work waits to be looked at.`);
}

function decidedElsewhere(review: Exclude<RepairFacts["review"], "unknown">): {
  act: "become";
  state: "given-up";
  reason: string;
} {
  const by = review?.by ?? "you";
  if (review === null) return { act: "become", state: "given-up", reason: "The work is not there any more." };
  return {
    act: "become",
    state: "given-up",
    reason: review.state === "branch" ? `The work was kept as a branch by ${by}.` : `The work was discarded by ${by}.`,
  };
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

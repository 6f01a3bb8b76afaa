import type { FailureKind } from "../../contract/features/providers.ts";
import type { AttemptEnd } from "./attempt.ts";
import {
  type Conclusion,
  conclusionOf,
  countsWhenDone,
  failedWith,
  failureOf,
  interrupted,
  overBudgetText,
} from "./ending.ts";
import { cutMessage } from "./run-pursuit.ts";
import type { RunRecord } from "./store/run-record.ts";

/** What is to be done with a run of which nothing runs any more. */
export interface Leftover {
  /** How its last attempt ended, when nobody was there to write it down. */
  attempt: AttemptEnd | null;
  /** How the run ended; `null`: it has not, and waits for its turn again. */
  end: Conclusion | null;
}

/** What a former process left behind, told from the record alone: nothing is lost, and nothing that may have been done is done again. */
export function leftoverOf(record: RunRecord, mayFallBack: (failure: FailureKind) => boolean): Leftover {
  const { run, stop, turn, unsaid, engine } = record;
  const last = run.attempts.at(-1);
  const isCut = last !== undefined && last.endedAt === null;
  const failure = stop === null ? "crashed" : failureOf(stop);
  const attempt: AttemptEnd | null = isCut
    ? {
        failure,
        message: stop?.message ?? cutMessage,
        ...(stop === null ? {} : { stoppedBy: stop.kind }),
        canContinue: run.agentSessionId !== null,
      }
    : null;
  if (stop !== null && !(isDone(record) && countsWhenDone(stop, engine))) return { attempt, end: conclusionOf(stop) };
  // How far the agent has come is not known, so only the user can say that it is to go on.
  if (isCut) return { attempt, end: interrupted(cutMessage) };
  // Nobody was told that it is there.
  if (run.state === "created") return { attempt, end: interrupted("portos-cos was restarted before it began.") };
  const goesOn = { attempt, end: null };
  if (run.state === "queued" || last === undefined) return goesOn;
  if (last.failure === null) return unsaid.length > 0 ? goesOn : { attempt, end: succeeded(record) };
  if (turn !== null && mayFallBack(last.failure)) return goesOn;
  return { attempt, end: failedWith(last) };
}

function succeeded({ stop }: RunRecord): Conclusion {
  return { state: "succeeded", message: stop === null ? null : overBudgetText(stop), failure: null };
}

/** Nothing of it is left to be done. */
function isDone({ run: { state, attempts }, unsaid }: RunRecord): boolean {
  const last = attempts.at(-1);
  const isBegun = state !== "created" && state !== "queued";
  return isBegun && unsaid.length === 0 && last !== undefined && last.endedAt !== null && last.failure === null;
}

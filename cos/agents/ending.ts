import type { FailureKind } from "../../contract/features/providers.ts";
import type { Attempt, StopKind } from "../../contract/features/runs.ts";
import type { RunRecord } from "./store/run-record.ts";

/** Why a run is being ended before its end. */
export interface Ending {
  /** A stop is for the whole run. `timeout`: one provider took too long. `closing`: portos-cos ends, and what can be found again goes on. */
  kind: StopKind | "timeout" | "closing";
  message: string;
}

/** How a run ended. */
export interface Conclusion {
  state: "succeeded" | "failed" | "cancelled" | "interrupted";
  message: string | null;
  failure: FailureKind | null;
}

const failures: Record<Ending["kind"], FailureKind> = {
  user: "cancelled",
  panic: "cancelled",
  "run-budget": "budget",
  "day-budget": "budget",
  "automation-budget": "budget",
  timeout: "timeout",
  closing: "crashed",
  shutdown: "crashed",
};

/** What an attempt failed with that was ended like this. */
export function failureOf({ kind }: Ending): FailureKind {
  return failures[kind];
}

/** What a run comes to that is ended like this. */
export function conclusionOf(ending: Ending): Conclusion {
  const { message } = ending;
  if (isToGoOn(ending)) return interrupted(message);
  const failure = failureOf(ending);
  return { state: failure === "cancelled" ? "cancelled" : "failed", message, failure };
}

/** It is to go on later; what is being said then is said once more. */
export function isToGoOn({ kind }: Ending): boolean {
  return kind === "closing" || kind === "shutdown";
}

/** Something is used up, whatever it belongs to. */
export function isOverBudget(ending: Ending): boolean {
  return failureOf(ending) === "budget";
}

/** Whether it is to be kept in the record: whoever takes the run up after a crash has to end it, too. */
export function isStop(ending: Ending): ending is { kind: StopKind; message: string } {
  return ending.kind !== "timeout" && ending.kind !== "closing";
}

/**
 * Whether what has ended well while it was stopped is done. The own budget of a run is often used up by its last words, and a model
 * has said all of its answer; a program that ends well when it is interrupted says less.
 */
export function countsWhenDone(ending: Ending, engine: RunRecord["engine"]): boolean {
  return ending.kind === "run-budget" || (engine === "api" && isStop(ending) && !isToGoOn(ending));
}

const stopped = "Stopped: ";

/** What a run says that a budget has stopped, from why nothing more may be used: "Stopped: today's budget of $1.00 is used up: …." */
export function stoppedText(problem: string): string {
  const text = problem.slice(0, 1).toLowerCase() + problem.slice(1);
  return `${stopped}${text}${/[.!?]$/.test(text) ? "" : "."}`;
}

/** What a run says that was done all the same when it went over a budget: "The run's budget of 50 tokens is used up: 120 were used." */
export function overBudgetText(ending: Ending): string | null {
  if (!isOverBudget(ending)) return null;
  const text = ending.message.startsWith(stopped) ? ending.message.slice(stopped.length) : ending.message;
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

export function interrupted(message: string): Conclusion {
  return { state: "interrupted", message, failure: null };
}

/** The run ended as its last attempt did. */
export function failedWith({ message, failure }: Pick<Attempt, "message" | "failure">): Conclusion {
  return { state: "failed", message, failure };
}

import type { Repair, RepairState } from "../../../contract/features/repairs.ts";
import { sentences } from "../../../contract/sentences.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RepairBook } from "./repair-book.ts";
import type { RepairFactFinder } from "./repair-facts.ts";
import type { RepairParts } from "./repair-parts.ts";
import type { Step } from "./repair-policy.ts";

export interface StepOptions {
  parts: RepairParts;
  book: RepairBook;
  finder: RepairFactFinder;
  /** Writes a change down and tells it; answers the repair as it is then. */
  save(id: string, change: Partial<Repair>): Promise<Repair>;
  watchMs: number;
  sampleMs: number;
}

export type Act = Exclude<Step["act"], "wait">;
export type StepOf<A extends Act> = Extract<Step, { act: A }>;

/** Does one step; answers whether the repair is another one now. What it is about to do is on disk before it is done. */
export type Steps = { [A in Act]: (repair: Repair, step: StepOf<A>) => Promise<boolean> };

/** Takes a repair to another state. */
export type Become = (repair: Repair, state: RepairState, reason: string, more?: Partial<Repair>) => Promise<true>;

export function createBecome({ save }: Pick<StepOptions, "save">): Become {
  return async (repair, state, reason, more = {}) => {
    await save(repair.id, { ...more, state, reason });
    return true;
  };
}

/** The run of a repair that has begun. */
export function runIdOf({ runId }: Repair): string {
  if (runId === null) throw new AppError("conflict", "This repair has no run");
  return runId;
}

/** "It could not be merged: …", with what can be done about it. */
export function reasonOf(what: string, { message, hint }: AppError): string {
  return sentences(`${what}: ${message}`, hint);
}

import type { OccurrenceStep } from "../../../../contract/features/automation-connectors.ts";
import type { Occurrence } from "../../../../contract/features/automation-occurrences.ts";
import type { Status } from "../../ui/status.ts";

const states: Readonly<Record<OccurrenceStep["state"], Status>> = {
  queued: "queued",
  running: "running",
  waiting: "waiting for you",
  sending: "sending",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
  skipped: "skipped",
};

/** The state of a call of a run in the words used everywhere. */
export function stepStatus({ state }: Pick<OccurrenceStep, "state">): Status {
  return states[state];
}

/** The state of a run: one whose call asks the user waits for them. */
export function occurrenceStatus({ state, steps = [] }: Pick<Occurrence, "state" | "steps">): Status {
  return state === "running" && steps.some((step) => step.state === "waiting") ? "waiting for you" : state;
}

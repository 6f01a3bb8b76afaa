import type { CheckOutcome, Repair, RepairLevel } from "../../../../contract/features/repairs.ts";
import type { Status } from "../../ui/status.ts";

/** How far a repair may go by itself, in one line each. */
export const repairLevels: readonly { value: RepairLevel; label: string; text: string }[] = [
  { value: "off", label: "Off", text: "No agent is asked by itself. You can still ask one about a crash." },
  {
    value: "propose",
    label: "Propose",
    text: "An agent mends it in a copy; its work waits in a review for you to apply.",
  },
  {
    value: "approve",
    label: "Apply after approval",
    text: "As above, then one question to you: allowed, it is merged and watched.",
  },
  {
    value: "apply",
    label: "Apply",
    text: "Merged when the app's checks pass (without any you are asked), watched for ten minutes, taken back when it crashes.",
  },
];

/** The state of a repair in the panel's words. */
export const repairStatus: Record<Repair["state"], Status> = {
  asked: "queued",
  diagnosing: "running",
  "checking-before": "running",
  repairing: "running",
  "checking-after": "running",
  proposed: "waiting for you",
  waiting: "waiting for you",
  applying: "running",
  watching: "running",
  reverting: "running",
  repaired: "succeeded",
  reverted: "taken back",
  failed: "failed",
  "given-up": "given up",
};

/** One step of a repair, and how far it has come. */
export interface RepairStep {
  label: string;
  /** `left`: it was not waited for, which is nobody's failure. */
  state: "done" | "now" | "asks" | "next" | "left" | "bad";
}

const order: readonly Repair["state"][] = [
  "diagnosing",
  "checking-before",
  "repairing",
  "checking-after",
  "proposed",
  "applying",
  "watching",
];

const labels = [
  "Find the cause",
  "Checks before",
  "Mend it",
  "Checks after",
  "Your word",
  "Merge and restart",
  "Watch",
];

/** The way of a repair as steps; one that ended early ends at the step it ended in. */
export function repairSteps(repair: Repair): RepairStep[] {
  const at = reached(repair);
  const isOver = repair.endedAt !== null;
  const isGood = repair.state === "repaired";
  return labels.flatMap((label, index): RepairStep[] => {
    if (isLeftOut(repair, index)) return [];
    if (isGood || index < at) return [{ label, state: "done" }];
    if (index > at) return isOver ? [] : [{ label, state: "next" }];
    if (isOver) return [{ label, state: endMark(repair) }];
    return [{ label, state: repair.state === "proposed" || repair.state === "waiting" ? "asks" : "now" }];
  });
}

/** How the step it ended in came out: somebody who takes work back says nothing against it. */
function endMark({ state, revert, watch }: Repair): "bad" | "left" | "done" {
  if (state !== "reverted" || revert === null || revert.isAutomatic) return "bad";
  return watch !== null && revert.at >= watch.until ? "done" : "left";
}

/** Index of the step a repair is in, or ended in. */
function reached(repair: Repair): number {
  const { state, diagnosis, checks, toldAfter, work, merge, watch } = repair;
  if (state === "asked") return 0;
  if (state === "waiting") return order.indexOf("proposed");
  const index = order.indexOf(state);
  if (index !== -1) return index;
  if (watch !== null) return order.indexOf("watching");
  if (merge !== null) return order.indexOf("applying");
  if (work !== null)
    return order.indexOf(
      checks.every(({ after }) => after !== null) && state !== "failed" ? "proposed" : "checking-after",
    );
  if (toldAfter !== null) return order.indexOf("repairing");
  return diagnosis === null || state === "given-up" ? 0 : order.indexOf("checking-before");
}

function isLeftOut({ checks, level, diagnosis, state }: Repair, index: number): boolean {
  const isAsked = state === "proposed" || state === "waiting";
  if (index === 4) return level === "apply" && !isAsked;
  // Whether the app has checks is known with the diagnosis.
  return (index === 1 || index === 3) && diagnosis !== null && checks.length === 0;
}

/** "passes", "fails: Exit code 1". */
export function outcomeText(outcome: CheckOutcome | null): string {
  if (outcome === null) return "not run";
  const words: Record<CheckOutcome["state"], string> = {
    running: "running",
    succeeded: "passes",
    failed: "fails",
    unknown: "not known",
  };
  return outcome.message === null ? words[outcome.state] : `${words[outcome.state]}: ${outcome.message}`;
}

/** Whether its merge can be taken back. */
export function canRevert({ appId, merge, revert, state, endedAt }: Repair): boolean {
  return (
    appId !== null && (merge?.commit ?? null) !== null && revert === null && (state === "watching" || endedAt !== null)
  );
}

import type { OccurrenceStep } from "../../../contract/features/automation-connectors.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { sentences } from "../../../contract/sentences.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { deadLetterHint } from "./run-step.ts";
import { stepKey, type StepMemories } from "./step-memory.ts";

interface Parts {
  connectors: { deliveries: Pick<AutomationConnectors["deliveries"], "stateOf"> };
  memories: Pick<StepMemories, "read" | "reply">;
}

/** What is different about a step since its run has ended. */
type Change = { fate: string; evidenceId?: string; isInQueue: boolean };

/** A row as it is read now: what has become of its dead letters stands where they were one. The ledger keeps how the run ended. */
export async function withLateDeliveries(row: Occurrence, parts: Parts): Promise<Occurrence> {
  if (row.steps?.some(isDeadLetter) !== true) return row;
  let { reason } = row;
  const steps: OccurrenceStep[] = [];
  for (const [index, step] of row.steps.entries()) {
    const change = isDeadLetter(step) ? await changeOf(row, index, step.deliveryId, parts) : null;
    if (change === null) {
      steps.push(step);
      continue;
    }
    const { fate, evidenceId = step.evidenceId, isInQueue } = change;
    reason = reason?.replace(deadLetterHint, fate) ?? null;
    const words = isInQueue ? { hint: fate } : { message: sentences(step.message ?? "", fate), hint: null };
    steps.push({ ...step, ...words, evidenceId });
  }
  return { ...row, reason, steps };
}

function isDeadLetter(step: OccurrenceStep): step is OccurrenceStep & { deliveryId: string } {
  return step.state === "failed" && step.deliveryId !== null && step.hint === deadLetterHint;
}

/** `null`: it is a dead letter still. */
async function changeOf(
  row: Occurrence,
  index: number,
  deliveryId: string,
  { connectors, memories }: Parts,
): Promise<Change | null> {
  const now = connectors.deliveries.stateOf(deliveryId);
  if (now?.state === "dead") return null;
  if (now !== null)
    return { fate: "It is tried again now: the queue on the Connectors page shows how.", isInQueue: true };
  const reply = await memories.reply(stepKey(row.id, index));
  if (reply) {
    const { evidenceId } = reply;
    return { fate: "It was delivered later, when it was tried again from the queue.", evidenceId, isInQueue: false };
  }
  // What is kept of a run goes before what came back for it later.
  const isKept = (await memories.read(row.id)) !== null;
  const fate = isKept ? "It was discarded in the queue later." : "It is no dead letter any more.";
  return { fate, isInQueue: false };
}

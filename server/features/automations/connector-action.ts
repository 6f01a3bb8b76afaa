import type { ConnectorAction, OccurrenceStep } from "../../../contract/features/automation-connectors.ts";
import { sentences } from "../../../contract/sentences.ts";
import { type ActionOutcome, type ActionRunner, cancelReason, detached, type RunContext } from "./action-runner.ts";
import { type ConnectorActionParts, runStep, type StepOutcome } from "./run-step.ts";
import type { StepMemory } from "./step-memory.ts";
import { triggerOf } from "./step-values.ts";

/**
 * Calls operations one after another. What each needs to go on is on disk before it begins: after a restart a run goes on where it
 * was, with the same arguments, the same question and the same delivery.
 */
export function createConnectorAction(parts: ConnectorActionParts): ActionRunner<ConnectorAction> {
  const { memories } = parts;
  return {
    async start(context, { steps }) {
      const memory: StepMemory = { steps, trigger: await triggerOf(context.row, parts), results: [] };
      await memories.write(context.row.id, memory);
      return runSteps(context, memory, parts);
    },
    async adopt(context) {
      const memory = await memories.read(context.row.id);
      return memory === null ? null : runSteps(context, memory, parts);
    },
    forget: (occurrenceId) => memories.dropReplies(occurrenceId),
  };
}

async function runSteps(context: RunContext, memory: StepMemory, parts: ConnectorActionParts): Promise<ActionOutcome> {
  const { row, signal, detach } = context;
  const journal = row.steps === undefined ? memory.steps.map(newStep) : [...row.steps];
  for (const [index, step] of memory.steps.entries()) {
    if (journal[index]?.state === "succeeded") continue;
    if (detach.aborted) return detached;
    const outcome = signal.aborted
      ? cancelled(journal, index)
      : await runStep({ context, memory, journal, index }, parts);
    if (outcome === detached) return detached;
    if (outcome.ok) continue;
    const steps = journal.map((one, at) => (at > index ? { ...one, state: "skipped" as const } : one));
    const what = `Step ${index + 1}, ${step.connector} ${step.operation}`;
    if (outcome.state === "cancelled") {
      const left = journal[index]?.message ?? null;
      return { state: "cancelled", reason: sentences(cancelReason(signal), left), steps };
    }
    const { message = "", hint } = journal[index] ?? {};
    return { state: "failed", reason: sentences(`${what}: ${message ?? ""}`, hint), steps };
  }
  return { state: "succeeded", reason: null, steps: journal };
}

function cancelled(journal: OccurrenceStep[], index: number): StepOutcome {
  const step = journal[index];
  if (step) journal[index] = { ...step, state: "cancelled" };
  return { ok: false, state: "cancelled" };
}

function newStep({ connector, operation }: StepMemory["steps"][number]): OccurrenceStep {
  return {
    connector,
    operation,
    state: "queued",
    startedAt: null,
    endedAt: null,
    evidenceId: null,
    deliveryId: null,
    approvalId: null,
    code: null,
    message: null,
    hint: null,
  };
}

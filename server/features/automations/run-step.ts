import type { OccurrenceStep } from "../../../contract/features/automation-connectors.ts";
import type { DeliveryFailure } from "../../../contract/features/outbox.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { redact } from "../../../lib/redact.ts";
import { endingError, GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { GatewayReply } from "../../connectors/framework/gateway-request.ts";
import { jsonOutput } from "../../connectors/framework/json-output.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";
import { cancelReason, detached, type RunContext } from "./action-runner.ts";
import type { AutomationConnectors, KnownEvents } from "./automation-connectors.ts";
import { fillParams } from "./fill-params.ts";
import { isoTime } from "./occurrence-row.ts";
import { notKept, readsNotKept } from "./not-kept.ts";
import { keptValue, roomLeft, stepKey, type KeptReply, type StepMemories, type StepMemory } from "./step-memory.ts";
import { valuesOf } from "./step-values.ts";

export interface ConnectorActionParts {
  connectors: AutomationConnectors;
  memories: StepMemories;
  events: KnownEvents;
  clock: Pick<Clock, "now">;
}

/** How a step ended, or that PortOS ends before it. */
export type StepOutcome = { ok: true } | { ok: false; state: "failed" | "cancelled" } | typeof detached;

interface OneStep {
  context: RunContext;
  memory: StepMemory;
  /** Changed in place, as the step goes on. */
  journal: OccurrenceStep[];
  index: number;
}

/** Makes one call and sees it through: question, queue, result. What is left of it is in the journal. */
export async function runStep(one: OneStep, parts: ConnectorActionParts): Promise<StepOutcome> {
  const { context, memory, journal, index } = one;
  const { row } = context;
  const entry = (): OccurrenceStep => {
    const found = journal[index];
    if (!found) throw new Error(`There is no step ${index + 1}`);
    return found;
  };
  const change = async (changes: Partial<OccurrenceStep>): Promise<void> => {
    journal[index] = { ...entry(), ...changes };
    await context.progress([...journal]);
  };
  const end = (changes: Partial<OccurrenceStep>): void => {
    journal[index] = { ...entry(), ...changes, endedAt: isoTime(parts.clock.now()) };
  };
  const { signal, release } = callSignal(context);
  try {
    const { deliveryId } = entry();
    const reply = deliveryId === null ? await execute(one, parts, { change, entry, signal }) : null;
    const delivered = reply?.delivery?.id ?? deliveryId;
    if (reply?.delivery)
      await change({ state: "sending", deliveryId: reply.delivery.id, evidenceId: reply.evidenceId });
    const given =
      delivered === null && reply
        ? reply
        : await arrived({ id: delivered ?? "", key: stepKey(row.id, index) }, parts, signal);
    const kept = "isTooLarge" in given && given.isTooLarge ? { value: null, isTooLarge: given.isTooLarge } : null;
    const result = kept ?? keptValue(jsonOutput(given.output), roomLeft(memory));
    memory.results[index] = result;
    await parts.memories.write(row.id, memory);
    const told = result.isTooLarge ? notKept : { message: null, hint: null };
    end({ state: "succeeded", evidenceId: given.evidenceId, code: null, ...told });
    await context.progress([...journal]);
    return { ok: true };
  } catch (error) {
    const failure = toGatewayError(error);
    if (failure.isEnding) return detached;
    const { evidenceId } = failure;
    const known = evidenceId === null ? {} : { evidenceId };
    if (context.signal.aborted) {
      end({ ...known, state: "cancelled", message: await takeBack(entry(), parts) });
      return { ok: false, state: "cancelled" };
    }
    const { code, message, hint } = wordsOf(error, failure);
    end({ ...known, state: "failed", code, message: redact(message).slice(0, 2_000), hint });
    return { ok: false, state: "failed" };
  } finally {
    release();
  }
}

async function execute(
  { context, memory, index }: OneStep,
  { connectors, ...parts }: ConnectorActionParts,
  {
    change,
    entry,
    signal,
  }: {
    change: (changes: Partial<OccurrenceStep>) => Promise<void>;
    entry: () => OccurrenceStep;
    signal: AbortSignal;
  },
): Promise<GatewayReply> {
  const { row } = context;
  const step = memory.steps[index];
  if (!step) throw new Error(`There is no step ${index + 1}`);
  const { approvalId, startedAt } = entry();
  if (approvalId === null) await change({ state: "running", startedAt: startedAt ?? isoTime(parts.clock.now()) });
  const missing = readsNotKept(step.params, memory);
  if (missing !== null) throw missing;
  const { params, issues } = fillParams(step.params, valuesOf(memory));
  if (issues.length > 0)
    throw new GatewayError("invalid_params", issues.map(({ path, message }) => `${path}: ${message}`).join("; "), {
      hint: "Look at what the steps before gave, then correct the arguments of this step.",
      issues,
    });
  return connectors.execute({
    connector: step.connector,
    operation: step.operation,
    params,
    caller: { kind: "automation", name: row.name, id: row.automationId },
    correlationId: row.id,
    idempotencyKey: stepKey(row.id, index),
    resumes: {
      approvalId,
      onAsked: (id) => change({ state: "waiting", approvalId: id }),
      onAnswered: () => change({ state: "running" }),
    },
    signal,
  });
}

/** Aborts with the run; when PortOS ends, with a reason that is not the end of the call. Both outlive the step, which has to let go of them. */
function callSignal({ signal, detach }: RunContext): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const over = new AbortController();
  const cancel = (): void => {
    controller.abort(new GatewayError("cancelled", cancelReason(signal), { hint: "Run the automation again." }));
  };
  const leave = (): void => {
    controller.abort(endingError());
  };
  signal.addEventListener("abort", cancel, { once: true, signal: over.signal });
  detach.addEventListener("abort", leave, { once: true, signal: over.signal });
  if (signal.aborted) cancel();
  if (detach.aborted) leave();
  return {
    signal: controller.signal,
    release() {
      over.abort();
    },
  };
}

/** Waits until a delivery has arrived; throws when it was given up or discarded. */
async function arrived(
  { id, key }: { id: string; key: string },
  { connectors: { deliveries }, memories }: ConnectorActionParts,
  signal: AbortSignal,
): Promise<KeptReply> {
  let stop: (() => void) | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const look = (changed: string): void => {
        if (changed !== id) return;
        const now = deliveries.stateOf(id);
        if (now === null) resolve();
        if (now?.state === "dead") reject(new DeadLetter(now.failure));
      };
      const cancel = (): void => {
        reject(signal.reason as Error);
      };
      stop = deliveries.onChange(look);
      signal.addEventListener("abort", cancel, { once: true });
      if (signal.aborted) cancel();
      look(id);
    });
  } finally {
    stop?.();
  }
  const reply = await memories.reply(key);
  if (reply) return reply;
  throw new GatewayError("cancelled", "Its delivery was discarded", {
    hint: "Run the automation again if it is wanted.",
  });
}

/** Rows of the ledger are known by it. */
export const deadLetterHint = "It is a dead letter now: retry or discard it in the queue, on the Connectors page.";

/** The queue has given up. */
class DeadLetter extends GatewayError {
  readonly failureCode: string;
  constructor(failure: DeliveryFailure | null) {
    super("upstream_failed", failure?.message ?? "It could not be delivered", {
      hint: deadLetterHint,
    });
    this.failureCode = failure?.code ?? this.gatewayCode;
    this.evidenceId = failure?.evidenceId ?? null;
  }
}

function wordsOf(error: unknown, { gatewayCode, message, hint }: GatewayError) {
  const code = error instanceof DeadLetter ? error.failureCode : gatewayCode;
  return { code, message, hint: hint ?? null };
}

/** What waits in the queue is taken out of it; what is being sent cannot be. */
async function takeBack({ deliveryId }: OccurrenceStep, { connectors }: ConnectorActionParts): Promise<string | null> {
  if (deliveryId === null) return null;
  try {
    await connectors.deliveries.discard(deliveryId);
    return "It was taken out of the queue and not sent";
  } catch (error) {
    if (error instanceof AppError) return "It was being sent already and may arrive";
    throw error;
  }
}

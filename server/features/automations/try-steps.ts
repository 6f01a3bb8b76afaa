import type { z } from "zod";

import type {
  ConnectorTry,
  connectorTryInputSchema,
  TriedStep,
} from "../../../contract/features/automation-connectors.ts";
import type { EventName, PortosEvent } from "../../../contract/features/events.ts";
import type { Clock } from "../../../lib/clock.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { AutomationConnectors } from "./automation-connectors.ts";
import { fillParams, type FillIssue, placesIn } from "./fill-params.ts";
import { readsNotKept } from "./not-kept.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import { isoTime } from "./occurrence-row.ts";
import type { StepMemories, StepMemory } from "./step-memory.ts";
import { triggerValues, valuesOf } from "./step-values.ts";

type TryInput = z.output<typeof connectorTryInputSchema>;

interface Parts {
  connectors: Pick<AutomationConnectors, "execute">;
  memories: Pick<StepMemories, "read">;
  ledger: Pick<OccurrenceLedger, "page">;
  clock: Pick<Clock, "now">;
  events: { sample(name: EventName): PortosEvent };
  /** Of the automation with this id. */
  nameOf(id: string): string | null;
}

interface Asking {
  who: string;
  correlationId: string;
  signal: AbortSignal;
}

/** So many of its last runs are looked through for results. */
const lookedRuns = 20;

/** Goes through the steps as a run would and sends nothing; what only a run can know is taken from the last one. */
export async function trySteps(input: TryInput, asking: Asking, parts: Parts): Promise<ConnectorTry> {
  const last = input.automation === undefined ? null : await lastRun(input.automation, parts);
  const memory: StepMemory = {
    steps: input.action.steps,
    trigger: triggerFor(input, asking, last?.memory ?? null, parts),
    results: [],
  };
  const steps: TriedStep[] = [];
  for (const [index, step] of memory.steps.entries()) {
    steps.push(await tryStep(step, { index, input, asking, memory }, parts));
    const before = last?.memory.steps[index];
    const isSame = before?.connector === step.connector && before.operation === step.operation;
    memory.results[index] = (isSame ? last?.memory.results[index] : null) ?? null;
  }
  return { steps, basedOn: last?.id ?? null };
}

/** The message or event that is given, else that of the last run, else none. */
function triggerFor(
  { automation, message, event }: TryInput,
  { who }: Asking,
  last: StepMemory | null,
  { clock, nameOf, events }: Parts,
): StepMemory["trigger"] {
  if (message === undefined && event === undefined && last) return last.trigger;
  const name = (automation === undefined ? null : nameOf(automation)) ?? "New automation";
  const row = { id: "oc-00000000", name, who, due: isoTime(clock.now()) };
  if (event !== undefined) {
    const told = events.sample(event);
    const given = message === undefined ? null : { event: null, headers: [], text: textOf(message) };
    return triggerValues({ ...row, who: event, due: told.at, trigger: "event" }, given, told);
  }
  if (message === undefined) return triggerValues({ ...row, trigger: "manual" }, null);
  return triggerValues({ ...row, trigger: "webhook" }, { event: null, headers: [], text: textOf(message) });
}

function textOf(message: unknown): string {
  return typeof message === "string" ? message : JSON.stringify(message);
}

async function lastRun(automation: string, { ledger, memories }: Parts) {
  const { items } = await ledger.page({ automation, limit: lookedRuns });
  for (const { id, action } of items) {
    const memory = action === "connector" ? await memories.read(id) : null;
    if (memory?.results.some((result) => result !== null) === true) return { id, memory };
  }
  return null;
}

async function tryStep(
  step: StepMemory["steps"][number],
  { index, input, asking, memory }: { index: number; input: TryInput; asking: Asking; memory: StepMemory },
  { connectors, nameOf }: Parts,
): Promise<TriedStep> {
  const { params, issues } = fillParams(step.params, valuesOf(memory));
  const unknown = unknownStep(step.params, memory);
  const nothing = { question: null, code: null, hint: null, path: [], evidenceId: null };
  if (unknown !== null)
    return {
      ...nothing,
      params: null,
      verdict: "later",
      message: `It uses what step ${unknown} gives, and that has no result yet`,
      hint: "Run the automation once; a try after that uses its results.",
    };
  const missing = readsNotKept(step.params, memory);
  if (missing !== null) {
    const { gatewayCode: code, message, hint = null } = missing;
    return { ...nothing, params: null, verdict: "refused", code, message, hint };
  }
  if (issues.length > 0)
    return {
      ...nothing,
      params: params as TriedStep["params"],
      verdict: "refused",
      code: "invalid_params",
      message: issues.map(({ path, message }: FillIssue) => `${path}: ${message}`).join("; "),
      hint: "Correct the places, or give a message to try it with.",
    };
  const filled = params as NonNullable<TriedStep["params"]>;
  try {
    const reply = await connectors.execute({
      connector: step.connector,
      operation: step.operation,
      params,
      caller: {
        kind: "automation",
        name: (input.automation === undefined ? null : nameOf(input.automation)) ?? "New automation",
        ...(input.automation === undefined ? {} : { id: input.automation }),
      },
      correlationId: asking.correlationId,
      isDryRun: true,
      signal: asking.signal,
    });
    const { question = null, path, evidenceId } = reply;
    const reason = path.find(({ step: name }) => name === "approval")?.reason ?? `Step ${index + 1} would be made`;
    return {
      ...nothing,
      params: filled,
      verdict: question === null ? "allowed" : "asks",
      question,
      message: reason,
      path,
      evidenceId,
    };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    const { gatewayCode: code, message, hint = null, path, evidenceId } = error;
    return { params: filled, verdict: "refused", question: null, code, message, hint, path: [...path], evidenceId };
  }
}

/** The first step before it that is read and has no result. */
function unknownStep(params: unknown, { results }: StepMemory): number | null {
  const read = placesIn(params).flatMap(({ steps }) => steps);
  return read.find((number) => (results[number - 1] ?? null) === null) ?? null;
}

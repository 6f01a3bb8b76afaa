import type { OutboxMessage } from "../../../contract/features/outbox.ts";
import { setImmediate as afterTurn } from "node:timers/promises";

import type { EvidenceRecord } from "../../../contract/features/evidence.ts";
import { askApproval, checkDelivery, messageHash, subjectOf } from "./ask-approval.ts";
import { createCallPath } from "./call-path.ts";
import { intentOf, recordOf, type CallNotes } from "./call-record.ts";
import { createCallTrace } from "./call-trace.ts";
import { cleanInput } from "./clean-input.ts";
import { endingError, GatewayError } from "./gateway-error.ts";
import type { DeliveryOf, GatewayDependencies, GatewayReply, GatewayRequest } from "./gateway-request.ts";
import { cleanReply } from "./output-cleaning.ts";
import { findOperation, issuesOf, prepareCall, type PreparedCall } from "./prepare-call.ts";
import { judgePlaces } from "./judge-places.ts";
import { openNetwork } from "./run-call.ts";
import { toGatewayError } from "./to-gateway-error.ts";
import { trustOfCall } from "./trust-of-call.ts";

/** The one door to the outside. */
export interface Gateway {
  /** Makes a call, or says why not: throws `GatewayError`s. Either way there is a record of it. */
  execute(request: GatewayRequest): Promise<GatewayReply>;
  /** One try of what the outbox holds; it was approved before it was accepted. */
  deliver(message: OutboxMessage, delivery: DeliveryOf, signal: AbortSignal): Promise<GatewayReply>;
  /** Why a delivery may not be tried just now, without a record of it; `null` when it may. */
  holdOf(message: OutboxMessage): Promise<GatewayError | null>;
  /** Cuts what is under way, or what `isMeant` of it; answers how many calls that were. */
  cutAll(reason: string, isMeant?: (call: Pick<GatewayRequest, "connector" | "operation">) => boolean): number;
  /** Cuts what is under way and waits until all of it is on record. */
  stop(): Promise<void>;
}

/** Creates it over what is allowed, configured and recorded elsewhere. */
export function createGateway(dependencies: GatewayDependencies): Gateway {
  const running = new Map<AbortController, { request: GatewayRequest; work: Promise<unknown> }>();
  /** How reads ended, being written: their callers do not wait for it, the book's readers do. */
  const writing = new Set<Promise<void>>();

  function execute(request: GatewayRequest, delivery: DeliveryOf | null): Promise<GatewayReply> {
    const controller = new AbortController();
    const work = executeUntil(controller, request, delivery).finally(() => running.delete(controller));
    running.set(controller, { request, work });
    return work;
  }

  function cut(reason: GatewayError, isMeant: (request: GatewayRequest) => boolean): number {
    const meant = [...running].filter(([, { request }]) => isMeant(request));
    for (const [controller] of meant) controller.abort(reason);
    return meant.length;
  }

  /** After the reply has gone: first it is handed on, then it is written down that it was. */
  function writeBehind(record: EvidenceRecord): void {
    const written = dependencies.evidence.expect(afterTurn().then(() => append(record, dependencies)));
    writing.add(written);
    void written.finally(() => writing.delete(written));
  }

  async function executeUntil(
    controller: AbortController,
    request: GatewayRequest,
    delivery: DeliveryOf | null,
  ): Promise<GatewayReply> {
    const { evidence, clock } = dependencies;
    const signal = request.signal ? AbortSignal.any([request.signal, controller.signal]) : controller.signal;
    const startedAt = clock.monotonic();
    const notes: CallNotes = {
      id: evidence.newId(),
      at: new Date(clock.now()).toISOString(),
      request: { ...request, signal },
      delivery,
      path: createCallPath(clock),
      trace: createCallTrace(),
      effect: findOperation(request, dependencies)?.effect ?? null,
      call: null,
      approval: null,
      intent: null,
      ranFrom: null,
    };
    const duration = (): number => clock.monotonic() - (notes.ranFrom ?? startedAt);
    try {
      const ended = await goThrough(notes, dependencies);
      const record = recordOf(notes, { error: null, ...ended, durationMs: duration() });
      if (notes.call?.operation.effect === "read") writeBehind(record);
      else await append(record, dependencies);
      const path = notes.path.steps();
      return { evidenceId: notes.id, path, isDryRun: request.isDryRun === true, ...ended };
    } catch (error) {
      const failure = toGatewayError(error);
      await append(recordOf(notes, { error: failure, durationMs: duration() }), dependencies);
      failure.evidenceId = notes.id;
      failure.path = notes.path.steps();
      throw failure;
    }
  }

  return {
    execute: (request) => execute(request, null),
    deliver: (message, delivery, signal) =>
      execute({ ...fromMessage(message), signal }, { ...delivery, approvedAs: message.approvedAs }),
    async holdOf(message) {
      try {
        const request = fromMessage(message);
        const { connector, policy } = await prepareCall(request, dependencies, createCallPath(dependencies.clock));
        lookAtRate(connector.id, policy, dependencies);
        return null;
      } catch (error) {
        return toGatewayError(error);
      }
    },
    cutAll(reason, isMeant = () => true) {
      const hint = "Allow it again on the Connectors page, then call again.";
      return cut(new GatewayError("cancelled", reason, { hint }), isMeant);
    },
    async stop() {
      cut(endingError(), () => true);
      await Promise.allSettled([...running.values()].map(({ work }) => work));
      await Promise.allSettled(writing);
    },
  };
}

type Ended = Pick<GatewayReply, "output" | "trust" | "delivery" | "question">;

/** Every step in its order; throws at the first that stops the call. */
async function goThrough(notes: CallNotes, dependencies: GatewayDependencies): Promise<Ended> {
  const { request, path, delivery } = notes;
  const judged = await prepareCall(request, dependencies, path);
  notes.call = judged;
  const { prepared, cleaned } = await asItIsSent(judged, path);
  notes.call = prepared;
  await path.step("approval", () => approve(notes, prepared, dependencies));
  const isQueued = delivery === null && request.idempotencyKey !== undefined && prepared.operation.effect !== "read";
  await path.step("rate", () => takeRate(prepared, dependencies, { isTaken: request.isDryRun !== true && !isQueued }));
  await path.step("input", () => cleaned);
  const declared = prepared.operation.trust ?? "external";
  if (request.isDryRun === true) {
    await judgePlaces(prepared, dependencies, path);
    path.note("dry-run", "dry_run", "Nothing was sent: this was a dry run");
    const question = prepared.asks === "no" ? null : subjectOf(request, prepared).title;
    return { output: null, trust: declared, question };
  }
  if (isQueued) return { output: null, trust: declared, delivery: await enqueue(notes, prepared, dependencies) };
  return leave(notes, prepared, dependencies);
}

function passed(code: string, reason: string) {
  return { value: undefined, code, reason };
}

async function approve(notes: CallNotes, call: PreparedCall, dependencies: GatewayDependencies) {
  const { asks, asksReason } = call;
  const { resumes } = notes.request;
  if (notes.delivery !== null) {
    checkDelivery(notes.delivery, notes.request, call);
    return passed("accepted", "It was decided when it was accepted for delivery");
  }
  const wasAsked = resumes !== undefined && resumes.approvalId !== null;
  if (asks === "no" && !wasAsked) return passed("not_asked", asksReason);
  if (notes.request.isDryRun === true) return passed("would_ask", `The user would be asked: ${asksReason}`);
  notes.request.onAsk?.();
  const answer = await askApproval(notes.request, asks === "no" ? asAskedBefore(call) : call, dependencies, (given) => {
    notes.approval = given;
  });
  return passed("allowed", `Allowed by ${answer.by ?? "the user"}`);
}

/** What was asked once is sent after a yes alone, whatever the policy says by now: only the user takes a question of theirs back. */
function asAskedBefore(call: PreparedCall): PreparedCall {
  return { ...call, asks: "yes", asksReason: "It was asked before, and nobody has allowed it yet" };
}

function lookAtRate(key: string, policy: PreparedCall["policy"], { limiter, clock }: GatewayDependencies): void {
  throwUnlessFree(limiter.look(key, policy, clock.now()), policy, clock.now());
}

function takeRate(
  { connector: { id }, policy }: PreparedCall,
  { limiter, clock }: GatewayDependencies,
  { isTaken }: { isTaken: boolean },
) {
  const nowMs = clock.now();
  throwUnlessFree(isTaken ? limiter.take(id, policy, nowMs) : limiter.look(id, policy, nowMs), policy, nowMs);
  return { value: undefined, reason: "There is room within the limits" };
}

function throwUnlessFree(
  verdict: ReturnType<GatewayDependencies["limiter"]["look"]>,
  { perMinute, perDay }: PreparedCall["policy"],
  nowMs: number,
): void {
  if (verdict.ok) return;
  const { limit, used, retryAtMs } = verdict;
  const allowed = (limit === "day" ? perDay : perMinute) ?? 0;
  const made = `${used} ${used === 1 ? "was" : "were"} made ${limit === "day" ? "today" : "within the last one"}`;
  const words = `The policy allows ${allowed} ${allowed === 1 ? "call" : "calls"} in a ${limit}, and ${made}`;
  throw new GatewayError("rate_limited", words, {
    hint: `Try again after ${new Date(retryAtMs).toISOString()}, or raise the limit in the policy.`,
    askedMs: Math.max(0, retryAtMs - nowMs),
  });
}

/** What is asked is what is sent: the question is about the cleaned arguments, and where they lead. */
async function asItIsSent(judged: PreparedCall, path: CallNotes["path"]) {
  try {
    const cleaned = cleanedInput(judged);
    const { value: input } = cleaned;
    if (input === judged.input) return { prepared: judged, cleaned };
    return { prepared: { ...judged, input, targets: await judged.operation.targets(input, judged.config) }, cleaned };
  } catch (error) {
    return path.step<never>("input", () => {
      throw error;
    });
  }
}

function cleanedInput({ policy, input }: PreparedCall) {
  if (!policy.cleansInput) return { value: input, code: "off", reason: "The policy leaves the arguments as they are" };
  return { value: cleanInput(input), reason: "Control characters are out of the arguments" };
}

async function enqueue(notes: CallNotes, call: PreparedCall, { outbox }: GatewayDependencies) {
  const { input } = call;
  const { connector, operation, caller, correlationId, idempotencyKey = "", orderingKey = null } = notes.request;
  return notes.path.step("outbox", async () => {
    const approvedAs = notes.approval === null ? undefined : messageHash(operation, call);
    const value = await outbox.accept({
      connector,
      operation,
      input: JSON.parse(JSON.stringify(input)) as OutboxMessage["input"],
      idempotencyKey,
      orderingKey,
      caller,
      correlationId,
      ...(approvedAs === undefined ? {} : { approvedAs }),
    });
    notes.delivery = { id: value.id, attempt: 0, idempotencyKey };
    const reason = value.isNew ? `Accepted as delivery ${value.id}` : `Known already as delivery ${value.id}`;
    return { value, code: value.isNew ? "accepted" : "known", reason };
  });
}

/** From here on something leaves: first it is on disk that it does. */
async function leave(notes: CallNotes, call: PreparedCall, dependencies: GatewayDependencies): Promise<Ended> {
  const { path, trace, request, delivery } = notes;
  const { operation, connector } = call;
  await path.step("evidence", async () => {
    notes.intent = intentOf(notes);
    await dependencies.evidence.begin(notes.intent);
    return { value: undefined, reason: "It is written down that the call leaves" };
  });
  notes.ranFrom = dependencies.clock.monotonic();
  const idempotencyKey = delivery?.idempotencyKey ?? request.idempotencyKey ?? null;
  const isRepeatable = operation.effect === "read" || operation.isIdempotent === true;
  const isAwaited = delivery === null || request.caller.kind === "automation";
  const parts = { ...dependencies, path, trace, idempotencyKey, isRepeatable, isAwaited, signal: request.signal };
  const network = openNetwork(call, parts);
  try {
    const raw = await path.step("call", async () => {
      const value = await network.run((context) => operation.run(call.input, context));
      return { value, reason: `${connector.title} has done it` };
    });
    const ended = await readReply(notes, { ...call, isDone: !network.isOpenEnded() }, raw, dependencies);
    await delivery?.keep?.({ output: ended.output, evidenceId: notes.id });
    await network.settle();
    return ended;
  } finally {
    await network.close();
  }
}

/** What came back, as it may be handed on. */
async function readReply(
  { path, trace }: CallNotes,
  call: PreparedCall & { isDone: boolean },
  raw: unknown,
  dependencies: GatewayDependencies,
): Promise<Ended> {
  const { operation, policy, secrets } = call;
  const parsed = await path.step("reply", () => readAsDeclared(call, raw));
  const output = await path.step("output", async () => {
    if (!policy.cleansOutput) return { value: parsed, code: "off", reason: "The policy leaves the reply as it is" };
    const value = await cleanReply(parsed, {
      secrets,
      schema: operation.output,
      onCut() {
        path.note("output", "cut", "HTML was too long or too deep to be read whole; the rest is left out");
      },
    });
    return { value, reason: "Secrets, scripts and control characters are out of the reply" };
  });
  const trust = await path.step("trust", () => {
    const { tier, reason } = trustOfCall(call, trace.repliedFrom(), dependencies);
    return { value: tier, code: tier, reason };
  });
  return { output, trust };
}

/** What was done is done, whatever came back: to call that a failure would have it sent again. What is put off until then is not done. */
function readAsDeclared(call: PreparedCall & { isDone: boolean }, raw: unknown) {
  try {
    return { value: parseReply(call, raw), reason: "The reply is as declared" };
  } catch (error) {
    if (call.operation.effect === "read" || !call.isDone || !(error instanceof GatewayError)) throw error;
    return {
      value: null,
      code: "reply_unreadable",
      reason: `It is done, but what came back is left out: ${error.message}`,
    };
  }
}

function parseReply({ operation, connector }: PreparedCall, raw: unknown): unknown {
  const parsed = operation.output.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issues = issuesOf(parsed.error, "reply");
  const first = issues.slice(0, 5).map(({ path, message }) => `${path}: ${message}`);
  throw new GatewayError(
    "reply_invalid",
    `${connector.title} gave another reply than it declares (${first.join("; ")})`,
    {
      hint: "The other side may have changed; look for a newer version of the connector.",
      issues,
      isFinal: true,
    },
  );
}

/** What cannot be written now is kept by the book and tried again; what the call came to does not change by it. */
async function append(record: EvidenceRecord, { evidence, logger }: GatewayDependencies): Promise<void> {
  try {
    await evidence.append(record);
  } catch (error) {
    logger.error("What became of a call could not be written yet", { id: record.id }, error);
  }
}

function fromMessage(message: OutboxMessage): GatewayRequest {
  const { connector, operation, input, caller, correlationId } = message;
  const params = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {};
  return { connector, operation, params, caller, correlationId };
}

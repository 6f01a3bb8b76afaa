import type { ApprovalSubject } from "../../../contract/features/approvals.ts";
import { visibleText } from "../../../contract/visible-text.ts";
import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import { redactValue } from "../../../lib/redact.ts";
import { digestOf } from "./digest-of.ts";
import { GatewayError } from "./gateway-error.ts";
import type { ApprovalAnswer, DeliveryOf, GatewayDependencies, GatewayRequest } from "./gateway-request.ts";
import { judgeMode } from "./policy.ts";
import type { PreparedCall } from "./prepare-call.ts";

type Subject = Extract<ApprovalSubject, { kind: "connector-call" }>;
type Parts = Pick<GatewayDependencies, "approvals" | "configs" | "policies" | "mode" | "registry">;

/** Over exactly what would be sent, by whom, and with which configuration and policy: any change gives another one. */
export function callHash(request: GatewayRequest, call: PreparedCall): string {
  const { operation, caller, idempotencyKey = null, orderingKey = null } = request;
  const { input, revision, policy } = call;
  const asked = { input, revision, policy, caller, idempotencyKey, orderingKey };
  return digestOf({ kind: "connector-call", ...whatAndWhere(operation, call), ...asked });
}

/** What a message of the outbox was approved as: what would be done with its arguments, and where. */
export function messageHash(operation: string, call: PreparedCall): string {
  const { config, connector } = call;
  const plain = Object.fromEntries(Object.entries(config).filter(([name]) => !connector.secrets.includes(name)));
  return digestOf({ kind: "connector-message", ...whatAndWhere(operation, call), plain });
}

function whatAndWhere(name: string, { connector, operation, targets }: PreparedCall) {
  const { id, binding = null } = connector;
  const { version = null, effect } = operation;
  return { connector: id, binding, operation: name, version, effect, targets };
}

/** Asks the user and waits; throws unless the answer is yes and holds for exactly what is about to be sent. */
export async function askApproval(
  request: GatewayRequest,
  call: PreparedCall,
  parts: Parts,
  onAnswer: (answer: ApprovalAnswer) => void,
): Promise<ApprovalAnswer> {
  const answer = await askWhileThere(request, call, parts);
  onAnswer(answer);
  if (answer.state !== "allowed") throw refusal(answer);
  if (answer.hash !== callHash(request, call)) throw changed("What is asked has changed since it was shown");
  checkUnchanged(call, parts);
  return answer;
}

/** The question goes when the connector it is about does, or becomes another one. */
async function askWhileThere(request: GatewayRequest, call: PreparedCall, parts: Parts): Promise<ApprovalAnswer> {
  const gone = new AbortController();
  const look = (): void => {
    try {
      checkThere(call, parts);
    } catch (error) {
      gone.abort(error);
    }
  };
  const stopLooking = parts.registry.onChange(look);
  try {
    const question = { subject: subjectOf(request, call), hash: callHash(request, call), resumes: request.resumes };
    const signal = request.signal ? AbortSignal.any([request.signal, gone.signal]) : gone.signal;
    return await parts.approvals.ask(question, signal);
  } finally {
    stopLooking();
  }
}

function checkThere({ connector }: PreparedCall, { registry }: Parts): void {
  const now = registry.get(connector.id);
  if (now === undefined) throw changed(`${connector.title} was removed meanwhile`);
  if (now !== connector) throw changed(`${connector.title} was changed meanwhile`);
}

/** While the user thought about it, other things may have been decided. */
function checkUnchanged(call: PreparedCall, parts: Parts): void {
  const { connector, operation, revision, policy } = call;
  checkThere(call, parts);
  const refusedNow = judgeMode(parts.mode(), operation.effect);
  if (refusedNow) throw new GatewayError(refusedNow.code, refusedNow.reason, { hint: refusedNow.hint });
  const setup = parts.configs.setup(connector);
  if (!setup.isEnabled) throw changed(`${connector.title} was turned off meanwhile`);
  if (setup.revision !== revision) throw changed(`The configuration of ${connector.title} was changed meanwhile`);
  if (parts.policies.of(connector.id).policy !== policy) throw changed("The policy was changed meanwhile");
}

/** Throws unless a delivery is still what the user was asked about; nobody is asked again for what waits already. */
export function checkDelivery({ approvedAs }: DeliveryOf, request: GatewayRequest, call: PreparedCall): void {
  if (approvedAs === undefined || approvedAs === messageHash(request.operation, call)) return;
  throw new GatewayError("approval_expired", `${call.connector.title} would do something else now than was allowed`, {
    hint: "Discard it, and call again if it is still wanted: then the question is asked anew.",
    isFinal: true,
  });
}

function changed(message: string): GatewayError {
  return new GatewayError("approval_expired", message, { hint: "Call again, so that the question is asked anew." });
}

function refusal({ state, by, reason }: ApprovalAnswer): GatewayError {
  const why = reason === null ? "" : `: ${reason}`;
  if (state === "denied")
    return new GatewayError("approval_denied", `Denied by ${by ?? "the user"}${why}`, {
      hint: "Do without it, or ask the user what would be right.",
      isFinal: true,
    });
  if (state === "expired")
    return new GatewayError("approval_expired", "Nobody answered in time, so it is denied", {
      hint: "Call again when somebody is there to answer.",
    });
  return new GatewayError("cancelled", `The question was withdrawn${why}`, {
    hint: "Call again if it is still wanted.",
  });
}

/** What the question says, secrets taken out. */
export function subjectOf({ operation: name, caller }: GatewayRequest, call: PreparedCall): Subject {
  const { connector, operation, input, asks, asksReason, risk, targets } = call;
  const where = targets.length === 0 ? "" : ` (${[...new Set(targets.map(originOf))].slice(0, 3).join(", ")})`;
  return redactValue({
    kind: "connector-call",
    title: visibleText(`${connector.title}: ${operation.title}${where}`).slice(0, 300),
    why: `${upperFirst(caller.name)} wants it. ${upperFirst(asksReason)}.`,
    onDeny: "Nothing is sent, and whoever asked is told so.",
    connectorId: connector.id,
    connectorName: connector.title.slice(0, 120),
    operation: name,
    input: JSON.stringify(redactValue(input), null, 2).slice(0, 100_000),
    effect: operation.effect,
    risk,
    callerKind: caller.kind,
    callerName: caller.name,
    callerId: caller.id ?? null,
    isForUser: asks === "yes",
  } satisfies Subject) as Subject;
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function originOf(target: string): string {
  return parseTarget(target)?.origin ?? target.slice(0, 100);
}

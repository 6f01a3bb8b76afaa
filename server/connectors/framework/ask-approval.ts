import { createHash } from "node:crypto";

import type { ApprovalSubject } from "../../../contract/features/approvals.ts";
import { redactValue } from "../../../lib/redact.ts";
import { canonicalJson } from "../../../lib/canonical-json.ts";
import { GatewayError } from "./gateway-error.ts";
import type { ApprovalAnswer, GatewayDependencies, GatewayRequest } from "./gateway-request.ts";
import { judgeMode } from "./policy.ts";
import type { PreparedCall } from "./prepare-call.ts";

type Subject = Extract<ApprovalSubject, { kind: "connector-call" }>;
type Parts = Pick<GatewayDependencies, "approvals" | "configs" | "policies" | "mode">;

/** SHA-256 over exactly what would be sent, by whom, and with which configuration: any change gives another one. */
export function callHash(request: GatewayRequest, { connector, input, revision, targets }: PreparedCall): string {
  const { operation, caller, idempotencyKey = null, orderingKey = null } = request;
  const asked = { kind: "connector-call", connector: connector.id, operation, input, revision, targets };
  return createHash("sha256")
    .update(canonicalJson({ ...asked, caller, idempotencyKey, orderingKey }))
    .digest("hex");
}

/** Asks the user and waits; throws unless the answer is yes and holds for exactly what is about to be sent. */
export async function askApproval(
  request: GatewayRequest,
  call: PreparedCall,
  parts: Parts,
  onAnswer: (answer: ApprovalAnswer) => void,
): Promise<ApprovalAnswer> {
  const answer = await parts.approvals.ask(
    { subject: subjectOf(request, call), hash: callHash(request, call), resumes: request.resumes },
    request.signal,
  );
  onAnswer(answer);
  if (answer.state !== "allowed") throw refusal(answer);
  if (answer.hash !== callHash(request, call)) throw changed("What is asked has changed since it was shown");
  checkUnchanged(call, parts);
  return answer;
}

/** While the user thought about it, other things may have been decided. */
function checkUnchanged({ connector, operation, revision, policy }: PreparedCall, parts: Parts): void {
  const refusedNow = judgeMode(parts.mode(), operation.effect);
  if (refusedNow) throw new GatewayError(refusedNow.code, refusedNow.reason, { hint: refusedNow.hint });
  const setup = parts.configs.setup(connector.id);
  if (!setup.isEnabled) throw changed(`${connector.title} was turned off meanwhile`);
  if (setup.revision !== revision) throw changed(`The configuration of ${connector.title} was changed meanwhile`);
  if (parts.policies.of(connector.id).policy !== policy) throw changed("The policy was changed meanwhile");
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
    title: `${connector.title}: ${operation.title}${where}`.slice(0, 300),
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
  return URL.canParse(target) ? new URL(target).origin : target.slice(0, 100);
}

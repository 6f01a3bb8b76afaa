import type { Effect, TrustTier } from "../../../contract/features/connectors.ts";
import type { EvidenceIntent, EvidenceRecord } from "../../../contract/features/evidence.ts";
import { sha256 } from "../../../lib/json-log-chain.ts";
import type { CallPath } from "./call-path.ts";
import type { CallTrace } from "./call-trace.ts";
import type { GatewayError } from "./gateway-error.ts";
import type { ApprovalAnswer, DeliveryOf, GatewayRequest } from "./gateway-request.ts";
import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import { withoutOpenings } from "./opening-field.ts";
import type { PreparedCall } from "./prepare-call.ts";

/** What is gathered about a call while it goes on. */
export interface CallNotes {
  id: string;
  at: string;
  request: GatewayRequest;
  delivery: DeliveryOf | null;
  path: CallPath;
  trace: CallTrace;
  /** What is called, as far as there is such a thing, also where the call is refused before it is prepared. */
  effect: Effect | null;
  /** `null` until it is allowed. */
  call: PreparedCall | null;
  approval: ApprovalAnswer | null;
  /** What was written down before it left; `null` before. */
  intent: EvidenceIntent | null;
  /** When the connector began, on the monotonic clock; `null` before. */
  ranFrom: number | null;
}

const maxExcerpt = 1_000;

/** What is known of a call before it leaves. */
export function intentOf({ id, at, request, delivery, effect, call }: CallNotes): EvidenceIntent {
  const { caller } = request;
  return {
    id,
    at,
    correlationId: request.correlationId.slice(0, 80),
    caller: {
      ...caller,
      name: caller.name.slice(0, 200),
      ...(caller.id === undefined ? {} : { id: caller.id.slice(0, 100) }),
      ...(caller.device === undefined ? {} : { device: caller.device.slice(0, 200) }),
    },
    connector: request.connector.slice(0, 80) || "?",
    operation: request.operation.slice(0, 80) || "?",
    effect: effect ?? "read",
    targets: [...new Set((call?.targets ?? []).map(originOf))].slice(0, 50),
    delivery: delivery && { id: delivery.id, attempt: delivery.attempt },
  };
}

/** The whole record of a call that has ended. */
export function recordOf(
  notes: CallNotes,
  end: { error: GatewayError | null; output?: unknown; trust?: TrustTier; durationMs: number },
): EvidenceRecord {
  const { request, path, trace, approval, ranFrom, call } = notes;
  const { error, output, trust, durationMs } = end;
  const hasRun = ranFrom !== null;
  return {
    ...(notes.intent ?? intentOf(notes)),
    isDryRun: request.isDryRun === true,
    outcome: error === null ? "done" : hasRun ? "failed" : "refused",
    code: error?.gatewayCode ?? null,
    message: error?.message ?? null,
    request: toJson(request.params),
    path: path.steps(),
    approval: approval && {
      id: approval.id,
      decision: approval.state,
      by: approval.by?.slice(0, 200) ?? null,
      at: approval.at,
    },
    ...trace.report(),
    durationMs: Math.max(0, durationMs),
    reply: error === null && hasRun ? replyOf(output, call) : null,
    trust: trust ?? null,
  };
}

function replyOf(output: unknown, call: PreparedCall | null): EvidenceRecord["reply"] {
  const text = jsonOf(output);
  if (text === null) return null;
  return {
    sha256: sha256(text),
    bytes: Buffer.byteLength(text),
    excerpt: call?.policy.keepsExcerpt === true ? excerptOf(output, call) : null,
  };
}

/** `null` for what cannot be written as JSON: that it was done is on record all the same. */
function jsonOf(output: unknown): string | null {
  try {
    return JSON.stringify(output ?? null);
  } catch {
    return null;
  }
}

function excerptOf(output: unknown, { operation }: PreparedCall): string {
  return JSON.stringify(withoutOpenings(output ?? null, [operation.output])).slice(0, maxExcerpt);
}

function toJson(value: unknown): EvidenceRecord["request"] {
  const text = JSON.stringify(value ?? null);
  return text === "{}" ? {} : (JSON.parse(text) as EvidenceRecord["request"]);
}

function originOf(target: string): string {
  return parseTarget(target)?.origin ?? target.slice(0, 2_000);
}

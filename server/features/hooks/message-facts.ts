import type { HookKind } from "../../../contract/features/hooks.ts";
import { redact, redactedMark } from "../../../lib/redact.ts";
import type { RawMessage } from "./signatures.ts";

/** What a message says of itself, where its kind of sender says it. */
export interface MessageFacts {
  /** "push", "invoice.paid". */
  event: string | null;
  /** What stays the same when the sender repeats a message and signs it anew; only what is signed counts. */
  eventId: string | null;
  /** What Slack wants to hear when the address is entered there. */
  challenge: string | null;
}

const longestName = 120;

/** Reads a message whose signature was proved; a body that is no JSON says nothing. */
export function factsOf(kind: HookKind, { headers, body }: RawMessage): MessageFacts {
  const json = kind === "github" ? {} : readObject(body);
  const header = (name: string): string | null => headers[name] ?? null;
  const nothing = { eventId: null, challenge: null };
  if (kind === "github") return { ...nothing, event: named(header("x-github-event")) };
  if (kind === "slack") return slackFacts(json);
  if (kind === "stripe") return { ...nothing, event: named(json["type"]), eventId: textOf(json["id"]) };
  if (kind === "standard")
    return { ...nothing, event: named(json["type"]), eventId: header("webhook-id") ?? header("svix-id") };
  return {
    ...nothing,
    event: named(header("x-gitlab-event") ?? json["type"] ?? json["event"]),
    eventId: header("idempotency-key") ?? header("webhook-id"),
  };
}

function slackFacts(json: Record<string, unknown>): MessageFacts {
  const inner = typeof json["event"] === "object" && json["event"] !== null ? { ...json["event"] } : {};
  const event = "type" in inner ? inner.type : json["type"];
  const isVerification = json["type"] === "url_verification" && typeof json["challenge"] === "string";
  const challenge = isVerification ? String(json["challenge"]).slice(0, 500) : null;
  return { event: named(event), eventId: textOf(json["event_id"]), challenge };
}

function readObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function named(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? redact(value).slice(0, longestName) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= 300 ? value : null;
}

const secretHeader = /auth|cookie|signature|token|secret|key|password|^tailscale-|^x-forwarded-/;
const mostHeaders = 60;
const longestValue = 500;

/** Headers as they are kept: those that hold secrets, or tell how the message came here, say only that they were there. */
export function keptHeaders(headers: RawMessage["headers"], tokenHeader: string): { name: string; value: string }[] {
  return Object.entries(headers)
    .slice(0, mostHeaders)
    .map(([name, value]) => ({
      name,
      value: secretHeader.test(name) || name === tokenHeader ? redactedMark : redact(value).slice(0, longestValue),
    }));
}

import type {
  CallerKind,
  ConnectorPolicy,
  Effect,
  GatewayCode,
  NetworkMode,
  Risk,
} from "../../../contract/features/connectors.ts";
import { createDomainRules, type DomainRules } from "../../../lib/guarded-http/domain-rules.ts";
import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import { quietUntil } from "../../quiet-hours.ts";

/** What the policy is asked about, before anything is sent. */
export interface PolicyQuestion {
  operation: string;
  effect: Effect;
  /** People read what it writes. */
  isToPeople: boolean;
  caller: CallerKind;
  /** The caller still plans: it may look, not act. */
  isPlanning: boolean;
  /** Addresses it means to call. */
  targets: readonly string[];
  /** Bytes of its arguments. */
  requestBytes: number;
}

/** `asks`: whether the user is asked first; `rules` lets the approval rules answer before. */
export type PolicyVerdict =
  | { ok: true; risk: Risk; asks: "no" | "rules" | "yes"; reason: string }
  | { ok: false; code: GatewayCode; rule: string; reason: string; hint: string };

export interface PolicyJudge {
  judge(question: PolicyQuestion, at: { nowMs: number; zone: string }): PolicyVerdict;
  /** For the guard of each request. */
  domains: DomainRules;
}

/** Whether the mode of the network lets a call of this effect out. */
export function judgeMode(mode: NetworkMode, effect: Effect): Extract<PolicyVerdict, { ok: false }> | null {
  if (mode === "offline")
    return {
      ok: false,
      code: "offline",
      rule: "network_offline",
      reason: "The gateway is closed: nothing leaves this machine",
      hint: "Open the gateway on the Connectors page.",
    };
  if (mode === "read-only" && effect !== "read")
    return {
      ok: false,
      code: "offline",
      rule: "network_read_only",
      reason: "The gateway lets out only what changes nothing",
      hint: "Set the gateway to online on the Connectors page.",
    };
  return null;
}

/** How much could go wrong: by what the call does, to whom, and who wants it. */
export function riskOf({ effect, isToPeople, caller }: Pick<PolicyQuestion, "effect" | "isToPeople" | "caller">): Risk {
  if (effect === "read") return "low";
  const isOurs = caller === "person";
  if (effect === "destructive") return isOurs ? "high" : "critical";
  if (isToPeople) return isOurs ? "medium" : "high";
  return "medium";
}

/** Reads a policy once, so that each call costs little. Throws `invalid_request` for domains that cannot be read. */
export function createPolicyJudge(policy: ConnectorPolicy): PolicyJudge {
  const domains = createDomainRules({ allowed: policy.allowedDomains, blocked: policy.blockedDomains });
  return {
    domains,
    judge(question, at) {
      const refusal =
        refuseOperation(policy, question) ??
        refuseTime(policy, question, at) ??
        refuseTargets(domains, question) ??
        refuseSize(policy, question);
      if (refusal) return refusal;
      const risk = riskOf(question);
      return { ok: true, risk, ...asksFor(policy, question) };
    },
  };
}

function refuseOperation(policy: ConnectorPolicy, question: PolicyQuestion): PolicyVerdict | null {
  const { operation, effect, caller, isPlanning } = question;
  if (isPlanning && effect !== "read")
    return {
      ok: false,
      code: "planning_phase",
      rule: "planning",
      reason: `${operation} changes something, and the caller still plans`,
      hint: "Ask again once the plan is accepted.",
    };
  if (policy.operations !== null && !policy.operations.includes(operation))
    return refused("operation", `${operation} is not among the allowed operations`, "Allow it in the policy.");
  if (!policy.callers.includes(caller))
    return refused("caller", `Calls by ${words[caller]} are not allowed`, "Allow them in the policy.");
  return null;
}

const words: Record<CallerKind, string> = {
  person: "people",
  automation: "automations",
  agent: "agents",
  mcp: "programs that came in over MCP",
  system: "PortOS itself",
};

function refuseTime(
  { quietHours }: ConnectorPolicy,
  { caller }: PolicyQuestion,
  { nowMs, zone }: { nowMs: number; zone: string },
): PolicyVerdict | null {
  if (quietHours === null || caller === "person") return null;
  const until = quietUntil(quietHours, nowMs, zone);
  if (until === null) return null;
  return refused(
    "quiet_hours",
    `It is quiet from ${quietHours.from} to ${quietHours.to}`,
    `Ask again after ${new Date(until).toISOString()}, or change the quiet hours in the policy.`,
  );
}

function refuseTargets(domains: DomainRules, { targets }: PolicyQuestion): PolicyVerdict | null {
  for (const target of targets) {
    const address = parseTarget(target);
    if (address === null)
      return refused("target", `${target} is not an address`, "Give it as https://example.com/path.");
    const verdict = domains.judge(address.url);
    if (!verdict.ok)
      return refused(
        verdict.code,
        `${address.origin} must not be called: ${verdict.reason}`,
        verdict.hint ?? "Give the address of a machine.",
      );
  }
  return null;
}

function refuseSize({ maxRequestBytes }: ConnectorPolicy, { requestBytes }: PolicyQuestion): PolicyVerdict | null {
  if (requestBytes <= maxRequestBytes) return null;
  return {
    ok: false,
    code: "too_large",
    rule: "request_bytes",
    reason: `The arguments have ${requestBytes} bytes, and ${maxRequestBytes} are allowed`,
    hint: "Send less, or raise the limit in the policy.",
  };
}

function refused(rule: string, reason: string, hint: string): PolicyVerdict {
  return { ok: false, code: "refused_by_policy", rule, reason, hint };
}

/** A person who presses a button in the panel has decided already, unless the policy always asks. */
function asksFor(
  { approval }: ConnectorPolicy,
  { effect, isToPeople, caller }: PolicyQuestion,
): { asks: "no" | "rules" | "yes"; reason: string } {
  if (approval === "always") return { asks: "yes", reason: "The policy asks before every call" };
  if (caller === "person") return { asks: "no", reason: "A person asked for it" };
  if (approval === "never") return { asks: "no", reason: "The policy never asks" };
  if (approval === "writes")
    return effect === "read"
      ? { asks: "no", reason: "It changes nothing" }
      : { asks: "yes", reason: "The policy asks before what changes something" };
  if (effect === "destructive") return { asks: "rules", reason: "It takes something away for good" };
  if (effect === "write" && isToPeople) return { asks: "rules", reason: "People will read it" };
  return { asks: "no", reason: effect === "read" ? "It changes nothing" : "Nobody reads it, and it can be undone" };
}

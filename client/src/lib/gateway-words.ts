import type { CallerKind, Effect, NetworkMode, TrustTier } from "../../../contract/features/connectors.ts";
import type { EvidenceRecord } from "../../../contract/features/evidence.ts";

/** Who asks for calls, as people say it. */
export const callerWords: Readonly<Record<CallerKind, string>> = {
  person: "A person in the panel",
  automation: "An automation",
  agent: "An agent",
  mcp: "A program over MCP",
  system: "PortOS itself",
};

export const effectWords: Readonly<Record<Effect, string>> = {
  read: "reads",
  write: "writes",
  destructive: "destroys",
};

/** How far what came back can be trusted, least first. */
export const trustWords: readonly { value: TrustTier; label: string; text: string }[] = [
  { value: "search-result", label: "Search result", text: "A hit of a search: anybody may have written it." },
  { value: "external", label: "External", text: "A page or reply of anybody." },
  { value: "primary", label: "Primary source", text: "The place that makes the thing itself." },
  { value: "authoritative", label: "Authoritative", text: "What you declare to be right." },
];

export function trustLabel(tier: string): string {
  return trustWords.find(({ value }) => value === tier)?.label ?? tier;
}

export const modeWords: readonly { value: NetworkMode; label: string; text: string }[] = [
  { value: "online", label: "Online", text: "Everything that policies allow may leave this machine." },
  { value: "read-only", label: "Read only", text: "Only calls that change nothing may leave this machine." },
  { value: "offline", label: "Offline", text: "No call leaves this machine." },
];

export const outcomeWords: readonly { value: EvidenceRecord["outcome"]; label: string }[] = [
  { value: "done", label: "Done" },
  { value: "refused", label: "Refused" },
  { value: "failed", label: "Failed" },
  { value: "unknown", label: "Not known" },
];

export function outcomeLabel(outcome: EvidenceRecord["outcome"]): string {
  return (outcomeWords.find(({ value }) => value === outcome)?.label ?? outcome).toLowerCase();
}

const codes: Readonly<Record<string, string>> = {
  unknown_connector: "no such connector",
  unknown_operation: "no such operation",
  invalid_params: "wrong arguments",
  disabled: "turned off",
  not_configured: "not configured",
  offline: "not let out just now",
  planning_phase: "planning may not write",
  refused_by_policy: "refused by the policy",
  approval_denied: "denied",
  approval_expired: "nobody answered",
  rate_limited: "too many calls",
  circuit_open: "left alone after failures",
  conflict: "key used for something else",
  disk_full: "no room on the disk",
  unavailable: "PortOS could not",
  refused_by_guard: "address not allowed",
  too_large: "too large",
  timeout: "took too long",
  cancelled: "cancelled",
  upstream_failed: "the other side failed",
  reply_invalid: "unexpected reply",
};

/** Why a call ended as it did, in a few words. */
export function codeText(code: string): string {
  return codes[code] ?? code.replaceAll("_", " ");
}

/** Every reason there is, for filters. */
export const codeChoices = Object.entries(codes).map(([value, label]) => ({ value, label }));

const steps: Readonly<Record<string, string>> = {
  network: "Network mode",
  operation: "Operation",
  configuration: "Configuration",
  arguments: "Arguments",
  risk: "Risk",
  policy: "Policy",
  approval: "Approval",
  rate: "Rate",
  input: "Cleaning of what is sent",
  "dry-run": "Dry run",
  outbox: "Queue",
  evidence: "Evidence",
  call: "Call",
  reply: "Reply",
  output: "Cleaning of what came back",
  trust: "Trust",
};

/** A step of the way of a call, as people say it. */
export function stepText(step: string): string {
  return steps[step] ?? step.replace(/^./, (letter) => letter.toUpperCase()).replaceAll("-", " ");
}

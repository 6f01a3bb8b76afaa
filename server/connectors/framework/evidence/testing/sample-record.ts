import type { EvidenceIntent, EvidenceRecord } from "../../../../../contract/features/evidence.ts";

/** What is known of a call of a test before it leaves. */
export function sampleIntent(id: string, changes: Partial<EvidenceIntent> = {}): EvidenceIntent {
  return {
    id,
    at: "2026-11-20T12:00:00.000Z",
    correlationId: "0123456789ab",
    caller: { kind: "person", name: "this machine" },
    connector: "slack",
    operation: "send-message",
    effect: "write",
    targets: ["https://slack.example"],
    delivery: null,
    ...changes,
  };
}

/** A call of a test that went well. */
export function sampleRecord(id: string, changes: Partial<EvidenceRecord> = {}): EvidenceRecord {
  return {
    ...sampleIntent(id),
    isDryRun: false,
    outcome: "done",
    code: null,
    message: null,
    request: { channel: "C1", text: "select the best" },
    path: [{ step: "network", verdict: "pass", code: null, reason: "Online", ms: 0.1 }],
    approval: null,
    addresses: [{ host: "slack.example", address: "203.0.113.7" }],
    redirects: [],
    tries: 1,
    status: 200,
    bytesOut: 120,
    bytesIn: 800,
    durationMs: 42,
    reply: { sha256: "ab".repeat(32), bytes: 800, excerpt: null },
    trust: "external",
    ...changes,
  };
}

import * as fc from "fast-check";
import { expect, test } from "vitest";

import { evidenceRecordSchema, type EvidenceRecord } from "../../../../contract/features/evidence.ts";
import { isSureRecord } from "./sure-record.ts";

const usual: EvidenceRecord = {
  id: "e0mf8x2k1q0123456789",
  at: "2026-05-14T09:26:53.589Z",
  correlationId: "0123456789ab",
  caller: { kind: "person", name: "Anna", device: "phone" },
  connector: "slack",
  operation: "send-message",
  effect: "write",
  targets: ["https://slack.example"],
  delivery: { id: "d1", attempt: 1 },
  isDryRun: false,
  outcome: "done",
  code: null,
  message: null,
  request: { text: "hello", count: 2, isIt: true },
  path: [{ step: "policy", verdict: "pass", code: "asked", reason: "It may", hint: "So it is", ms: 0.25 }],
  approval: { id: "a1", decision: "allowed", by: "Anna", at: "2026-05-14T09:26:53.589Z" },
  addresses: [{ host: "slack.example", address: "192.0.2.1" }],
  redirects: [{ status: 302, to: "https://slack.example/x" }],
  tries: 1,
  status: 200,
  bytesOut: 10,
  bytesIn: 20,
  durationMs: 1.5,
  reply: { sha256: "a".repeat(64), bytes: 20, excerpt: "yes" },
  trust: "external",
};

/** The compiler knows them. */
const choices = new Set(["effect", "outcome", "kind", "verdict"]);

/** Every place in a value that is neither a list nor an object. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  const fields = Object.entries(value).filter(([name]) => !choices.has(name));
  return fields.flatMap(([name, inner]) => places(inner, [...path, Array.isArray(value) ? Number(name) : name]));
}

function changed(place: readonly (string | number)[], to: unknown): EvidenceRecord {
  const copy = structuredClone(usual) as unknown as Record<string | number, unknown>;
  let at = copy;
  for (const name of place.slice(0, -1)) at = at[name] as Record<string | number, unknown>;
  at[place.at(-1) ?? ""] = to;
  return copy as unknown as EvidenceRecord;
}

test("a usual record needs no further look", () => {
  expect(isSureRecord(usual)).toBe(true);
  expect(isSureRecord({ ...usual, delivery: null, approval: null, reply: null, status: null, trust: null })).toBe(true);
});

test("whatever stands in a field: what is called sure is as the schema has it", () => {
  const lengths = [0, 1, 40, 41, 60, 61, 80, 81, 100, 101, 200, 201, 300, 301, 2_000, 2_001, 4_000, 4_001];
  const texts = fc.oneof(
    fc.constantFrom(...lengths).map((length) => "x".repeat(length)),
    fc.constantFrom("2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-01-01", "e".repeat(20), "", "\n"),
    fc.string(),
  );
  const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.NaN, Infinity, -1, 2 ** 60, 0.5));
  fc.assert(
    fc.property(fc.constantFrom(...places(usual)), fc.oneof(texts, numbers), (place, to) => {
      const was: unknown = place.reduce<unknown>((at, name) => (at as Record<string | number, unknown>)[name], usual);
      fc.pre(typeof was === typeof to || place[0] === "request"); // the compiler knows the kinds, not the arguments
      const record = changed(place, to);
      if (isSureRecord(record)) expect(evidenceRecordSchema.parse(record)).toEqual(record);
    }),
    { numRuns: 3_000 },
  );
});

test("lists that are too long are never sure", () => {
  for (const name of ["targets", "path", "addresses", "redirects"] as const)
    expect(isSureRecord({ ...usual, [name]: Array.from({ length: 101 }, () => usual[name][0]) })).toBe(false);
});

test("arguments the schema has to look at are never sure", () => {
  for (const request of [
    { list: [1] },
    { inner: {} },
    { no: null },
    [1],
    "text",
    null,
    JSON.parse('{"__proto__":"x"}'),
  ])
    expect(isSureRecord({ ...usual, request: request as EvidenceRecord["request"] })).toBe(false);
});

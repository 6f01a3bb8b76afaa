import { expect, test } from "vitest";

import type { EvidenceProof } from "../../../../contract/features/evidence.ts";
import { filterOf, proofText } from "./evidence-words.ts";

const proof: EvidenceProof = {
  isWhole: true,
  broken: null,
  breaks: 0,
  files: 2,
  rows: 1_200,
  bytes: 1,
  first: 1,
  last: null,
  repairs: [],
  unfinishedBytes: 0,
  durationMs: 12.4,
};

test("a proof is told as one would say it", () => {
  expect(proofText(proof)).toBe("The chain is whole: 1,200 rows in 2 files, checked in 12 ms.");
  expect(proofText({ ...proof, rows: 1, files: 1, durationMs: 0.1 })).toBe(
    "The chain is whole: 1 row in 1 file, checked in 1 ms.",
  );
  expect(proofText({ ...proof, first: 501 })).toContain("from number 501 on, older ones were removed");
  expect(proofText({ ...proof, rows: 0, files: 0 })).toBe("There is nothing to verify yet.");
});

test("a broken chain names its first broken line", () => {
  const broken = { file: "2026-05-01.jsonl", line: 7, reason: "changed", message: "the row was changed" } as const;
  expect(proofText({ ...proof, isWhole: false, broken, breaks: 1 })).toBe(
    "The chain is broken first at 2026-05-01.jsonl, line 7: the row was changed.",
  );
  expect(proofText({ ...proof, isWhole: false, broken: { ...broken, line: 0 }, breaks: 3 })).toBe(
    "The chain is broken first at 2026-05-01.jsonl: the row was changed. 2 more after that.",
  );
});

test("the address is the filter", () => {
  const nowMs = Date.parse("2026-05-01T12:00:30.000Z");
  expect(filterOf({ tab: "evidence", connector: "rss", call: "e1", text: "x" }, nowMs)).toEqual({
    connector: "rss",
    text: "x",
  });
  expect(filterOf({ period: "hour", from: "2020-01-01T00:00" }, nowMs)).toEqual({ from: "2026-05-01T11:00:00.000Z" });
  expect(filterOf({ from: "2026-04-01T00:00:00Z", to: "nonsense" }, nowMs)).toEqual({
    from: "2026-04-01T00:00:00.000Z",
  });
  expect(filterOf({ period: "for ever" }, nowMs)).toEqual({});
});

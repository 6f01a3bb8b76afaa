import { expect, test } from "vitest";

import type { Repair, RepairCheck } from "../../../../contract/features/repairs.ts";
import { statusLooks } from "../../ui/status.ts";
import { repairStatus, canRevert, outcomeText, repairSteps } from "./repair-words.ts";

const passed = { state: "succeeded" as const, sessionId: null, message: null, seconds: 1 };
const check: RepairCheck = { name: "test", command: "npm test", timeoutMs: 1_000, before: passed, after: passed };
const repair: Repair = {
  id: "repair-000000000001",
  incidentId: "mabcdefg-0123abcd",
  processKey: "blog/web",
  processName: "blog/web",
  appId: "blog",
  level: "approve",
  by: "anna",
  isAutomatic: false,
  state: "asked",
  reason: "",
  askedAt: "2026-03-01T12:00:00.000Z",
  updatedAt: "2026-03-01T12:00:00.000Z",
  endedAt: null,
  signature: "s",
  evidence: null,
  port: null,
  agent: null,
  runId: null,
  toldAfter: null,
  isTold: false,
  diagnosis: null,
  summary: null,
  checks: [],
  work: null,
  approvalId: null,
  merge: null,
  watch: null,
  usage: null,
  revert: null,
};
const endedAt = "2026-03-01T13:00:00.000Z";
const work = { tree: "t", files: 1, added: 1, removed: 0, paths: ["a.ts"] };
const marks = (changes: Partial<Repair>): string =>
  repairSteps({ ...repair, ...changes })
    .map(({ label, state }) => `${label} ${state}`)
    .join(", ");

test("steps show what is done, what goes on and what follows", () => {
  expect(marks({ state: "diagnosing" })).toBe(
    "Find the cause now, Checks before next, Mend it next, Checks after next, Your word next, Merge and restart next, Watch next",
  );
  expect(marks({ state: "repairing", diagnosis: "x", toldAfter: 3 })).toBe(
    "Find the cause done, Mend it now, Your word next, Merge and restart next, Watch next",
  );
  expect(marks({ state: "checking-after", level: "apply", diagnosis: "x", checks: [check], work })).toBe(
    "Find the cause done, Checks before done, Mend it done, Checks after now, Merge and restart next, Watch next",
  );
});

test("where it waits for the user it says so", () => {
  expect(marks({ state: "waiting", diagnosis: "x", work })).toMatch(
    /Mend it done, Your word asks, Merge and restart next/,
  );
});

test("what ended early ends where it did", () => {
  expect(marks({ state: "failed", endedAt, diagnosis: "x", checks: [check], toldAfter: 3, work })).toBe(
    "Find the cause done, Checks before done, Mend it done, Checks after bad",
  );
  expect(marks({ state: "given-up", endedAt })).toBe("Find the cause bad");
  expect(marks({ state: "failed", endedAt, diagnosis: "x", toldAfter: 3 })).toBe("Find the cause done, Mend it bad");
  const merge = { by: "anna", commit: "c", at: endedAt };
  const watch = { since: endedAt, until: endedAt, restarts: 1, samples: [] };
  expect(marks({ state: "reverted", endedAt, diagnosis: "x", work, merge, watch })).toMatch(
    /Merge and restart done, Watch bad$/,
  );
});

test("what was taken back by hand has not failed its watch", () => {
  const merge = { by: "anna", commit: "c", at: endedAt };
  const watch = { since: endedAt, until: "2026-03-01T13:10:00.000Z", restarts: 1, samples: [] };
  const revert = { by: "anna", at: "2026-03-01T14:00:00.000Z", isAutomatic: false, why: "" };
  const takenBack: Partial<Repair> = { state: "reverted", endedAt: revert.at, diagnosis: "x", work, merge, watch };
  expect(marks({ ...takenBack, revert })).toMatch(/Merge and restart done, Watch done$/);
  expect(marks({ ...takenBack, revert: { ...revert, at: "2026-03-01T13:05:00.000Z" } })).toMatch(/Watch left$/);
  expect(marks({ ...takenBack, revert: { ...revert, isAutomatic: true } })).toMatch(/Watch bad$/);
});

test("only a merge that was not taken back can be taken back", () => {
  const merge = { by: "anna", commit: "c", at: endedAt };
  expect(canRevert({ ...repair, state: "repaired", endedAt, merge })).toBe(true);
  expect(canRevert({ ...repair, state: "applying", merge })).toBe(false);
  expect(canRevert({ ...repair, state: "repaired", endedAt, merge: { ...merge, commit: null } })).toBe(false);
  const revert = { by: "anna", at: endedAt, isAutomatic: false, why: "" };
  expect(canRevert({ ...repair, state: "reverted", endedAt, merge, revert })).toBe(false);
});

test("a check says how it came out", () => {
  expect(outcomeText(null)).toBe("not run");
  expect(outcomeText({ ...passed, state: "failed", message: "Exit code 1" })).toBe("fails: Exit code 1");
});

test("a repair that was taken back is not said to be interrupted", () => {
  expect(statusLooks[repairStatus.reverted].word).toBe("taken back");
});

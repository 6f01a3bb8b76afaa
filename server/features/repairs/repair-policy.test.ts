import { array, assert, boolean, constant, constantFrom, oneof, option, property, record, tuple } from "fast-check";
import { expect, test } from "vitest";

import {
  repairStateSchema,
  type CheckOutcome,
  type Repair,
  type RepairCheck,
} from "../../../contract/features/repairs.ts";
import { runStateSchema } from "../../../contract/features/run-events.ts";
import { compareChecks } from "./compare-checks.ts";
import { failureLimit, isFailure, sameCrashAgain, takenBack } from "./repair-guard.ts";
import { isEnded, nextStep, type RepairFacts } from "./repair-policy.ts";

const outcome = constantFrom("running", "succeeded", "failed", "unknown").map((state): CheckOutcome => ({
  state,
  sessionId: null,
  message: null,
  seconds: null,
}));
const anyCheck = record({
  name: constantFrom("test", "lint"),
  command: constant("npm test"),
  timeoutMs: constant(1_000),
  before: option(outcome),
  after: option(outcome),
});
const tree = constantFrom("a".repeat(40), "b".repeat(40));

const repairs = record({
  state: constantFrom(...repairStateSchema.options),
  level: constantFrom("propose", "approve", "apply"),
  appId: constantFrom("blog", null),
  checks: array(anyCheck, { maxLength: 3 }),
  tree,
  isAllowed: boolean(),
});

const facts = record({
  panic: constantFrom(null, "Everything is stopped."),
  run: oneof(
    constant("unknown" as const),
    constant(null),
    record({
      state: constantFrom(...runStateSchema.options),
      message: constantFrom(null, "It broke"),
      wasToldToRepair: boolean(),
    }),
  ),
  review: oneof(
    constant("unknown" as const),
    constant(null),
    record({
      state: constantFrom("open" as const, "merged" as const, "branch" as const, "discarded" as const),
      tree: option(tree),
      by: constantFrom(null, "anna"),
    }),
  ),
  approval: oneof(
    constant("unknown" as const),
    constant(null),
    record({
      state: constantFrom(
        "pending" as const,
        "allowed" as const,
        "denied" as const,
        "expired" as const,
        "withdrawn" as const,
      ),
      by: constant("anna"),
      reason: constantFrom(null, "No."),
    }),
  ),
  health: record({ kind: constantFrom("going", "good", "bad", "stopped"), text: constant("So it is.") }),
});

function repairOf({
  state,
  level,
  appId,
  checks,
  tree: hash,
}: {
  state: Repair["state"];
  level: string;
  appId: string | null;
  checks: RepairCheck[];
  tree: string;
}): Repair {
  return {
    id: "repair-000000000001",
    incidentId: "mabcdefg-0123abcd",
    processKey: "blog/web",
    processName: "blog/web",
    appId,
    level: level as Repair["level"],
    by: "anna",
    isAutomatic: false,
    state,
    reason: "",
    askedAt: "2026-03-01T12:00:00.000Z",
    updatedAt: "2026-03-01T12:00:00.000Z",
    endedAt: null,
    signature: "s",
    evidence: null,
    port: null,
    agent: null,
    runId: "run-000000000001",
    toldAfter: 1,
    isTold: true,
    diagnosis: null,
    summary: null,
    checks,
    work: { tree: hash, files: 1, added: 1, removed: 0, paths: [] },
    approvalId: null,
    merge: null,
    watch: null,
    usage: null,
    revert: null,
  };
}

const cases = tuple(repairs, facts);

function stepOf([parts, seen]: [Parameters<typeof repairOf>[0], unknown]) {
  const repair = repairOf(parts);
  return { repair, seen: seen as RepairFacts, step: nextStep(repair, seen as RepairFacts) };
}

test("nothing is merged by itself without the level for it, an answer, or the user; never PortOS's own code", () => {
  assert(
    property(cases, (drawn) => {
      const { repair, seen, step } = stepOf(drawn);
      const goesToMerge = step.act === "become" && step.state === "applying";
      if (!goesToMerge) return;
      expect(repair.appId).not.toBeNull();
      const isMergedByUser = seen.review !== null && seen.review !== "unknown" && seen.review.state === "merged";
      const isAllowed = seen.approval !== null && seen.approval !== "unknown" && seen.approval.state === "allowed";
      const isFree = repair.state === "checking-after" && repair.level === "apply";
      expect(isMergedByUser || (repair.state === "waiting" && isAllowed) || isFree).toBe(true);
      if (!isFree) return;
      expect(compareChecks(repair.checks).broken).toEqual([]);
      expect(repair.checks.some(({ after }) => after?.state === "succeeded")).toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

test("while everything is stopped no agent is started, told, asked about or merged", () => {
  assert(
    property(cases, (drawn) => {
      const { seen, step } = stepOf(drawn);
      if (seen.panic === null) return;
      expect(["start-run", "tell-to-repair", "check", "ask", "merge"]).not.toContain(step.act);
    }),
    { numRuns: 5_000 },
  );
});

test("work that is another than the one that was checked is never merged", () => {
  assert(
    property(cases, (drawn) => {
      const { repair, seen, step } = stepOf(drawn);
      if (seen.review === null || seen.review === "unknown" || seen.review.state !== "open") return;
      if (seen.review.tree === null || seen.review.tree === repair.work?.tree) return;
      if (repair.state !== "waiting" && repair.state !== "checking-after") return;
      if (step.act === "become" || step.act === "withdraw") expect(step.state).not.toBe("applying");
      expect(step.act).not.toBe("ask");
    }),
    { numRuns: 5_000 },
  );
});

test("an ended repair stays as it ended, and what is not known yet ends nothing", () => {
  assert(
    property(cases, (drawn) => {
      const { repair, seen, step } = stepOf(drawn);
      if (isEnded(repair.state)) expect(step.act).toBe("wait");
      const isBlind = seen.run === "unknown" && seen.review === "unknown" && seen.approval === "unknown";
      if (isBlind && seen.panic === null && seen.health.kind === "going" && step.act === "become")
        expect(isEnded(step.state)).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});

test("a crash while it is watched leads back, whatever else is seen", () => {
  assert(
    property(cases, ([parts, seen]) => {
      const { step } = stepOf([
        { ...parts, state: "watching" } as never,
        { ...seen, health: { kind: "bad", text: "It crashed." } },
      ]);
      expect(step).toMatchObject({ act: "become", state: "reverting" });
    }),
  );
});

test("what passed before must pass, what failed before may fail, what is not known must pass", () => {
  assert(
    property(array(anyCheck, { maxLength: 4 }), (checks) => {
      const { broken } = compareChecks(checks);
      const wanted = checks
        .filter(({ before, after }) => after?.state !== "succeeded" && before?.state !== "failed")
        .map(({ name }) => name);
      expect(broken).toEqual(wanted);
    }),
  );
});

test("failures of a day count for their app only, and the pause ends a day after the first that counts", () => {
  const now = Date.parse("2026-03-02T12:00:00.000Z");
  const failed = (hoursAgo: number, appId = "blog", state: Repair["state"] = "failed") => ({
    appId,
    processKey: `${appId}/web`,
    state,
    endedAt: new Date(now - hoursAgo * 3_600_000).toISOString(),
    signature: "s",
    merge: null,
    revert: null,
  });
  const owner = { appId: "blog", processKey: "blog/web" };
  expect(failureLimit([failed(1), failed(2), failed(3, "shop")], owner, 3, now)).toBeNull();
  expect(failureLimit([failed(1), failed(2), failed(25)], owner, 3, now)).toBeNull();
  expect(failureLimit([failed(1), failed(2), failed(3, "blog", "given-up")], owner, 3, now)).toBeNull();
  expect(failureLimit([failed(1), failed(2), failed(3, "blog", "reverted")], owner, 3, now)).toEqual({
    reason: "3 repairs of it failed within a day.",
    until: now + 21 * 3_600_000,
  });
});

test("only repairs that were merged count as tries at the same crash", () => {
  const merge = { by: "anna", commit: "c", at: "2026-03-01T12:00:00.000Z" };
  const one = {
    appId: "blog",
    processKey: "blog/web",
    state: "repaired" as const,
    endedAt: null,
    signature: "s",
    merge,
    revert: null,
  };
  expect(sameCrashAgain([one], "s")).toBeNull();
  expect(sameCrashAgain([one, { ...one, signature: "t" }, { ...one, merge: null }], "s")).toBeNull();
  expect(sameCrashAgain([one, { ...one, state: "reverted" }], "s")?.reason).toMatch(/repaired twice/);
});

test("what the user has taken back is not repaired again by itself, and was no failure", () => {
  const revert = { by: "anna", at: "2026-03-01T13:00:00.000Z", isAutomatic: false, why: "No" };
  const state = "reverted" as const;
  const one = { appId: "blog", processKey: "blog/web", state, endedAt: null, signature: "s", merge: null, revert };
  expect(takenBack([one], "s")?.reason).toBe("A repair of the same crash was taken back by anna.");
  expect(takenBack([one], "t")).toBeNull();
  expect(takenBack([{ ...one, revert: { ...revert, isAutomatic: true } }], "s")).toBeNull();
  expect([isFailure(one), isFailure({ state, revert: { ...revert, isAutomatic: true } })]).toEqual([false, true]);
});

import { join } from "node:path";

import { expect, test } from "vitest";

import type { Approval, ApprovalSubject } from "../../../contract/features/approvals.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { approvalRulesFile, approvalsFile, type ApprovalsFile } from "./approval-files.ts";
import { createApprovalService, type ApprovalService } from "./approval-service.ts";
import { createApprovalSettler } from "./approval-settler.ts";
import { createRuleService, type RuleService } from "./rule-service.ts";

const temporaryFolder = useTemporaryFolders();

const subject: ApprovalSubject = {
  kind: "agent-tool",
  title: "Run npm test",
  why: "",
  onDeny: "",
  runId: "run-000000000001",
  requestId: "q1",
  runTitle: "Fix the tests",
  appId: null,
  providerId: null,
  providerName: null,
  tool: "execute",
  folder: "/code",
  command: "npm test",
  words: ["npm", "test"],
  input: null,
  paths: [],
  changes: [],
};

/** Approvals of a temporary folder; `meet` is called once, when the first change of the questions is on disk. */
async function startApprovals(meet: (service: ApprovalService, rules: RuleService) => Promise<unknown>) {
  const folder = await temporaryFolder();
  let aheadMs = 0;
  const clock = { ...systemClock, now: () => Date.now() + aheadMs };
  const parts = { clock, logger: silentLogger };
  const store = await openJsonStore({ file: join(folder, "open.json"), ...parts, ...approvalsFile });
  const rules = await createRuleService({
    store: await openJsonStore({ file: join(folder, "rules.json"), ...parts, ...approvalRulesFile }),
    clock,
    signer: () => Promise.resolve((text) => `sealed ${text.length}`),
  });
  const told: Approval[] = [];
  const asked: Approval[] = [];
  let isFirst = true;
  const meeting: JsonStore<ApprovalsFile> = {
    ...store,
    async update(change) {
      const result = await store.update(change);
      if (isFirst) {
        isFirst = false;
        await meet(service, rules);
      }
      return result;
    },
  };
  const history = {
    append: () => Promise.resolve(),
    page: () => Promise.resolve({ items: [], next: null }),
    find: () => Promise.resolve(null),
  };
  const settler = createApprovalSettler({
    store: meeting,
    history,
    deliver: (approval) => {
      told.push(approval);
      return Promise.resolve("told");
    },
    logger: silentLogger,
    publish: () => undefined,
  });
  const service = createApprovalService({
    store: meeting,
    settler,
    history,
    rules,
    clock,
    expireAfterMs: () => 60_000,
    publish: () => undefined,
    goOn: () => Promise.resolve(),
  });
  service.onAsked((approval) => void asked.push(approval));
  return { service, rules, told, asked, goOn: (ms: number) => void (aheadMs += ms) };
}

const input = { name: "Tests", effect: "allow" as const, folder: "/code", commandPrefix: ["npm", "test"] };
const question = { subject, hash: "0".repeat(64) };

test("a question and changed rules that meet are one use of one rule, and one answer", async () => {
  // Rules change at the very moment the question has been put down and is not looked at yet.
  const { service, rules, told, asked } = await startApprovals((approvals) => approvals.applyRules());
  await rules.create(input, "this machine");
  const answered = await service.ask(question);
  expect(answered).toMatchObject({ state: "allowed", isDelivered: true, decision: { by: "Rule: Tests" } });
  expect(told).toHaveLength(1);
  expect(asked).toEqual([]);
  expect(rules.list()).toMatchObject([{ uses: 1 }]);
  expect(service.open()).toEqual([]);
});

test("a rule answers nothing whose time is over", async () => {
  const { service, rules, told, goOn } = await startApprovals(() => Promise.resolve());
  const { id } = await service.ask(question);
  await rules.create(input, "this machine");
  goOn(61_000);
  await service.applyRules();
  expect(service.open()).toMatchObject([{ id, state: "pending" }]);
  await service.lookAtTime();
  expect(told).toMatchObject([{ id, state: "expired" }]);
  expect(rules.list()).toMatchObject([{ uses: 0 }]);
});

test("a rule that runs out before its answer is written down answers nothing", async () => {
  const { service, rules, told, asked, goOn } = await startApprovals(() => Promise.resolve());
  await rules.create({ ...input, expiresAt: new Date(Date.now() + 10_000).toISOString() }, "this machine");
  // The rule is found, and its answer waits for its turn.
  const { ruleFor } = rules;
  let isFound = false;
  rules.ruleFor = (one) => {
    const found = ruleFor(one);
    if (!isFound && found !== null) goOn(11_000);
    isFound ||= found !== null;
    return found;
  };
  await service.ask(question);
  expect(isFound).toBe(true);
  expect(told).toEqual([]);
  expect(asked).toHaveLength(1);
});

test("a rule whose end is over is refused; what was allowed for a run ends with it", async () => {
  const { rules, goOn } = await startApprovals(() => Promise.resolve());
  const over = { ...input, expiresAt: new Date(Date.now() - 1_000).toISOString() };
  const issues = [{ path: "body.expiresAt", message: "must lie in the future" }];
  await expect(rules.create(over, "this machine")).rejects.toMatchObject({ code: "invalid_request", issues });
  const kept = await rules.create({ ...input, expiresAt: new Date(Date.now() + 5_000).toISOString() }, "this machine");
  goOn(6_000);
  // Its end is over by itself: the rest of it can be changed all the same.
  await rules.update(kept.id, { ...input, name: "Tests of it", expiresAt: kept.expiresAt });
  await rules.reachFurther(subject, "run", { answer: "allow", by: "this machine" });
  await rules.reachFurther(subject, "here", { answer: "allow", by: "this machine" });
  expect(rules.list()).toHaveLength(3);
  await rules.endRun("run-000000000002");
  expect(rules.list()).toHaveLength(3);
  await rules.endRun(subject.runId);
  expect(rules.list()).toMatchObject([{ id: kept.id }, { runId: null }]);
});

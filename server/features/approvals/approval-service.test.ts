import { join } from "node:path";

import { expect, test } from "vitest";

import type { Approval, ApprovalSubject } from "../../../contract/features/approvals.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { approvalRulesFile, approvalsFile, type ApprovalsFile } from "./approval-files.ts";
import { createApprovalService } from "./approval-service.ts";
import { createApprovalSettler } from "./approval-settler.ts";
import { createRuleService } from "./rule-service.ts";

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

test("a question and changed rules that meet are one use of one rule, and one answer", async () => {
  const folder = await temporaryFolder();
  const parts = { clock: systemClock, logger: silentLogger };
  const store = await openJsonStore({ file: join(folder, "open.json"), ...parts, ...approvalsFile });
  const rules = createRuleService({
    store: await openJsonStore({ file: join(folder, "rules.json"), ...parts, ...approvalRulesFile }),
    clock: systemClock,
  });
  const told: Approval[] = [];
  const asked: Approval[] = [];
  // Rules change at the very moment the question has been put down and is not looked at yet.
  let isFirst = true;
  const meeting: JsonStore<ApprovalsFile> = {
    ...store,
    async update(change) {
      const result = await store.update(change);
      if (isFirst) {
        isFirst = false;
        await service.applyRules();
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
    clock: systemClock,
    expireAfterMs: () => 60_000,
    publish: (approval) => void asked.push(approval),
  });
  service.onAsked((approval) => void asked.push(approval));
  await rules.create(
    { name: "Tests", effect: "allow", folder: "/code", commandPrefix: ["npm", "test"] },
    "this machine",
  );

  const answered = await service.ask({ subject, hash: "0".repeat(64) });
  expect(answered).toMatchObject({ state: "allowed", isDelivered: true, decision: { by: "Rule: Tests" } });
  expect(told).toHaveLength(1);
  expect(asked).toEqual([]);
  expect(rules.list()).toMatchObject([{ uses: 1 }]);
  expect(service.open()).toEqual([]);
});

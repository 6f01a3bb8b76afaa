import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { approvalRuleSchema } from "../../../contract/features/approvals.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createSecretBox } from "../../../lib/secret-box.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { approvalRulesFile, type ApprovalRulesFile } from "./approval-files.ts";
import type { AgentSubject } from "./approval-subject.ts";
import { createRuleService } from "./rule-service.ts";

const temporaryFolder = useTemporaryFolders();

const subject: AgentSubject = {
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

async function openRules(folder: string) {
  const file = join(folder, "rules.json");
  const store = await openJsonStore({ file, clock: systemClock, logger: silentLogger, ...approvalRulesFile });
  const fingerprintFile = join(folder, "fingerprint.json");
  const box = createSecretBox({ configDir: join(folder, "c"), fingerprintFile, variables: {}, logger: silentLogger });
  const rules = await createRuleService({ store, clock: systemClock, signer: () => box.signer("approval rules") });
  const byHand = async (change: (data: ApprovalRulesFile) => void): Promise<void> => {
    const text = JSON.parse(await readFile(file, "utf8")) as { data?: ApprovalRulesFile } & ApprovalRulesFile;
    change(text.data ?? text);
    await writeFile(file, JSON.stringify(text));
  };
  return { rules, store, byHand };
}

const input = { name: "Tests", effect: "allow" as const, folder: "/code", commandPrefix: ["npm", "test"] };
const everything = { name: "All", effect: "allow" as const, folder: "/", tools: ["execute" as const] };

test("rules somebody else has written allow nothing until they are confirmed as they were shown", async () => {
  const folder = await temporaryFolder();
  const first = await openRules(folder);
  const deny = await first.rules.create({ ...everything, name: "No", effect: "deny", folder: "/no" }, "this machine");
  const made = await first.rules.create(input, "this machine");
  await first.rules.noteUse(made.id);
  expect(first.rules.ruleFor(subject)).toMatchObject({ id: made.id });
  await first.store.close();

  // A restart trusts what PortOS has written.
  const second = await openRules(folder);
  expect(second.rules.ruleFor(subject)).toMatchObject({ id: made.id });
  const denied = { ...subject, folder: "/no" };
  await second.byHand((data) => {
    data.rules = [{ ...made, folder: "/", commandPrefix: [], tools: ["execute"] }, deny];
  });
  await vi.waitUntil(() => second.store.get().rules[0]?.folder === "/", { timeout: 10_000 });
  expect(second.rules.ruleFor(subject)).toBeNull();
  expect(second.rules.ruleFor(denied)).toMatchObject({ id: deny.id });
  expect(second.rules.list().map(({ isChangedOutside }) => isChangedOutside)).toEqual([true, false]);

  // A change of ours does not put it in force, nor does a restart.
  await second.rules.create({ ...input, name: "More" }, "this machine");
  expect(second.rules.ruleFor(subject)).toBeNull();
  await second.store.close();
  const third = await openRules(folder);
  expect(third.rules.ruleFor(subject)).toBeNull();

  const shown = third.rules.list().map((rule) => approvalRuleSchema.strip().parse(rule));
  await expect(third.rules.confirm(shown.slice(1))).rejects.toMatchObject({ code: "conflict" });
  await third.rules.confirm(shown);
  expect(third.rules.ruleFor(subject)).toMatchObject({ name: "Tests" });
  await third.store.close();
});

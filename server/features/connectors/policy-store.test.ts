import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { policiesFile, type PoliciesFile } from "./connector-files.ts";
import { createPolicyStore, type PolicyStore } from "./policy-store.ts";

const newFolder = useTemporaryFolders();
const usual = connectorPolicySchema.parse({});
let nowMs = Date.UTC(2026, 4, 4);

let file: string;
let store: JsonStore<PoliciesFile>;
let policies: PolicyStore;

async function open(): Promise<void> {
  store = await openJsonStore<PoliciesFile>({ ...policiesFile, file, logger: silentLogger });
  policies = createPolicyStore({ store, clock: { now: () => nowMs, monotonic: () => nowMs } });
}

beforeEach(async () => {
  file = join(await newFolder(), "policies.json");
  await open();
});
afterEach(() => store.close());

const ask = { operation: "read", effect: "read", isToPeople: false, caller: "person", isPlanning: false } as const;
const judged = (id: string, target = "https://example.com/"): boolean =>
  policies.of(id).judge.judge({ ...ask, targets: [target], requestBytes: 1 }, { nowMs, zone: "UTC" }).ok;

test("nobody's policy is the usual one, and is read once", () => {
  const revision = expect.stringMatching(/^[0-9a-f]{16}$/) as string;
  expect(policies.view("rss")).toEqual({ policy: usual, revision, isDefault: true, history: [], problem: null });
  expect(policies.of("rss")).toBe(policies.of("slack"));
  for (const id of ["constructor", "__proto__"]) expect(policies.view(id).isDefault).toBe(true);
});

test("a change holds at once, for that connector, is kept with who changed what from what, and over a restart", async () => {
  await policies.put("rss", { ...usual, blockedDomains: ["example.com"], perDay: 5 }, "Anna");
  expect([judged("rss"), judged("slack")]).toEqual([false, true]);
  nowMs += 60_000;
  await policies.put("rss", { ...usual, perDay: 5 }, "Ben");
  await policies.put("rss", { ...usual, perDay: 5 }, "Ben");
  await store.close();
  await open();
  const { policy, isDefault, history } = policies.view("rss");
  expect([policy.perDay, isDefault, judged("rss")]).toEqual([5, false, true]);
  expect(history.map(({ by, fields }) => [by, fields.toSorted()])).toEqual([
    ["Ben", ["blockedDomains"]],
    ["Anna", ["blockedDomains", "perDay"]],
  ]);
  expect(history[1]?.before).toEqual(usual);
  expect(history[0]?.at).toBe(new Date(nowMs).toISOString());
});

test("what was made from an older policy is refused and changes nothing; the name is that of what stands there", async () => {
  const { revision } = policies.view("rss");
  await policies.put("rss", { ...usual, perDay: 5 }, "Anna", revision);
  const late = policies.put("rss", { ...usual, perMinute: 9 }, "Ben", revision);
  await expect(late).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("Anna") as string });
  expect(policies.view("rss").policy).toEqual({ ...usual, perDay: 5 });
  expect(policies.view("rss").history).toHaveLength(1);
  await policies.put("rss", usual, "Anna", policies.revision("rss"));
  expect(policies.revision("rss")).toBe(revision);
});

test("only the newest changes are kept", async () => {
  for (let perDay = 1; perDay <= 53; perDay += 1) await policies.put("rss", { ...usual, perDay }, "Anna");
  const { history } = policies.view("rss");
  expect(history).toHaveLength(50);
  expect(history[0]?.before.perDay).toBe(52);
});

test.each([
  [{ allowedDomains: ["a b"] }, "allowedDomains.0"],
  [{ blockedDomains: ["ok.example", "https://x.example"] }, "blockedDomains.1"],
])("what cannot be read in %j is not taken", async (change, path) => {
  const putting = policies.put("rss", { ...usual, ...change }, "Anna");
  await expect(putting).rejects.toMatchObject({ code: "invalid_request", issues: [{ path }] });
  await expect(policies.put("rss", { ...usual, insides: ["nas.local"] }, "Anna")).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(policies.view("rss").isDefault).toBe(true);
});

test("while the file cannot be read, nothing is allowed", async () => {
  await policies.put("rss", { ...usual, blockedDomains: ["example.com"] }, "Anna");
  await store.close();
  await writeFile(file, "{ this is no JSON");
  await open();
  expect([judged("rss"), judged("slack")]).toEqual([false, false]);
  expect(policies.view("slack").problem).toContain("was damaged");
  expect(policies.of("slack").problem).toBe(policies.view("slack").problem);
  await policies.put("slack", usual, "Anna");
  expect([judged("rss"), judged("slack")]).toEqual([false, true]);
  expect(policies.view("slack").problem).toBeNull();
});

test("one written by hand that cannot be read allows nothing, and says why", async () => {
  const policy = { ...usual, blockedDomains: ["a b"] };
  await store.update(() => ({ next: { policies: { rss: { policy, history: [] } } }, result: null }));
  expect([judged("rss"), judged("slack")]).toEqual([false, true]);
  const { problem, policy: shown } = policies.view("rss");
  expect(problem).toMatch(/^It cannot be read: /);
  expect(shown).toEqual(policy);
});

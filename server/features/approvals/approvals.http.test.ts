import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Approval, ApprovalScope } from "../../../contract/features/approvals.ts";
import { systemClock } from "../../../lib/clock.ts";
import { commandRequest, startAskingApp, type AskingApp } from "./testing/asking-app.ts";

let setup: AskingApp;
let aheadMs = 0;

beforeEach(async () => {
  aheadMs = 0;
  setup = await startAskingApp({ clock: { ...systemClock, now: () => Date.now() + aheadMs } });
});

afterEach(() => setup.end());

type Answer = { answer: "allow" | "deny"; scope?: ApprovalScope; reason?: string | null; hash?: string };

function decide({ id, hash }: Approval, answer: Answer): Promise<Approval> {
  return setup.app.call("approvals.decide", { params: { id }, body: { hash, ...answer } });
}

async function state(id: string): Promise<Approval["state"]> {
  return (await setup.app.call("approvals.get", { params: { id } })).state;
}

const waiting = async (): Promise<string[]> =>
  (await setup.app.call("approvals.list", {})).pending.map(({ subject }) => subject.title);

describe("a question of a run", () => {
  it("is put down once with exactly what is asked, and told", async () => {
    const { id } = setup.run({ permissionMode: "ask-writes" });
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    expect(approval).toMatchObject({
      state: "pending",
      decision: null,
      subject: { kind: "agent-tool", runId: id, requestId: "q1", command: "npm test", words: ["npm", "test"] },
    });
    expect(Date.parse(approval.expiresAt) - Date.parse(approval.createdAt)).toBe(30 * 60_000);
    setup.cos.happen(id, [{ kind: "notice", level: "info", text: "still there" }]);
    const told = async () =>
      (await setup.app.call("notifications.list", {})).filter(({ key }) => key === `approval:${approval.id}`);
    await expect.poll(told).toMatchObject([{ needsYou: true, link: `/approvals?approval=${approval.id}`, count: 1 }]);
    expect(await waiting()).toEqual(["Run npm test"]);
  });

  it("is allowed with the mildest answer the agent offers, and goes to the history", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    const settled = await decide(approval, { answer: "allow" });
    expect(settled).toMatchObject({ state: "allowed", isDelivered: true, decision: { by: "this machine" } });
    expect(setup.cos.answers).toMatchObject([{ id, requestId: "q1", optionId: "yes" }]);
    expect(await waiting()).toEqual([]);
    const history = await setup.app.call("approvals.history", { query: {} });
    expect(history.items.map((item) => item.id)).toEqual([approval.id]);
    await expect
      .poll(async () =>
        (await setup.app.call("notifications.list", {})).filter(({ key }) => key?.startsWith("approval:")),
      )
      .toEqual([]);
  });

  it("is denied with the reason, which the agent is told", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "rm -rf build"));
    await decide(await setup.pending(), { answer: "deny", reason: "Use npm run clean" });
    expect(setup.cos.answers).toMatchObject([{ optionId: "no", reason: "Use npm run clean" }]);
  });

  it("is answered by one device; the second learns which one it was", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    const outcomes = await Promise.allSettled([
      decide(approval, { answer: "allow" }),
      decide(approval, { answer: "deny" }),
      decide(approval, { answer: "allow" }),
    ]);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected")
        expect(outcome.reason).toMatchObject({ status: 409, message: "Already allowed by this machine on a program" });
    expect(setup.cos.answers).toHaveLength(1);
  });

  it("is not answered with the hash of something else", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await expect(decide(approval, { answer: "allow", hash: "0".repeat(64) })).rejects.toMatchObject({ status: 409 });
    expect(setup.cos.answers).toEqual([]);
    expect(await state(approval.id)).toBe("pending");
  });

  it("that changes under the same name is asked anew, and the old answer refused", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const before = await setup.pending();
    setup.cos.happen(id, [{ kind: "notice", level: "info", text: "changed" }], {
      change: { pending: [commandRequest("q1", "rm -rf /")] },
    });
    await expect.poll(waiting).toEqual(["Run rm -rf /"]);
    await expect(decide(before, { answer: "allow" })).rejects.toMatchObject({ status: 409 });
    expect(await state(before.id)).toBe("withdrawn");
    expect(setup.cos.answers).toEqual([]);
  });

  it("that has changed without a word is refused when the answer comes", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    setup.cos.happen(id, [], { isSilent: true, change: { pending: [commandRequest("q1", "rm -rf /")] } });
    await expect(decide(approval, { answer: "allow" })).rejects.toMatchObject({ status: 409 });
    expect(setup.cos.answers).toEqual([]);
    await expect.poll(waiting).toEqual(["Run rm -rf /"]);
  });

  it("goes with its run", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    setup.cos.happen(id, [{ kind: "state", state: "cancelled", message: null }], { change: { pending: [] } });
    await expect.poll(() => state(approval.id)).toBe("withdrawn");
    await expect(decide(approval, { answer: "allow" })).rejects.toMatchObject({
      status: 409,
      message: "It is not asked any more",
    });
  });

  it("is denied when nobody answers in time", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    aheadMs = 30 * 60_000 + 1;
    await expect(decide(approval, { answer: "allow" })).rejects.toMatchObject({ status: 409 });
    await expect.poll(() => state(approval.id)).toBe("expired");
    await expect
      .poll(() => setup.cos.answers)
      .toMatchObject([{ requestId: "q1", optionId: "no", reason: "Nobody answered in time" }]);
  });
});

describe("restarts", () => {
  it("of portos-server: what waits is still there, under the same id, asked once", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await setup.restart();
    expect((await setup.pending()).id).toBe(approval.id);
    await decide(approval, { answer: "allow" });
    expect(setup.cos.answers).toHaveLength(1);
  });

  it("of portos-server, while the run ended: what is not asked any more is withdrawn", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await setup.app.stop();
    setup.cos.happen(id, [{ kind: "state", state: "failed", message: null }], { change: { pending: [] } });
    await setup.restart();
    await expect.poll(() => state(approval.id)).toBe("withdrawn");
  });

  it("of portos-cos: an answer given meanwhile is told when it is back", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await setup.cos.stop();
    expect(await decide(approval, { answer: "allow" })).toMatchObject({ state: "allowed", isDelivered: false });
    await expect(decide(approval, { answer: "deny" })).rejects.toMatchObject({ status: 409 });
    await setup.cos.start();
    await expect.poll(() => setup.cos.answers).toMatchObject([{ optionId: "yes" }]);
    await expect
      .poll(async () => (await setup.app.call("approvals.get", { params: { id: approval.id } })).isDelivered)
      .toBe(true);
  });

  it("of both, after an answer that was not told: it is on disk and told once", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await setup.cos.stop();
    await decide(approval, { answer: "deny" });
    const file = await readFile(join(setup.directory, "data/approvals/open.json"), "utf8");
    expect(file).toContain('"state": "denied"');
    await setup.app.stop();
    await setup.cos.start();
    await setup.restart();
    await expect.poll(() => setup.cos.answers).toMatchObject([{ optionId: "no" }]);
    await expect
      .poll(async () => (await setup.app.call("approvals.history", { query: {} })).items.map((item) => item.state))
      .toEqual(["denied"]);
  });
});

describe("answers that reach further", () => {
  it("answer the next of the same kind in this run, by a rule that is listed", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    await decide(await setup.pending(), { answer: "allow", scope: "run" });
    setup.ask(id, commandRequest("q2", "npm run build"));
    await expect.poll(() => setup.cos.answers.map(({ requestId }) => requestId)).toEqual(["q1", "q2"]);
    const [rule] = await setup.app.call("approvals.rules", {});
    expect(rule).toMatchObject({ origin: "decision", runId: id, tools: ["execute"], uses: 1 });
    await expect
      .poll(async () => (await setup.app.call("approvals.history", { query: {} })).items[0])
      .toMatchObject({ decision: { ruleId: rule?.id, by: "Rule: Commands in Fix the tests" } });
    const other = setup.run();
    setup.ask(other.id, commandRequest("q1", "npm test"));
    expect((await setup.pending()).subject).toMatchObject({ runId: other.id });
  });

  it("answer for half an hour in this folder, in other runs, too", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    await decide(await setup.pending(), { answer: "allow", scope: "here" });
    const other = setup.run();
    setup.ask(other.id, commandRequest("q2", "npm test"));
    await expect.poll(() => setup.cos.answers.length).toBe(2);
    aheadMs = 30 * 60_000 + 1;
    setup.ask(id, commandRequest("q3", "npm test"));
    await expect.poll(waiting).toEqual(["Run npm test"]);
    expect(await setup.app.call("approvals.rules", {})).toEqual([]);
  });

  it("are refused where the next question may be quite another", async () => {
    const { id } = setup.run();
    const request = commandRequest("q1", "x");
    setup.ask(id, { ...request, call: { ...request.call, tool: "other" } });
    await expect(decide(await setup.pending(), { answer: "allow", scope: "run" })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe("rules", () => {
  const tests = { name: "Tests", effect: "allow" as const, folder: tmpdir(), commandPrefix: ["npm", "test"] };

  it("say beforehand what they would have answered, then answer what waits and what comes", async () => {
    const { id } = setup.run();
    for (const [index, command] of ["npm test", "npm publish", "npm test -- --run"].entries()) {
      setup.ask(id, commandRequest(`old${index}`, command));
      await decide(await setup.pending(), { answer: index === 1 ? "deny" : "allow" });
    }
    const preview = await setup.app.call("approvals.previewRule", { body: { ...tests, commandPrefix: ["npm"] } });
    expect(preview).toMatchObject({ looked: 3, matched: 3, contradicted: 1 });
    setup.ask(id, commandRequest("now", "npm test"), commandRequest("other", "npm publish"));
    await expect.poll(waiting).toEqual(["Run npm test", "Run npm publish"]);
    const rule = await setup.app.call("approvals.createRule", { body: tests });
    expect(await waiting()).toEqual(["Run npm publish"]);
    setup.ask(id, commandRequest("next", "npm test --watch=false"), commandRequest("trick", "npm test; rm -rf /"));
    await expect.poll(waiting).toEqual(["Run npm publish", "Run npm test; rm -rf /"]);
    expect(await setup.app.call("approvals.rules", {})).toMatchObject([{ id: rule.id, uses: 2 }]);
    const used = await setup.app.call("approvals.history", { query: { rule: rule.id } });
    expect(used.items.map(({ subject }) => subject.title)).toEqual(["Run npm test --watch=false", "Run npm test"]);
  });

  it("are changed, deleted and brought back", async () => {
    const rule = await setup.app.call("approvals.createRule", { body: tests });
    const changed = await setup.app.call("approvals.updateRule", {
      params: { id: rule.id },
      body: { ...tests, effect: "deny" },
    });
    expect(changed).toMatchObject({ id: rule.id, effect: "deny" });
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    await expect.poll(() => setup.cos.answers).toMatchObject([{ optionId: "no", reason: "A rule denies this" }]);
    await setup.app.call("approvals.removeRule", { params: { id: rule.id } });
    expect(await setup.app.call("approvals.rules", {})).toEqual([]);
    await setup.app.call("approvals.restoreRule", { params: { id: rule.id } });
    expect(await setup.app.call("approvals.rules", {})).toMatchObject([{ id: rule.id }]);
  });

  it.each([
    ["everywhere", { ...tests, folder: null }],
    ["everything", { ...tests, commandPrefix: [] }],
  ])("must not allow %s", async (_what, body) => {
    await expect(setup.app.call("approvals.createRule", { body })).rejects.toMatchObject({ status: 400 });
  });
});

describe("denying everything at once", () => {
  it("denies what waits and what was allowed but not told", async () => {
    const { id } = setup.run();
    const other = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const first = await setup.pending();
    setup.ask(other.id, commandRequest("q2", "npm publish"));
    await expect.poll(waiting).toHaveLength(2);
    await setup.cos.stop();
    await decide(first, { answer: "allow" });
    expect(await setup.app.call("approvals.denyAll", {})).toEqual({ denied: 2 });
    await setup.cos.start();
    await expect.poll(() => setup.cos.answers.length).toBe(2);
    expect(setup.cos.answers.map(({ optionId }) => optionId)).toEqual(["no", "no"]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Approval } from "../../../contract/features/approvals.ts";
import type { Run } from "../../../contract/features/runs.ts";
import { systemClock } from "../../../lib/clock.ts";
import { commandRequest, startAskingApp, type AskingApp } from "./testing/asking-app.ts";

let setup: AskingApp;
let aheadMs = 0;

beforeEach(async () => {
  aheadMs = 0;
  setup = await startAskingApp({ clock: { ...systemClock, now: () => Date.now() + aheadMs } });
});

afterEach(() => setup.end());

const decide = ({ id, hash }: Approval, answer: "allow" | "deny"): Promise<Approval> =>
  setup.app.call("approvals.decide", { params: { id }, body: { hash, answer } });

const state = async (id: string): Promise<Approval["state"]> =>
  (await setup.app.call("approvals.get", { params: { id } })).state;

/** A run whose provider is there, so that it can go on. */
async function run(): Promise<Run> {
  const models = [{ id: "m", tier: "medium" as const }];
  const input = { type: "api" as const, name: "Local", dialect: "openai-compatible" as const, models };
  const body = { id: "local", input: { ...input, baseUrl: "http://127.0.0.1:9/v1" } };
  await setup.app.call("providers.create", { body });
  await setup.app.call("providers.enable", { params: { id: "local" } });
  return setup.run({ attempts: [attempt] });
}

const attempt: Run["attempts"][number] = {
  number: 1,
  providerId: "local",
  providerName: "Local",
  providerType: "api",
  model: "m",
  reason: "First choice",
  startedAt: "2026-11-21T09:00:00.000Z",
  endedAt: null,
  failure: null,
  message: null,
  usage: { inputTokens: 1, outputTokens: 1, cachedInputTokens: 0, reasoningTokens: 0, turns: 1, costUsd: null },
};

/** portos-cos was restarted: nobody waits for the answer, and the run can go on. */
async function interrupt(id: string, approval: Approval): Promise<void> {
  setup.cos.happen(id, [{ kind: "state", state: "interrupted", message: null }], { change: { pending: [] } });
  await expect
    .poll(async () => (await setup.app.call("approvals.get", { params: { id: approval.id } })).isParked)
    .toBe(true);
}
const goesOn = (id: string): void => {
  setup.cos.happen(id, [{ kind: "state", state: "running", message: null }], { change: { pending: [] } });
};

describe("a question whose run was interrupted", () => {
  it("stays, is answered, lets the run go on, and is told when exactly that is asked again", async () => {
    const { id } = await run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await interrupt(id, approval);
    expect(await state(approval.id)).toBe("pending");
    const settled = await decide(approval, "allow");
    expect(settled).toMatchObject({ state: "allowed", isDelivered: false, isParked: true });
    expect(setup.cos.resumed).toEqual([id]);
    goesOn(id);
    setup.ask(id, commandRequest("q2", "npm test"));
    await expect.poll(() => setup.cos.answers).toMatchObject([{ id, requestId: "q2", optionId: "yes" }]);
    await expect.poll(async () => (await setup.app.call("approvals.list", {})).pending).toEqual([]);
    setup.ask(id, commandRequest("q3", "npm test"));
    expect((await setup.pending()).id).not.toBe(approval.id);
    expect(setup.cos.answers).toHaveLength(1);
  });

  it("keeps its id when it is asked again before anybody answered, also after a restart of portos-server", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await interrupt(id, approval);
    await setup.restart();
    goesOn(id);
    setup.ask(id, commandRequest("q2", "npm test"));
    await expect.poll(async () => (await setup.pending()).hash).not.toBe(approval.hash);
    const again = await setup.pending();
    expect(again).toMatchObject({ id: approval.id, subject: { requestId: "q2" } });
    expect(again.isParked).toBe(false);
    await expect(decide(approval, "allow")).rejects.toMatchObject({ status: 409 });
    await decide(again, "deny");
    expect(setup.cos.answers).toMatchObject([{ requestId: "q2", optionId: "no" }]);
    expect(setup.cos.resumed).toEqual([]);
  });

  it("says nothing of anything else, and goes when the run ends", async () => {
    const { id } = await run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await interrupt(id, approval);
    await decide(approval, "allow");
    goesOn(id);
    setup.ask(id, commandRequest("q2", "npm publish"));
    expect((await setup.pending()).subject.title).toBe("Run npm publish");
    expect(setup.cos.answers).toEqual([]);
    setup.cos.happen(id, [{ kind: "state", state: "cancelled", message: null }], { change: { pending: [] } });
    await expect.poll(async () => (await setup.app.call("approvals.history", { query: {} })).items.length).toBe(2);
    expect(setup.cos.answers).toEqual([]);
  });

  it("that is answered although the run cannot go on says so, and keeps the answer", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await interrupt(id, approval);
    await expect(decide(approval, "allow")).rejects.toThrow(/^Your answer is kept, but the run cannot go on: /);
    expect(await state(approval.id)).toBe("allowed");
    goesOn(id);
    setup.ask(id, commandRequest("q2", "npm test"));
    await expect.poll(() => setup.cos.answers).toMatchObject([{ requestId: "q2", optionId: "yes" }]);
  });

  it("is denied in time all the same, and asked anew when the run asks later", async () => {
    const { id } = setup.run();
    setup.ask(id, commandRequest("q1", "npm test"));
    const approval = await setup.pending();
    await interrupt(id, approval);
    aheadMs = 30 * 60_000 + 1;
    await expect.poll(() => state(approval.id)).toBe("expired");
    expect(setup.cos.resumed).toEqual([]);
    goesOn(id);
    setup.ask(id, commandRequest("q2", "npm test"));
    expect((await setup.pending()).id).not.toBe(approval.id);
    expect(setup.cos.answers).toEqual([]);
  });
});

import { afterEach, describe, expect, it } from "vitest";

import type { Run } from "../../contract/features/runs.ts";
import type { RunSpec } from "../../contract/internal/runs.ts";
import { cliTarget, startTestRuns, type TestRuns } from "./testing/test-runs.ts";

let runs: TestRuns;
afterEach(() => runs.stop());

const start = (text: string, more: Partial<RunSpec> = {}): Promise<Run> =>
  runs.start({ text, targets: [cliTarget()], ...more });
const isUnderWay = ({ agentSessionId }: Run): boolean => agentSessionId !== null;
const stateOf = async (id: string): Promise<string> => (await runs.client.get({ params: { id } })).state;
const task = (id: string): RunSpec["source"] => ({ kind: "task", id });

describe("how many runs go on at once", () => {
  it("is what was said last, also for those that wait already", async () => {
    runs = await startTestRuns({ runLimits: { total: 1, perApp: 1, perProvider: 1 } });
    const first = await start("wait 20000");
    await runs.until(first.id, isUnderWay);
    const second = await start("wait 20000");
    const third = await start("wait 20000");
    expect([await stateOf(second.id), await stateOf(third.id)]).toEqual(["queued", "queued"]);
    await runs.client.limits({ body: { total: 2, perApp: 2, perProvider: 2 } });
    await runs.until(second.id, isUnderWay);
    expect(await stateOf(third.id)).toBe("queued");
  });

  it("starts what was started by hand first, then urgent tasks, then the rest", async () => {
    runs = await startTestRuns({ runLimits: { total: 1, perApp: 1, perProvider: 1 } });
    const busy = await start("wait 1500");
    await runs.until(busy.id, isUnderWay);
    const low = await start("say low", { source: task("low"), priority: "low" });
    const urgent = await start("say urgent", { source: task("urgent"), priority: "urgent" });
    const byHand = await start("say by hand", { source: { kind: "user", id: "user" } });
    const ended = await Promise.all([byHand, urgent, low].map(({ id }) => runs.ended(id)));
    expect(ended.map(({ state }) => state)).toEqual(["succeeded", "succeeded", "succeeded"]);
    const began = ended.map(({ startedAt }) => startedAt ?? "");
    // What waits longest has its turn now and then: the low one may come before one of the others, but not before both.
    expect(began.indexOf(began.toSorted()[0] ?? "")).not.toBe(2);
  });
});

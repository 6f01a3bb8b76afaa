import { readdirSync, readFileSync } from "node:fs";

import { afterEach, expect, it } from "vitest";

import type { RunTarget } from "../../contract/internal/runs.ts";
import { acpTarget, cliTarget, startTestRuns, type TestRuns } from "./testing/test-runs.ts";

let runs: TestRuns;
afterEach(() => runs.stop());

/** Numbers of processes whose environment names a run; none where there is no /proc. */
function processesOf(id: string): string[] {
  const pids = process.platform === "linux" ? readdirSync("/proc").filter((name) => /^\d+$/.test(name)) : [];
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "latin1").includes(id);
    } catch {
      return false; // ended, or not ours
    }
  });
}

it("ends runs of every kind with all they have started, and each can be resumed after the next start", async () => {
  runs = await startTestRuns({ runLimits: { total: 3, perApp: 3, perProvider: 3 } });
  const terminal = cliTarget({ engine: "terminal", agent: "custom", command: ["/bin/sh", "-c", "sleep 300"] });
  const start = (text: string, target: RunTarget) => runs.start({ text, targets: [target] });
  const headless = await start("child\ndeaf\nwait 60000", cliTarget());
  const piped = await start("say on\nhang", acpTarget());
  const typed = await start("hello", terminal);
  const waiting = await start("say hello", cliTarget());
  await expect.poll(() => runs.answer(headless.id)).toMatch(/^children/);
  await expect.poll(() => runs.answer(piped.id)).toBe("on");
  await runs.until(typed.id, ({ sessionId }) => sessionId !== null);
  expect((await runs.client.get({ params: { id: waiting.id } })).state).toBe("queued");

  const message = "PortOS was stopped with everything it runs";
  expect(await runs.client.interruptAll({ body: { message } }, { timeoutMs: 30_000 })).toEqual({ count: 4 });
  await expect(start("say late", cliTarget())).rejects.toMatchObject({ code: "unavailable" });
  await runs.restart();
  const all = [headless, piped, typed, waiting];
  for (const { id } of all) {
    expect(await runs.client.get({ params: { id } })).toMatchObject({
      state: "interrupted",
      message,
      canContinue: true,
    });
    expect(processesOf(id)).toEqual([]);
  }
  expect(await runs.client.wanting({})).toEqual([]);
  await runs.client.resume({ params: { id: waiting.id }, body: { targets: [cliTarget()] } });
  expect((await runs.ended(waiting.id)).state).toBe("succeeded");
  expect(await runs.answer(waiting.id)).toBe("hello");
});

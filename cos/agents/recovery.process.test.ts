import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { RunTarget } from "../../contract/internal/runs.ts";
import { freePort } from "../../lib/testing/free-port.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { createCosProcess } from "./testing/cos-process.ts";
import { acpTarget, cliTarget, defaults } from "./testing/test-runs.ts";

const cos = createCosProcess(await freePort());
const { runs, folder, dataDir, end, start: startProcess } = cos;

beforeAll(startProcess);
afterAll(cos.remove);

const start = (text: string, target = cliTarget()) =>
  runs.client.start({ body: { ...defaults(folder), text, targets: [target] } });
const numbersOf = async (id: string): Promise<number[]> => (await runs.events(id)).map(({ number }) => number);

describe("runs when portos-cos goes away", () => {
  it("takes a running program up again after kill -9 and loses nothing it said meanwhile", async () => {
    const lines = Array.from({ length: 30 }, (_, at) => `say <${at}>\nwait 100`).join("\n");
    const { id } = await start(lines);
    await expect.poll(async () => runs.answer(id)).toContain("<4>");
    await end("SIGKILL");
    await new Promise((resolve) => {
      setTimeout(resolve, 700);
    });
    await startProcess();
    expect((await runs.client.get({ params: { id } })).state).toBe("running");
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", usage: { inputTokens: 100, turns: 1 } });
    expect(run.attempts).toHaveLength(1);
    expect(await runs.answer(id)).toBe(Array.from({ length: 30 }, (_, at) => `<${at}>`).join(""));
    const numbers = await numbersOf(id);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });

  it("takes up many floods again and again, each event once", async () => {
    const started = await Promise.all(Array.from({ length: 4 }, () => start("flood 4000 100")));
    for (const { id } of started) await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    for (let kill = 0; kill < 3; kill += 1) {
      await new Promise((resolve) => {
        setTimeout(resolve, 500 + kill * 130);
      });
      await end("SIGKILL");
      await startProcess();
    }
    for (const { id } of started) {
      const run = await runs.ended(id, 60_000);
      expect(run.state, run.message ?? "").toBe("succeeded");
      const calls = (await runs.bodies(id, "tool")).map(({ call }) => call.callId);
      expect(calls).toEqual(Array.from({ length: 4_000 }, (_, at) => `call-${at + 1}`));
      const numbers = await numbersOf(id);
      expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    }
  });

  it("knows how a program ended while nobody was there", async () => {
    const good = await start("wait 500\nsay done");
    const bad = await start("wait 500\nexit 3");
    await runs.until(good.id, ({ agentSessionId }) => agentSessionId !== null);
    await runs.until(bad.id, ({ agentSessionId }) => agentSessionId !== null);
    await end("SIGKILL");
    await new Promise((resolve) => {
      setTimeout(resolve, 1_200);
    });
    // As when portos-cos had begun to tidy up after it and was killed before it wrote the end down.
    await rm(join(dataDir, "runs", good.id, "attempt-1.err"), { force: true });
    await startProcess();
    expect((await runs.ended(good.id)).state).toBe("succeeded");
    expect(await runs.answer(good.id)).toBe("done");
    await runs.until(bad.id, ({ state }) => state === "queued"); // somebody else may be asked
    await supply(bad.id, []);
    expect(await runs.ended(bad.id)).toMatchObject({ state: "failed", failure: "crashed" });
  });

  it("goes on with the work over a restart by its manager, too", async () => {
    const { id } = await start("say a\nwait 1500\nsay b");
    await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    await end("SIGTERM");
    await startProcess();
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe("ab");
  });

  it("asks nobody else after an agent that was ended while portos-cos was away", async () => {
    const { id } = await start("say before\nwait 60000");
    await expect.poll(() => runs.answer(id)).toBe("before");
    await end("SIGKILL");
    for (const pid of await runningWith(`AGENT_RUN=${id}`)) process.kill(Number(pid), "SIGTERM");
    await until(async () => (await runningWith(`AGENT_RUN=${id}`)).length === 0);
    await startProcess();
    const message = "portos-cos or the machine went away while it ran.";
    expect(await runs.ended(id)).toMatchObject({ state: "interrupted", canContinue: true, message });
    expect(await runs.client.wanting({})).toEqual([]);
    await runs.client.resume({ params: { id }, body: { targets: [cliTarget()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toMatch(/^beforeresumed session-/);
  });

  it.each([
    [
      "a terminal",
      cliTarget({ engine: "terminal", agent: "custom", command: ["/bin/sh", "-c", "echo on; sleep 300"] }),
    ],
    ["an agent that keeps no sessions", acpTarget(["--no-load"])],
  ])("interrupts %s, ends what is left of it, and tells the task again when asked", async (_what, target) => {
    const { id } = await start("say on\nhang", target);
    const output = async (): Promise<string> =>
      [...(await runs.bodies(id, "output")), ...(await runs.bodies(id, "text"))].map(({ text }) => text).join("");
    await expect.poll(output).toMatch(/\bon\b/);
    await end("SIGKILL");
    await startProcess();
    expect(await runs.client.get({ params: { id } })).toMatchObject({ state: "interrupted", canContinue: true });
    expect(await runningWith(`AGENT_RUN=${id}`)).toEqual([]);
    const again = target.engine === "terminal" ? { ...target, command: ["/bin/echo", "told: {prompt}"] } : target;
    await runs.client.resume({ params: { id }, body: { targets: [again] } });
    await runs.until(id, ({ attempts }) => attempts.length === 2);
    if (target.engine === "acp") await runs.client.stop({ params: { id }, body: { reason: null } });
    await runs.ended(id);
    const said = (await runs.bodies(id, "user")).map(({ text }) => text);
    expect(said).toEqual(["say on\nhang", expect.stringMatching(/^say on\nhang\n\n.*interrupted/)]);
    if (target.engine === "terminal") expect(await output()).toContain("told: say on");
  });

  it("carries on with a stop by a budget that it was killed in the middle of", async () => {
    const { id } = await start("deaf\nwait 60000");
    await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    const reason = "Today's budget of $1.00 is used up: $1.10 were spent";
    await runs.client.stop({ params: { id }, body: { reason, kind: "day-budget" } });
    await end("SIGKILL");
    expect(await runningWith(`AGENT_RUN=${id}`)).not.toEqual([]);
    await startProcess();
    const ended = { failure: "budget", message: "Stopped: today's budget of $1.00 is used up: $1.10 were spent." };
    expect(await runs.ended(id)).toMatchObject({ state: "failed", ...ended, attempts: [ended] });
    expect(await runningWith(`AGENT_RUN=${id}`)).toEqual([]);
  });

  it("can stop what it has taken up", async () => {
    const { id } = await start("deaf\nwait 60000");
    await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    await end("SIGKILL");
    await startProcess();
    await runs.client.stop({ params: { id }, body: { reason: null } });
    expect((await runs.ended(id)).state).toBe("cancelled");
  });

  it("interrupts an agent on pipes, ends what is left of it, and goes on when asked", async () => {
    const { id } = await start("say before\nhang", acpTarget());
    await expect.poll(async () => runs.answer(id)).toBe("before");
    await end("SIGKILL");
    await startProcess();
    expect(await runs.client.get({ params: { id } })).toMatchObject({ state: "interrupted", canContinue: true });
    expect(await runningWith(`AGENT_RUN=${id}`)).toEqual([]);
    await runs.client.resume({ params: { id }, body: { targets: [acpTarget()] } });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.attempts.map(({ failure }) => failure)).toEqual(["crashed", null]);
  });

  it("keeps what waits for its turn; told again who is asked, it runs once", async () => {
    const busy = await Promise.all(Array.from({ length: 4 }, () => start("wait 1500")));
    const { id } = await start("say later");
    const { id: given } = await start("say never");
    await Promise.all(busy.map((run) => runs.until(run.id, ({ agentSessionId }) => agentSessionId !== null)));
    await end("SIGKILL");
    await startProcess();
    for (const waiting of [id, given])
      expect(await runs.client.get({ params: { id: waiting } })).toMatchObject({ state: "queued", attempts: [] });
    const wanting = await runs.client.wanting({});
    expect(wanting.filter((run) => [id, given].includes(run.id))).toEqual(
      [id, given].map((each) => ({ id: each, isFollowUp: false })),
    );
    for (const run of busy) await runs.ended(run.id);
    expect((await runs.client.get({ params: { id } })).state).toBe("queued");
    await Promise.all([supply(id, [cliTarget()]), supply(id, [cliTarget()])]);
    await supply(given, [], "Its provider is gone");
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", attempts: [{ failure: null }] });
    expect(await runs.answer(id)).toBe("later");
    expect(await runs.client.get({ params: { id: given } })).toMatchObject({
      state: "interrupted",
      message: "Its provider is gone",
      canContinue: true,
    });
    await supply(id, [cliTarget()]);
    expect((await runs.client.get({ params: { id } })).attempts).toHaveLength(1);
  });

  it("asks the next one after an agent it has taken up fails, whoever is told first", async () => {
    const first = cliTarget({ providerId: "first", providerName: "First", environment: { BAD: "1" } });
    const second = cliTarget({ providerId: "second", providerName: "Second" });
    const text = "run until [ -e failing ]; do sleep 0.05; done\nexit-where BAD\nsay done";
    const begin = () => runs.client.start({ body: { ...defaults(folder), text, targets: [first, second] } });
    const early = await begin();
    const late = await begin();
    for (const { id } of [early, late]) await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    await end("SIGKILL");
    await startProcess();
    await until(async () => (await runs.client.wanting({})).some(({ id }) => id === early.id)); // taken up by then
    await supply(early.id, [first, second]);
    await writeFile(join(folder, "failing"), "");
    const queued = await runs.until(late.id, ({ state }) => state === "queued");
    expect(queued.attempts).toMatchObject([{ providerId: "first", failure: "crashed" }]);
    expect(await runs.client.wanting({})).toEqual([{ id: late.id, isFollowUp: false }]);
    await runs.ended(early.id);
    // Killed once more while it waits: still there, still once.
    await end("SIGKILL");
    await startProcess();
    await supply(late.id, [first, second]);
    for (const { id } of [early, late]) {
      const run = await runs.ended(id);
      expect(run).toMatchObject({
        state: "succeeded",
        attempts: [
          { providerId: "first", failure: "crashed" },
          { providerId: "second", failure: null },
        ],
      });
      expect(run.attempts[1]?.reason).toMatch(/^First: /);
      expect(await runs.answer(id)).toBe("done");
      expect(await runs.bodies(id, "user")).toHaveLength(1);
    }
    expect(await runs.client.wanting({})).toEqual([]);
  });

  it("fails with what was said when nobody else can be asked", async () => {
    const { id } = await start("wait 1200\nexit 3");
    await runs.until(id, ({ agentSessionId }) => agentSessionId !== null);
    await end("SIGKILL");
    await startProcess();
    await runs.until(id, ({ state }) => state === "queued");
    await supply(id, [cliTarget()]);
    expect(await runs.ended(id)).toMatchObject({ state: "failed", failure: "crashed", attempts: [{}] });
  });
});

const supply = (id: string, targets: RunTarget[], problem: string | null = null) =>
  runs.client.supply({ params: { id }, body: { targets, problem } });

/** Processes whose environment holds this, read where there is /proc. */
async function runningWith(mark: string): Promise<string[]> {
  const { readFile } = await import("node:fs/promises");
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const marked = await Promise.all(
    pids.map(async (pid) =>
      (await readFile(`/proc/${pid}/environ`, "latin1").catch(() => ""))
        .split("\0")
        .some((entry) => entry.startsWith(`${mark}@`)),
    ),
  );
  return pids.filter((_, at) => marked[at] === true);
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { isProcessAlive } from "../../../lib/processes/process-info.ts";
import { cliTarget, startTestRuns, type TestRuns } from "../testing/test-runs.ts";

let runs: TestRuns;
beforeAll(async () => {
  runs = await startTestRuns();
});
afterAll(async () => {
  await runs.stop();
});

async function alive(pids: number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(isProcessAlive));
  return pids.filter((_, at) => states[at] === true);
}

async function start(text: string, more: Parameters<TestRuns["start"]>[0] = { targets: [cliTarget()] }) {
  return runs.start({ text, ...more });
}

describe("headless runs", () => {
  it("carries a run from its prompt to its end, with usage and numbered events", async () => {
    const { id, state } = await start("say Hello \nsay you");
    expect(state).toBe("queued");
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "succeeded", failure: null, canContinue: true, message: null });
    expect(run.usage).toMatchObject({ inputTokens: 100, outputTokens: 20, cachedInputTokens: 10, turns: 1 });
    expect(run.attempts).toHaveLength(1);
    expect(await runs.answer(id)).toBe("Hello you");
    const events = await runs.events(id);
    expect(events.map(({ number }) => number)).toEqual(events.map((_, at) => at + 1));
    expect(run.eventCount).toBe(events.length);
    const kinds = events
      .map(({ body }) => (body.kind === "state" ? body.state : body.kind))
      .filter((kind, at, all) => kind !== "notice" && kind !== all[at - 1]); // words may come in several pieces
    expect(kinds).toEqual(["queued", "user", "attempt", "running", "text", "usage", "attempt-ended", "succeeded"]);
    expect((await runs.client.text({ params: { id } })).text).toBe("say Hello \nsay you");
  });

  it("counts the cost by the price of the model", async () => {
    const { id } = await start("say x", {
      targets: [cliTarget({ price: { input: 10, output: 100, cachedInput: 1 } })],
    });
    expect((await runs.ended(id)).usage.costUsd).toBeCloseTo((90 * 10 + 10 * 1 + 20 * 100) / 1e6, 10);
  });

  it("asks the next provider when the first one is limited, and keeps both attempts", async () => {
    const targets = [cliTarget(), cliTarget({ providerId: "second", providerName: "Second" })];
    const { id } = await runs.start({ text: "fail 429 Too Many Requests", targets });
    const run = await runs.ended(id);
    expect(run.state).toBe("failed");
    expect(run.attempts.map(({ providerId, failure }) => [providerId, failure])).toEqual([
      ["fake", "rate-limit"],
      ["second", "rate-limit"],
    ]);
    expect(run.attempts[1]?.reason).toBe("Fake: 429 Too Many Requests");
    const ends = (await runs.bodies(id, "attempt-ended")).map(({ number }) => number);
    expect(ends).toEqual([1, 2]);
  });

  it("asks nobody else after a request that is wrong everywhere", async () => {
    const targets = [cliTarget(), cliTarget({ providerId: "second" })];
    const { id } = await runs.start({ text: "fail 400 invalid_request: prompt is too long", targets });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "failed", failure: "bad-request" });
    expect(run.attempts).toHaveLength(1);
  });

  it.each([
    ["a program that is not there", { command: ["/nowhere/agent"] }, "say x", "not-installed"],
    ["a program that ends without a result", {}, "quiet", "bad-reply"],
    ["a stream that breaks off", {}, "break", "bad-reply"],
    ["an exit code", {}, "exit 3", "crashed"],
    ["the exit code of a missing login", {}, "exit 41", "not-logged-in"],
  ] as const)("calls %s what it is", async (_what, more, text, failure) => {
    const { id } = await runs.start({
      text,
      targets: [cliTarget({ ...more, command: [...(("command" in more ? more.command : null) ?? cliCommand())] })],
    });
    expect(await runs.ended(id)).toMatchObject({ state: "failed", failure });
  });

  it("goes on with the same session for a further message, also after a restart", async () => {
    const { id } = await start("say one");
    const { agentSessionId } = await runs.ended(id);
    await runs.client.say({ params: { id }, body: { text: "say two", targets: [cliTarget()] } });
    const second = await runs.ended(id);
    expect(await runs.answer(id)).toBe(`oneresumed ${agentSessionId ?? "?"}; two`);
    expect(second.attempts).toHaveLength(2);
    expect(second.usage.inputTokens).toBe(200);
    await runs.restart();
    await runs.client.say({ params: { id }, body: { text: "say three", targets: [cliTarget()] } });
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect((await runs.answer(id)).endsWith("three")).toBe(true);
    const numbers = (await runs.events(id)).map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
  });

  it("takes a message that comes while it works when the turn has ended", async () => {
    const { id } = await start("wait 700\nsay one");
    await runs.until(id, ({ state }) => state === "running");
    await runs.client.say({ params: { id }, body: { text: "say two", targets: [cliTarget()] } });
    const run = await runs.ended(id);
    expect(run.state).toBe("succeeded");
    expect((await runs.bodies(id, "user")).map(({ text }) => text)).toEqual(["wait 700\nsay one", "say two"]);
    expect((await runs.answer(id)).endsWith("two")).toBe(true);
  });

  it("stops a run with everything it has started, what is stubborn and what went off alone included", async () => {
    const { id } = await start("deaf\nchild\nwait 60000");
    const pids = await new Promise<number[]>((resolve) => {
      const timer = setInterval(() => {
        void runs.answer(id).then((said) => {
          const found = /children (\d+) (\d+)/.exec(said);
          if (!found) return;
          clearInterval(timer);
          resolve([Number(found[1]), Number(found[2])]);
        });
      }, 100);
    });
    expect(await alive(pids)).toEqual(pids);
    await runs.client.stop({ params: { id }, body: { reason: "Enough" } });
    expect(await runs.ended(id)).toMatchObject({ state: "cancelled", failure: "cancelled", message: "Enough" });
    expect(await alive(pids)).toEqual([]);
  });

  it("leaves nothing running behind a run that has ended by itself", async () => {
    const { id } = await start("child\nsay done");
    expect((await runs.ended(id)).state).toBe("succeeded");
    const found = /children (\d+) (\d+)/.exec(await runs.answer(id));
    expect(await alive([Number(found?.[1]), Number(found?.[2])])).toEqual([]);
  });

  it("ends a run whose time is over, and lets the next provider try", async () => {
    const targets = [cliTarget({ timeoutMs: 700 }), cliTarget({ providerId: "second", timeoutMs: 1_200 })];
    const { id } = await runs.start({ text: "wait 60000", targets });
    const run = await runs.ended(id);
    expect(run.attempts.map(({ failure }) => failure)).toEqual(["timeout", "timeout"]);
    expect(run).toMatchObject({ state: "failed", failure: "timeout" });
  });

  it("ends a run whose minutes are used up, and says so", async () => {
    const budget = { costUsd: null, tokens: null, turns: null, minutes: 0.01 };
    const { id } = await runs.start({ text: "wait 60000", targets: [cliTarget(), cliTarget()], budget });
    const run = await runs.ended(id);
    expect(run).toMatchObject({ state: "failed", failure: "budget" });
    expect(run.message).toMatch(/^Stopped: the run's budget of 0\.01 minutes is used up: it worked for 0\.0\d\.$/);
    expect(run.attempts).toHaveLength(1);
  });

  it("removes secrets by value from events and kept output, also when they come in pieces", async () => {
    const secret = "zx81-very-hidden-value";
    const target = cliTarget({ environment: { FAKE_API_KEY: secret } });
    const { id } = await runs.start({
      text: `env FAKE_API_KEY\nsay  and zx81-very-\nsay hidden-value`,
      targets: [target],
    });
    await runs.ended(id);
    expect(await runs.answer(id)).toBe("FAKE_API_KEY=[redacted] and [redacted]");
    const kept = await readFile(join(runs.dataDir, "runs", id, "attempt-1.out"), "utf8");
    expect(kept).toContain("[redacted]");
    expect(kept).not.toContain(`=${secret}`);
  });

  it("hands nothing of our own environment to a program", async () => {
    process.env["FAKE_OWN_VALUE"] = "own";
    const { id } = await start("env FAKE_OWN_VALUE\nenv NODE_ENV");
    await runs.ended(id);
    expect(await runs.answer(id)).toBe("FAKE_OWN_VALUE=(none)NODE_ENV=(none)");
  });

  it("gives a prompt of a megabyte over whole, whatever is in it", async () => {
    const text = `echo\n$(touch /tmp/never) "quoted" 'more' \${HOME} --flag\n${"ä".repeat(200_000)}`;
    const { id } = await start(text);
    expect((await runs.ended(id)).state).toBe("succeeded");
    expect(await runs.answer(id)).toBe(text);
  });

  it("runs twenty at once in the end, four at a time, each to its own end", async () => {
    const started = await Promise.all(Array.from({ length: 20 }, (_, at) => start(`wait 150\nsay number ${at}`)));
    let most = 0;
    const timer = setInterval(() => {
      void runs.client.list({ query: { isOpen: "true" } }).then(({ items }) => {
        most = Math.max(most, items.filter(({ state }) => state === "running").length);
      });
    }, 30);
    const ended = await Promise.all(started.map(({ id }) => runs.ended(id, 60_000)));
    clearInterval(timer);
    expect(ended.map(({ state }) => state)).toEqual(ended.map(() => "succeeded"));
    for (const [at, { id }] of started.entries()) expect(await runs.answer(id)).toBe(`number ${at}`);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect((await runs.client.list({ query: { isOpen: "true" } })).items).toEqual([]);
  });

  it("cancels a run that waits for its turn without starting it", async () => {
    const busy = await Promise.all(Array.from({ length: 4 }, () => start("wait 60000")));
    const { id } = await start("say never");
    await runs.client.stop({ params: { id }, body: { reason: null } });
    expect(await runs.ended(id)).toMatchObject({ state: "cancelled", attempts: [] });
    await Promise.all(busy.map((run) => runs.client.stop({ params: { id: run.id }, body: { reason: null } })));
    await Promise.all(busy.map((run) => runs.ended(run.id)));
  });

  it("tells every event over the socket, in order, as it is in the file", async () => {
    const listener = await runs.listen();
    const { id } = await start("flood 3000 5");
    await runs.ended(id);
    const expected = await runs.events(id);
    await expect
      .poll(() => listener.messages.flatMap((message) => (message.kind === "events" ? message.events : [])).length, {
        timeout: 15_000,
      })
      .toBe(expected.length);
    expect(listener.messages.flatMap((message) => (message.kind === "events" ? message.events : []))).toEqual(expected);
    // What became of it is told behind its last event.
    await expect
      .poll(() => listener.messages.findLast((message) => message.kind === "run"))
      .toMatchObject({ run: { id, state: "succeeded" } });
    listener.close();
  });

  it("refuses the same id twice and a folder that is not there", async () => {
    const run = await start("say x");
    await expect(runs.start({ id: run.id, targets: [cliTarget()] })).rejects.toMatchObject({ code: "conflict" });
    await expect(runs.start({ folder: "/not/there", targets: [cliTarget()] })).rejects.toMatchObject({
      code: "not_found",
    });
    await runs.ended(run.id);
  });

  it("works in an empty folder of its own when none is given, and can be set aside and brought back", async () => {
    const { id, folder } = await start("say x", { targets: [cliTarget()], folder: null });
    expect(folder).toBe(join(runs.dataDir, "runs", id, "work"));
    await runs.ended(id);
    await runs.client.remove({ params: { id } });
    await expect(runs.client.get({ params: { id } })).rejects.toMatchObject({ code: "not_found" });
    expect((await runs.client.restore({ params: { id } })).id).toBe(id);
    expect(await runs.answer(id)).toBe("x");
  });
});

function cliCommand(): string[] {
  const target = cliTarget();
  return target.engine === "api" ? [] : target.command;
}

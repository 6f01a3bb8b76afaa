import { describe, expect, it } from "vitest";

import type { SessionInfo } from "../../../contract/internal/cos.ts";
import { AppError } from "../../../lib/app-error.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createReviewChecks } from "./review-checks.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";
import { createFakeSessions } from "./testing/review-bed.ts";

const runId = "run-1";
const known = [{ name: "Tests", command: "npm test", timeoutMs: 1_000 }];

interface Survivors {
  record: ReviewRecord;
  fake: ReturnType<typeof createFakeSessions>;
}

/** Checks of one review; `hold` keeps a command from being started until it is let go. `before` is what a restart finds. */
function world(before?: Survivors) {
  let record = before?.record ?? ({ runId, checks: [] } as unknown as ReviewRecord);
  const records: Pick<ReviewRecords, "get" | "list" | "change"> = {
    get: () => record,
    list: () => [record],
    async change(_id, make) {
      await Promise.resolve();
      record = make(record);
      return record;
    },
  };
  const fake = before?.fake ?? createFakeSessions();
  const state = { isAway: false, isPanic: false, hold: Promise.resolve(), listHold: Promise.resolve() };
  const killed: string[] = [];
  const checks = createReviewChecks({
    records: records as ReviewRecords,
    sessions: {
      get: fake.get,
      async list() {
        if (state.isAway) throw new AppError("unavailable", "portos-cos is not running");
        await state.listHold;
        return fake.list();
      },
      onSession: fake.onSession,
      kill(id): Promise<SessionInfo> {
        if (state.isAway) return Promise.reject(new AppError("unavailable", "portos-cos is not running"));
        killed.push(id);
        return fake.kill(id);
      },
    },
    async command(id, what) {
      const session = await fake.command(id, what);
      await state.hold;
      return session;
    },
    changed: () => undefined,
    panic: {
      isOn: () => state.isPanic,
      check() {
        if (state.isPanic) throw new AppError("conflict", "Everything is stopped");
      },
    },
    clock: systemClock,
    logger: silentLogger,
  });
  const restart = () => {
    checks.end();
    return world({ record, fake });
  };
  return { checks, state, killed, fake, restart, states: () => record.checks.map((check) => check.state) };
}

describe("the checks of a review", () => {
  it("stay cancelled when they are stopped while their command is being started", async () => {
    const { checks, state, killed, fake, states } = world();
    const gate: (() => void)[] = [];
    state.hold = new Promise((resolve) => {
      gate.push(resolve);
    });
    const started = checks.start(runId, "tree", known);
    await expect.poll(() => fake.commands).toHaveLength(1);
    await checks.stop(runId);
    for (const letGo of gate) letGo();
    await started;
    expect(states()).toEqual(["cancelled"]);
    expect(killed).toHaveLength(1);
  });

  it("that cannot be ended now do not count as ended, and are ended later", async () => {
    const { checks, state, killed, states } = world();
    await checks.start(runId, "tree", known);
    state.isAway = true;
    expect(await checks.stopAll()).toBe(0);
    expect(states()).toEqual(["running"]);
    state.isAway = false;
    checks.follow();
    await expect.poll(states).toEqual(["cancelled"]);
    expect(killed).toHaveLength(1);
    checks.end();
  });

  it("that could not be ended before this server was started again are ended then", async () => {
    const first = world();
    await first.checks.start(runId, "tree", known);
    first.state.isAway = true;
    await expect(first.checks.stop(runId)).rejects.toThrow("not running");
    const second = first.restart();
    second.checks.follow();
    await expect.poll(second.states).toEqual(["cancelled"]);
    expect(second.killed).toHaveLength(1);
    second.checks.end();
  });

  it("run once, although this server ended while their command was being started", async () => {
    const first = world();
    first.state.hold = new Promise(() => undefined);
    void first.checks.start(runId, "tree", known);
    await expect.poll(() => first.fake.commands).toHaveLength(1);
    const terminal = await first.fake.command(runId, { name: "Agent", command: "npm test" });
    const second = first.restart();
    second.checks.follow();
    await expect.poll(second.states).toEqual(["running"]);
    const running = (await second.fake.list()).filter(({ state }) => state === "running");
    expect(running.map(({ name }) => name)).toEqual(["Agent", "Tests"]);
    expect(second.killed).not.toContain(terminal.id);
    second.checks.end();
  });

  it("go on when they are started while it is looked for lost ones", async () => {
    const { checks, state, killed, states } = world();
    const gate: (() => void)[] = [];
    state.listHold = new Promise((resolve) => {
      gate.push(resolve);
    });
    checks.follow();
    await checks.start(runId, "tree", known);
    for (const letGo of gate) letGo();
    await new Promise(setImmediate);
    expect(killed).toEqual([]);
    expect(states()).toEqual(["running"]);
    checks.end();
  });

  it("are not started while everything is stopped, and what waited is let go of", async () => {
    const { checks, state, fake, states } = world();
    const two = [...known, { name: "Types", command: "tsc", timeoutMs: 1_000 }];
    await checks.start(runId, "tree", two);
    state.isPanic = true;
    fake.end("0".padStart(16, "s"), { exitCode: 0 });
    checks.follow();
    await expect.poll(states).not.toContain("queued");
    expect(fake.commands).toEqual(["npm test"]);
    await expect(checks.start(runId, "tree", known)).rejects.toMatchObject({ code: "conflict" });
    checks.end();
  });
});

import { describe, expect, it } from "vitest";

import { type BreakerPass, type BreakerState, type CircuitBreaker, createCircuitBreaker } from "./circuit-breaker.ts";

const start = Date.UTC(2026, 0, 1);

function scene() {
  let now = 0;
  const changes: string[] = [];
  const breaker = createCircuitBreaker({
    clock: { now: () => start + now, monotonic: () => now },
    failuresToOpen: 3,
    openMs: 1_000,
    maxOpenMs: 3_000,
    forgetMs: 10_000,
    onChange: ({ target, state }) => changes.push(`${target} ${state}`),
  });
  return { breaker, changes, wait: (milliseconds: number) => void (now += milliseconds) };
}

function admitted(breaker: CircuitBreaker, target = "a"): BreakerPass {
  const pass = breaker.admit(target);
  if (!pass.ok) throw new Error(`${target} is ${pass.state.state}`);
  return pass;
}

function refused(breaker: CircuitBreaker, target = "a"): BreakerState {
  const pass = breaker.admit(target);
  if (pass.ok) throw new Error("it went through");
  return pass.state;
}

function fail(breaker: CircuitBreaker, times: number, target = "a"): void {
  for (let time = 0; time < times; time += 1) admitted(breaker, target).failed(`reason ${time + 1}`);
}

describe("circuit breaker", () => {
  it("tells of a failure while it counts, and of what it keeps shut for as long as it does", () => {
    const { breaker, wait } = scene();
    fail(breaker, 1, "once");
    fail(breaker, 3, "often");
    expect(breaker.states().map(({ target }) => target)).toEqual(["once", "often"]);
    wait(10_001);
    expect(breaker.states().map(({ target }) => target)).toEqual(["often"]);
  });

  it("closes all of them at once", () => {
    const { breaker, changes } = scene();
    fail(breaker, 3, "a");
    fail(breaker, 1, "b");
    breaker.resetAll();
    expect(breaker.states()).toEqual([]);
    admitted(breaker, "a").dropped();
    expect(changes).toEqual(["a open", "a closed", "b closed"]);
  });

  it("opens after failures in a row and says since when, until when and why", () => {
    const { breaker, wait } = scene();
    fail(breaker, 2);
    expect(breaker.state("a")).toMatchObject({ state: "closed", failures: 2, until: null });
    wait(500);
    fail(breaker, 1);
    wait(100);
    expect(refused(breaker)).toEqual({
      target: "a",
      state: "open",
      since: new Date(start + 500).toISOString(),
      until: new Date(start + 1_500).toISOString(),
      failures: 3,
      lastReason: "reason 1",
    });
    expect(breaker.states()).toHaveLength(1);
  });

  it("begins a new row after a success, and after a long time", () => {
    const { breaker, wait } = scene();
    fail(breaker, 2);
    admitted(breaker).succeeded();
    fail(breaker, 2);
    wait(10_001);
    fail(breaker, 2);
    expect(admitted(breaker).isProbe).toBe(false);
  });

  it("lets one call decide, and no other meanwhile", () => {
    const { breaker, wait, changes } = scene();
    fail(breaker, 3);
    wait(1_000);
    const probe = admitted(breaker);
    expect(probe.isProbe).toBe(true);
    expect(refused(breaker)).toMatchObject({ state: "half-open", until: null });
    probe.succeeded();
    expect(admitted(breaker).isProbe).toBe(false);
    expect(breaker.states()).toEqual([]);
    expect(changes).toEqual(["a open", "a half-open", "a closed"]);
  });

  it("stays open twice as long after each probe in vain, up to its limit", () => {
    const { breaker, wait } = scene();
    fail(breaker, 3);
    for (const openMs of [1_000, 2_000, 3_000, 3_000]) {
      wait(openMs - 1);
      refused(breaker);
      wait(1);
      admitted(breaker).failed("still");
    }
    expect(breaker.state("a")).toMatchObject({ state: "open", lastReason: "still" });
  });

  it("hears nothing from calls that began before it opened, and each call once", () => {
    const { breaker, wait } = scene();
    const early = admitted(breaker);
    const once = admitted(breaker);
    once.failed("x");
    once.failed("x");
    expect(breaker.state("a").failures).toBe(1);
    fail(breaker, 2);
    early.succeeded();
    expect(refused(breaker).state).toBe("open");
    wait(1_000);
    admitted(breaker);
    early.failed("late");
    expect(breaker.state("a").state).toBe("half-open");
  });

  it("lets another call decide when the one that should was dropped or is never heard of again", () => {
    const { breaker, wait } = scene();
    fail(breaker, 3);
    wait(1_000);
    admitted(breaker).dropped();
    expect(admitted(breaker).isProbe).toBe(true);
    refused(breaker);
    wait(3_000);
    expect(admitted(breaker).isProbe).toBe(true);
  });

  it("judges each target by itself and closes one by hand", () => {
    const { breaker } = scene();
    fail(breaker, 3, "a");
    fail(breaker, 1, "b");
    expect(admitted(breaker, "b").isProbe).toBe(false);
    refused(breaker, "a");
    breaker.reset("a");
    expect(breaker.state("a")).toMatchObject({ state: "closed", failures: 0 });
    admitted(breaker, "a");
  });

  it("does not grow without end", () => {
    const { breaker } = scene();
    for (let number = 0; number < 1_200; number += 1) fail(breaker, 1, `t${number}`);
    expect(breaker.states()).toHaveLength(1_000);
    expect(breaker.state("t0").failures).toBe(0);
    expect(breaker.state("t1199").failures).toBe(1);
  });
});

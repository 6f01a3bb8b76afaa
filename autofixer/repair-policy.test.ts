import { describe, expect, test } from "vitest";

import type { Incident } from "../contract/internal/autofixer.ts";
import type { Pm2Process } from "../lib/processes/pm2-types.ts";
import { decide, processOf, type RepairPolicy } from "./repair-policy.ts";

const policy: RepairPolicy = {
  pausesMs: [1_000, 5_000],
  stableMs: 60_000,
  loopLimit: 4,
  settleMs: 5_000,
  goneMs: 25_000,
};
const at = Date.parse("2026-03-01T12:00:00.000Z");
const iso = (ms: number): string => new Date(ms).toISOString();

function incident(more: Partial<Incident> = {}): Incident {
  return {
    id: "mabcdefg-0123abcd",
    process: { key: "blog/web", home: "portos", pmId: 3, name: "blog/web", cwd: "/blog", appId: "blog", isOwn: false },
    status: "open",
    openedAt: iso(at),
    updatedAt: iso(at),
    closedAt: null,
    exit: { code: 1, signal: null, at: iso(at) },
    crashes: 1,
    attempts: [],
    maxAttempts: 2,
    nextAttemptAt: null,
    reason: "",
    changes: null,
    ...more,
  };
}

function process(more: Partial<Pm2Process> = {}): Pm2Process {
  return {
    home: "portos",
    pmId: 3,
    name: "blog/web",
    namespace: "app:blog",
    pid: null,
    status: "errored",
    cpuPercent: 0,
    memoryBytes: 0,
    restarts: 0,
    unstableRestarts: 0,
    onlineSince: null,
    createdAt: null,
    cwd: "/blog",
    script: "server.js",
    args: [],
    interpreter: "node",
    outLog: null,
    errLog: null,
    exitCode: 1,
    autorestart: true,
    watch: false,
    ...more,
  };
}

const made = (count: number) => Array.from({ length: count }, () => ({ at: iso(at), problem: null }));

describe("the process of an incident", () => {
  test("is the one of its number, else the only one of its name in the same PM2", () => {
    const anew = process({ pmId: 9 });
    expect(processOf(incident(), [anew, process()])?.pmId).toBe(3);
    expect(processOf(incident(), [anew])?.pmId).toBe(9);
    expect(processOf(incident(), [process({ pmId: 9, home: "user" })])).toBeNull();
    expect(processOf(incident(), [anew, process({ pmId: 10 })])).toBeNull();
    expect(processOf(incident(), [process({ name: "shop/web" })])).toBeNull();
  });
});

describe("while PM2 still restarts by itself", () => {
  test.each(["waiting", "launching", "stopping"] as const)("a %s process is left to PM2", (status) => {
    expect(decide(incident(), process({ status }), at + 1, policy)).toEqual({ kind: "nothing" });
  });

  test("an endless loop of an app is stopped", () => {
    const decision = decide(
      incident({ crashes: 4, exit: { code: 1, signal: null, at: iso(at + 90_000) } }),
      process({ status: "waiting" }),
      at + 90_000,
      policy,
    );
    expect(decision).toEqual({
      kind: "give-up",
      stopProcess: true,
      reason: "Crashed 4 times within 2 min; stopped, so that it does not go on for ever.",
    });
  });

  test("an endless loop of one of PortOS's own processes is reported but never stopped", () => {
    const own = incident({ crashes: 4, process: { ...incident().process, isOwn: true } });
    expect(decide(own, process({ status: "waiting" }), at, policy)).toMatchObject({
      kind: "give-up",
      stopProcess: false,
    });
  });
});

describe("after PM2 has given up", () => {
  test("the next restart is planned with the pause that belongs to it", () => {
    expect(decide(incident(), process(), at, policy)).toMatchObject({ kind: "wait", at: iso(at + 1_000) });
    expect(decide(incident({ attempts: made(1) }), process(), at, policy)).toMatchObject({
      kind: "wait",
      at: iso(at + 5_000),
      reason: "PM2 has given up. Restart 2 of 2 follows.",
    });
  });

  test("a planned restart is made when it is due, not before", () => {
    const planned = incident({ nextAttemptAt: iso(at + 1_000) });
    expect(decide(planned, process(), at + 999, policy)).toEqual({ kind: "nothing" });
    expect(decide(planned, process(), at + 1_000, policy)).toEqual({ kind: "restart" });
  });

  test("after the last restart it gives up and says why", () => {
    const killed = incident({ attempts: made(2), exit: { code: null, signal: "SIGKILL", at: iso(at) } });
    expect(decide(killed, process(), at + 600_000, policy)).toEqual({
      kind: "give-up",
      stopProcess: false,
      reason: "Restarted 2 times within 10 min, and it crashed each time (killed by SIGKILL).",
    });
  });

  test("a process of the user's own PM2 is never restarted", () => {
    expect(decide(incident(), process({ home: "user" }), at, policy)).toMatchObject({
      kind: "give-up",
      stopProcess: false,
    });
  });
});

describe("what the user does counts", () => {
  test("a process the user stopped stays stopped and its incident is closed", () => {
    const planned = incident({ nextAttemptAt: iso(at) });
    expect(decide(planned, process({ status: "stopped" }), at + 5_000, policy)).toEqual({
      kind: "close",
      status: "stopped",
      reason: "Stopped by you.",
    });
  });

  test("a process that stopped a moment ago may still be in PM2's hands", () => {
    expect(decide(incident(), process({ status: "stopped" }), at + 4_999, policy)).toEqual({ kind: "nothing" });
  });

  test("a process that is not to be restarted is given up, not called stopped by the user", () => {
    expect(decide(incident(), process({ status: "stopped", autorestart: false }), at + 5_000, policy)).toMatchObject({
      kind: "give-up",
    });
  });

  test("a removed process closes its incident", () => {
    expect(decide(incident({ status: "gave-up" }), null, at, policy)).toMatchObject({
      kind: "close",
      status: "removed",
    });
  });
});

describe("recovery", () => {
  test("needs a whole stable time", () => {
    const running = process({ status: "online", onlineSince: iso(at) });
    expect(decide(incident(), running, at + 59_999, policy)).toEqual({
      kind: "watch",
      reason: "Runs again; settled when it has stayed up for 60 s.",
    });
    expect(decide(incident({ crashes: 3 }), running, at + 60_000, policy)).toEqual({
      kind: "close",
      status: "recovered",
      reason: "Runs again without a crash for 60 s, after 3 crashes.",
    });
  });

  test("also ends an incident that was given up, once somebody has started the process", () => {
    const running = process({ status: "online", onlineSince: iso(at) });
    expect(decide(incident({ status: "gave-up" }), running, at + 60_000, policy)).toMatchObject({
      status: "recovered",
    });
  });

  test("nothing is restarted after giving up", () => {
    expect(decide(incident({ status: "gave-up" }), process(), at + 10_000_000, policy)).toEqual({ kind: "nothing" });
  });
});

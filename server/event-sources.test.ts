import { expect, test } from "vitest";

import type { App, AppsEvent } from "../contract/features/apps.ts";
import type { Approval } from "../contract/features/approvals.ts";
import type { Run } from "../contract/features/runs.ts";
import type { Task } from "../contract/features/tasks.ts";
import { eventKind } from "../contract/event-catalogue.ts";
import type { EventName } from "../contract/features/events.ts";
import { tellEvents } from "./event-sources.ts";

const endedAt = "2026-11-22T10:00:00.000Z";

const nothing = (): void => undefined;
const app = (status: App["status"]) => ({ id: "shop", name: "Shop", status }) as App;

/** What is told of an app, runs and tasks that say only what is asked of them. */
function rig() {
  const told: { name: EventName; data: object; causes: readonly string[] }[] = [];
  const heard: {
    app?: (event: AppsEvent) => void;
    process?: (event: never) => void;
    run?: (run: Run) => unknown;
    task?: (task: Task) => void;
    asked?: (approval: Approval) => void;
  } = {};
  /** Who made which task, and which run. */
  const tasks = new Map<string, Task["source"]>();
  const runs = new Map<string, Run["source"]>();
  const pm2 = { isUp: false };
  let shown = app("stopped");
  tellEvents({
    events: {
      tell(name, data, { causes = [] } = {}) {
        told.push({ name, data, causes });
        return Promise.resolve();
      },
    },
    apps: { list: () => [shown], onEvent: (listener) => ((heard.app = listener), nothing) },
    snapshots: {
      current: () => ({ processes: [], homes: [{ home: "portos", isUp: pm2.isUp, seenAt: null }] }),
      onEvent: (listener) => ((heard.process = listener as never), nothing),
    },
    incidents: { heard: () => ({ active: [], settled: [] }), onHeard: nothing },
    agents: {
      approvals: {
        onAsked: (listener: (approval: Approval) => void) => void (heard.asked = listener),
        onSettled: nothing,
      } as never,
      tasks: {
        onChange: (listener: (task: Task) => void) => ((heard.task = listener), nothing),
        find: (id: string) =>
          tasks.has(id) ? Promise.resolve({ source: tasks.get(id) }) : Promise.reject(new Error("It is gone")),
      } as never,
      knownRun: (id) => (runs.has(id) ? ({ source: runs.get(id) } as Run) : undefined),
      runHooks: { onRunEnded: (listener: (run: Run) => unknown) => void (heard.run = listener) } as never,
      onRepairChanged: nothing,
    },
    automations: { causesOf: (id) => [id], causesOfApp: () => ["au-restart"] },
  });
  return {
    told,
    heard,
    tasks,
    runs,
    async pm2Is(isUp: boolean) {
      pm2.isUp = isUp;
      heard.process?.({ type: "home", home: { home: "portos", isUp, seenAt: null } } as never);
      await new Promise((resolve) => setImmediate(resolve));
    },
    become(status: App["status"]) {
      shown = app(status);
      heard.app?.({ type: "changed", app: shown });
    },
  };
}

test("an app is told when it starts and stops, but not when the panel gets to see it first", async () => {
  const { told, become, pm2Is } = rig();
  become("online"); // nobody can tell while PM2 does not answer
  await pm2Is(true);
  expect(told).toEqual([]);
  become("launching");
  become("online");
  become("online");
  become("stopped");
  expect(told.map(({ name }) => name)).toEqual(["app.started", "app.stopped"]);
  expect(told[0]?.causes).toEqual(["au-restart"]);
  await pm2Is(false);
  become("online");
  await pm2Is(true);
  expect(told).toHaveLength(2);
});

test("a run of an automation is told with what led to it; one that was cancelled, or a test, is not", async () => {
  const { told, heard } = rig();
  const run = { id: "run-1", title: "Fix", appId: null, message: null, endedAt, createdAt: endedAt };
  const end = (state: string, kind: string) => heard.run?.({ ...run, state, source: { kind, id: "au-1" } } as never);
  await end("succeeded", "automation");
  await end("interrupted", "user");
  await end("cancelled", "user");
  await end("failed", "test");
  expect(told.map(({ name, causes }) => [name, causes])).toEqual([
    ["run.succeeded", ["au-1"]],
    ["run.failed", []],
  ]);
});

test("what an automation led to is seen through tasks, and in the questions of its runs", async () => {
  const { told, heard, tasks, runs } = rig();
  tasks.set("task-1", { kind: "automation", id: "au-1" });
  tasks.set("task-2", { kind: "task", id: "task-1" });
  tasks.set("task-9", { kind: "task", id: "task-9" });
  runs.set("run-2", { kind: "task", id: "task-2" });
  const run = { id: "run-1", title: "Fix", appId: null, message: null, endedAt, createdAt: endedAt, state: "failed" };
  for (const id of ["task-2", "task-9", "gone"]) await heard.run?.({ ...run, source: { kind: "task", id } } as never);
  const asked = { id: "0123456789abcdef", createdAt: endedAt, expiresAt: endedAt };
  const words = { title: "Run it", why: "It asks", onDeny: "Nothing" };
  heard.asked?.({
    ...asked,
    subject: { kind: "agent-tool", ...words, runId: "run-2", folder: "/tmp/x", command: null },
  } as never);
  const call = { kind: "connector-call", ...words, callerId: "run-2" };
  heard.asked?.({ ...asked, subject: { ...call, callerKind: "agent" } } as never);
  heard.asked?.({ ...asked, subject: { ...call, callerKind: "mcp" } } as never);
  await expect.poll(() => told.length).toBe(6);
  expect(told.slice(0, 3).map(({ causes }) => causes)).toEqual([["au-1"], [], []]);
  expect(told.slice(3).map(({ causes }) => causes)).toEqual(expect.arrayContaining([["au-1"], ["au-1"], []]));
});

test("a task is told once it is done or has failed, and everything that is told follows the catalogue", async () => {
  const { told, heard } = rig();
  const task = { id: "task-1", title: "Notes", type: "docs", appId: null, reason: { text: "Merged" } };
  for (const state of ["ready", "running", "done", "failed", "cancelled"])
    heard.task?.({ ...task, state, endedAt, source: { kind: "user", id: "x" } } as never);
  await expect.poll(() => told.map(({ name }) => name)).toEqual(["task.done", "task.failed"]);
  for (const { name, data } of told) expect(eventKind(name).data.safeParse(data).error).toBeUndefined();
});

import { describe, expect, test } from "vitest";

import type { Notification } from "../../../contract/features/notifications.ts";
import type { Process, ProcessSnapshot } from "../../../contract/features/processes.ts";
import { appUsage, putById, reduceNotifications, reduceProcesses } from "./live-reducers.ts";

const process = (key: string, rest: Partial<Process> = {}): Process => ({
  key,
  home: "portos",
  pmId: 1,
  name: key,
  owner: { kind: "app", appId: "blog", processName: key },
  status: "online",
  pid: 1,
  cpuPercent: 1,
  memoryBytes: 10,
  restarts: 0,
  unstableRestarts: 0,
  isCrashLooping: false,
  onlineSince: null,
  exitCode: null,
  cwd: "/",
  command: "node",
  problem: null,
  unmanagedSince: null,
  ...rest,
});
const snapshot: ProcessSnapshot = { processes: [process("a"), process("b")], homes: [] };

const item = (id: string, at: string): Notification => ({
  id,
  at,
  level: "info",
  title: id,
  message: "",
  link: null,
  key: null,
  needsYou: false,
  isRead: false,
  count: 1,
});

test("a changed item keeps its place, a new one goes to the end", () => {
  const list = [{ id: "a" }, { id: "b" }];
  expect(putById(list, { id: "a", isNew: true } as { id: string }, ({ id }) => id)[0]).toEqual({
    id: "a",
    isNew: true,
  });
  expect(putById(list, { id: "c" }, ({ id }) => id).map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

describe("processes", () => {
  test("samples change CPU and memory of the named processes only", () => {
    const next = reduceProcesses(snapshot, { type: "samples", at: "", samples: [["b", 7, 70]] });
    expect(next.processes.map(({ cpuPercent, memoryBytes }) => [cpuPercent, memoryBytes])).toEqual([
      [1, 10],
      [7, 70],
    ]);
  });

  test("a removed process is gone, a home is replaced in place", () => {
    const home = { home: "user", isUp: false, seenAt: null } as const;
    const next = reduceProcesses(reduceProcesses(snapshot, { type: "removed", key: "a" }), { type: "home", home });
    expect(next.processes.map(({ key }) => key)).toEqual(["b"]);
    expect(reduceProcesses(next, { type: "home", home: { ...home, isUp: true } }).homes).toEqual([
      { ...home, isUp: true },
    ]);
  });

  test("an app uses what its processes use together", () => {
    const other = process("c", { owner: { kind: "other" } });
    expect(appUsage([...snapshot.processes, other], "blog")).toEqual({ cpuPercent: 2, memoryBytes: 20 });
  });
});

describe("notifications", () => {
  const list = [item("b", "2026-01-02T00:00:00Z"), item("a", "2026-01-01T00:00:00Z")];

  test("one that is raised again moves to its new time", () => {
    const next = reduceNotifications(list, { kind: "put", notification: item("a", "2026-01-03T00:00:00Z") });
    expect(next.map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("reading all marks all and removes none", () => {
    expect(reduceNotifications(list, { kind: "allRead" }).map(({ isRead }) => isRead)).toEqual([true, true]);
    expect(reduceNotifications(list, { kind: "removed", id: "b" }).map(({ id }) => id)).toEqual(["a"]);
  });
});

import { expect, test } from "vitest";

import type { SessionInfo } from "../../../contract/internal/cos.ts";
import { createSessionOverview } from "./session-overview.ts";

function session(id: string, name = id): SessionInfo {
  return {
    id,
    kind: "shell",
    tty: true,
    name,
    state: "running",
    cwd: "/",
    folder: "/",
    command: null,
    shellCommand: null,
    pid: 1,
    createdAt: "2026-11-21T10:00:00.000Z",
    endedAt: null,
    closingAt: null,
    exitCode: null,
    signal: null,
    reason: null,
    problem: null,
    cols: 80,
    rows: 24,
    sizing: "smallest",
    outputBytes: 0,
    lastOutputAt: null,
    lastBellAt: null,
    viewers: 0,
    memoryBytes: null,
    bufferedBytes: 0,
    title: "",
    runningCommand: null,
    idleTimeoutMs: null,
    isRecorded: false,
    owner: { kind: "user", id: "user" },
  };
}

function setUp() {
  const lists: { resolve(sessions: SessionInfo[]): void; reject(error: Error): void }[] = [];
  const told: ((session: SessionInfo) => void)[] = [];
  const removed: ((id: string) => void)[] = [];
  const overview = createSessionOverview(
    {
      list: () => new Promise((resolve, reject) => lists.push({ resolve, reject })),
      onSession(listener) {
        told.push(listener);
        return () => undefined;
      },
    },
    {
      onRemoved(listener) {
        removed.push(listener);
        return () => undefined;
      },
    },
  );
  return {
    overview,
    lists,
    tell(one: SessionInfo) {
      for (const listener of told) listener(one);
    },
    remove(id: string) {
      for (const listener of removed) listener(id);
    },
  };
}

test("what is told while a list is on its way counts more than the list", async () => {
  const { overview, lists, tell, remove } = setUp();
  const read = overview.read();
  tell(session("b", "begun meanwhile"));
  tell(session("c", "renamed meanwhile"));
  remove("d");
  lists[0]?.resolve([session("a"), session("c"), session("d")]);
  const { isUp, sessions } = await read;
  expect(isUp).toBe(true);
  expect(sessions.map(({ name }) => name)).toEqual(["a", "renamed meanwhile", "begun meanwhile"]);
});

test("a later list counts alone; without one the last known sessions are told", async () => {
  const { overview, lists, tell } = setUp();
  const first = overview.read();
  tell(session("b"));
  lists[0]?.resolve([session("a")]);
  await first;
  const second = overview.read();
  lists[1]?.resolve([session("a")]);
  expect((await second).sessions.map(({ id }) => id)).toEqual(["a"]);
  tell(session("c"));
  const third = overview.read();
  lists[2]?.reject(new Error("gone"));
  expect(await third).toMatchObject({ isUp: false, sessions: [{ id: "a" }, { id: "c" }] });
});

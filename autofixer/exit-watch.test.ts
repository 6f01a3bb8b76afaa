import { expect, test } from "vitest";

import type { Pm2Event, Pm2Status } from "../lib/processes/pm2-types.ts";
import { createExitWatch, type UnaskedEnd } from "./exit-watch.ts";

function follow(...steps: [event: string, status: Pm2Status, code?: number][]): UnaskedEnd[] {
  const ends: UnaskedEnd[] = [];
  const watch = createExitWatch(
    (end) => ends.push(end),
    () => undefined,
  );
  for (const [event, status, exitCode = 0] of steps) {
    const process = { pmId: 0, name: "blog/web", namespace: "app:blog", status, restarts: 0, pid: null };
    watch({
      kind: "process",
      home: "portos",
      event,
      isManual: false,
      process,
      exitCode,
      detail: null,
      at: 1_000,
    } satisfies Pm2Event);
  }
  return ends;
}

test("a stop is two exits, and neither is a crash", () => {
  expect(follow(["exit", "stopping"], ["exit", "stopped"])).toEqual([]);
});

test("a restart by the user is no crash, the crash after it is one", () => {
  const ends = follow(["exit", "stopping"], ["exit", "stopped"], ["online", "launching"], ["exit", "stopped", 1]);
  expect(ends).toEqual([
    { home: "portos", pmId: 0, name: "blog/web", namespace: "app:blog", code: 1, isGivenUp: false, at: 1_000 },
  ]);
});

test("a stop whose second exit never comes does not hide the next crash", () => {
  expect(follow(["exit", "stopping"], ["online", "launching"], ["exit", "stopped", 1])).toHaveLength(1);
});

test("PM2 giving up is told", () => {
  const ends = follow(
    ["exit", "stopped", 3],
    ["online", "launching"],
    ["restart overlimit", "errored"],
    ["exit", "errored", 3],
  );
  expect(ends.map(({ isGivenUp }) => isGivenUp)).toEqual([false, true]);
});

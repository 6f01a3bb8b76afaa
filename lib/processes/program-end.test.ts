import { setTimeout as sleep } from "node:timers/promises";

import { expect, test } from "vitest";

import type { EndOptions, EndStep } from "./end-descendants.ts";
import { createProgramEnd } from "./program-end.ts";

const polite: EndStep[] = [{ signal: "SIGINT", graceMs: 50 }];
const quick: EndStep[] = [{ signal: "SIGTERM", graceMs: 10 }];
const target = { leaderPid: 7, mark: "RUN=1" };

function record() {
  const begun: EndOptions[] = [];
  const over: EndStep[][] = [];
  const endAll = async (options: EndOptions): Promise<boolean> => {
    begun.push(options);
    while (options.signal?.aborted !== true && over.length === 0 && options.steps === polite) await sleep(1);
    over.push([...(options.steps ?? [])]);
    return true;
  };
  return { begun, over, end: createProgramEnd(target, endAll) };
}

test("what was to begin later never begins once the program has ended", async () => {
  const { begun, end } = record();
  end.begin(polite, 20);
  await end.finish(quick);
  await sleep(40);
  expect(begun.map(({ steps }) => steps)).toEqual([quick]);
  expect(begun[0]).toMatchObject(target);
});

test("what has begun gives way to the last steps, and none is left when those are done", async () => {
  const { begun, over, end } = record();
  end.begin(polite);
  await sleep(5);
  await end.finish(quick);
  expect(begun.map(({ steps }) => steps)).toEqual([polite, quick]);
  expect(over).toEqual([polite, quick]);
});

test("nothing begins after the end", async () => {
  const { begun, end } = record();
  await end.finish(quick);
  end.begin(polite);
  await sleep(5);
  expect(begun).toHaveLength(1);
});

test("a second, quicker beginning takes the place of the first", async () => {
  const { begun, end } = record();
  end.begin(polite, 10_000);
  end.begin(quick);
  await end.finish(quick);
  expect(begun.map(({ steps }) => steps)).not.toContain(polite);
});

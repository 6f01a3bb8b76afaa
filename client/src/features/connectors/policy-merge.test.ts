import { expect, test } from "vitest";

import { onTop } from "./policy-merge.ts";

const from = { perMinute: 60, perDay: 5_000, insides: ["nas.local", "10.0.0.5"], callers: ["person", "agent"] };

test("what was not touched here is as it was saved meanwhile, what was touched stays", () => {
  const now = { ...from, perMinute: 31 };
  expect(onTop({ from, mine: { ...from, perDay: 10 }, now })).toEqual({ ...from, perMinute: 31, perDay: 10 });
  expect(onTop({ from, mine: { ...from, perMinute: 33 }, now })).toEqual({ ...from, perMinute: 33 });
  expect(onTop({ from, mine: from, now })).toEqual(now);
});

test("a place taken away elsewhere does not come back with one that is added here", () => {
  const now = { ...from, insides: ["10.0.0.5"] };
  const mine = { ...from, insides: ["nas.local", "10.0.0.5", "pi.local"] };
  expect(onTop({ from, mine, now })["insides"]).toEqual(["10.0.0.5", "pi.local"]);
  const { insides: _none, ...emptied } = from;
  expect(onTop({ from, mine, now: emptied })["insides"]).toEqual(["pi.local"]);
  expect(onTop({ from, mine: emptied, now })).not.toHaveProperty("insides");
});

test("no limit set here or elsewhere stays one, and lists of which nothing means all are not joined", () => {
  const { perMinute: _gone, ...unlimited } = from;
  expect(onTop({ from, mine: { ...from, perDay: 9 }, now: unlimited })).not.toHaveProperty("perMinute");
  expect(onTop({ from, mine: unlimited, now: { ...from, perDay: 9 } })).toEqual({ ...unlimited, perDay: 9 });
  const mine = { ...from, operations: ["fetch"] };
  expect(onTop({ from, mine, now: { ...from, operations: ["extract"] } })["operations"]).toEqual(["fetch"]);
});

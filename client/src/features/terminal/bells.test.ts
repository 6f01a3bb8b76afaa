import { expect, test } from "vitest";

import { noticeBell, unnoticedBells } from "./bells.ts";

const sessions = [
  { id: "a", lastBellAt: "2026-03-01T12:00:00.000Z" },
  { id: "b", lastBellAt: null },
  { id: "c", lastBellAt: "2026-03-01T12:00:05.000Z" },
];

test("a bell is marked until its terminal was looked at, and again when it rings anew", () => {
  expect([...unnoticedBells(sessions, {})]).toEqual(["a", "c"]);
  const noticed = noticeBell(sessions, { gone: "2026-01-01T00:00:00.000Z" }, "a");
  expect(noticed).toEqual({ a: "2026-03-01T12:00:00.000Z" });
  expect([...unnoticedBells(sessions, noticed)]).toEqual(["c"]);
  const later = [{ id: "a", lastBellAt: "2026-03-01T12:00:09.000Z" }];
  expect([...unnoticedBells(later, noticed)]).toEqual(["a"]);
});

test("looking at a terminal that never rang notices nothing", () => {
  expect(noticeBell(sessions, {}, "b")).toEqual({});
});

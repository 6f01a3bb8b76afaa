import { expect, test } from "vitest";

import { eventTriggerSchema } from "../../../contract/features/automation-schedules.ts";
import { filterIssue, isWanted } from "./event-filter.ts";

const event = {
  id: "ev-0123456789abcdef0123",
  name: "app.started",
  at: "2026-11-22T10:00:00.000Z",
  data: { appId: "shop", appName: "Shop" },
} as const;
const trigger = (filter: string | null, events: string[] = ["app.started"]) =>
  eventTriggerSchema.parse({ kind: "event", events, filter });

test.each([
  [null, true],
  ["data.appId == 'shop'", true],
  ["data.appId == 'blog'", false],
  ["data.appId != 'blog' && name == 'app.started'", true],
  ["contains(data.appName, 'ho')", true],
  ["starts_with(at, '2026-11-21')", false],
  ["data.appName", true],
  ["`false`", false],
  ["!data.appId", false],
])("%s of an app that started is %s", (filter, expected) => {
  expect(filterIssue(trigger(filter))).toBeNull();
  expect(isWanted(trigger(filter), event)).toBe(expected);
});

test("another event is not wanted, whatever the filter", () => {
  expect(isWanted(trigger(null, ["app.stopped"]), event)).toBe(false);
});

test("a filter that can never be true is refused with its reason", () => {
  expect(filterIssue(trigger("data.appId == "))).toMatch(/^cannot be read: /);
  expect(filterIssue(trigger("data.app == 'shop'"))).toBe(
    "reads data.app, which these events do not have; they have appId, appName",
  );
  expect(filterIssue(trigger("appId == 'shop'"))).toMatch(/^reads "appId", which no event has: begin with id, name/);
  expect(filterIssue(trigger("at == 'data.none'"))).toBeNull();
  expect(filterIssue(trigger("data.crashes > 3"))).toMatch(/numbers stand in backticks, as in data\.crashes > `3`$/);
  expect(filterIssue(trigger("name == 'task.done'", ["run.failed"]))).toBe(
    "is never true: name is run.failed, and never task.done",
  );
  expect(filterIssue(trigger("name == 'run.failed' || 'task.done' == name", ["run.failed"]))).toBeNull();
  expect(filterIssue(trigger("data.state == 'failed'", ["app.started", "run.failed"]))).toBeNull();
});

test("a filter that cannot be worked out says why", () => {
  expect(() => isWanted(trigger("sum(data.appId) > `1`"), event)).toThrow(/sum/);
});

test("no event, the same twice, or one nobody tells is no trigger", () => {
  for (const events of [[], ["app.started", "app.started"], ["app.exploded"]])
    expect(eventTriggerSchema.safeParse({ kind: "event", events }).success).toBe(false);
});

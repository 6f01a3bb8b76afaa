import { expect, test } from "vitest";

import type { Schedule } from "../../../contract/features/automation-schedules.ts";
import type { PortosEvent } from "../../../contract/features/events.ts";
import { triggerValues } from "./step-values.ts";
import { triggerIssues } from "./trigger-places.ts";

const onTasks: Schedule = { kind: "event", events: ["task.done", "app.started"], filter: null };
const messages = (expression: string, schedule: Schedule = onTasks) =>
  triggerIssues({ inner: { text: `{{ ${expression} }}` } }, schedule).map(({ path, message }) => `${path} ${message}`);

test("a place that no run can ever have a value for is refused with what there is", () => {
  expect(messages("foo")).toEqual([
    'inner.text reads "foo", which no run has; begin with trigger or step1, as in trigger.body.title: {{ foo }}',
  ]);
  expect(messages("Trigger.body")).toHaveLength(1);
  expect(messages("steps.x")).toHaveLength(1);
  expect(messages("trigger.nope")[0]).toMatch(
    /^inner\.text reads trigger\.nope, which no run has; there are kind, due, /,
  );
  expect(messages("trigger.nope || 'x'")).toHaveLength(1);
  expect(messages("step1.title || trigger.boddy.title")).toHaveLength(1);
  expect(messages("join(', ', [trigger.event])")).toEqual([]);
  expect(messages("length(trigger.nope)")).toHaveLength(1);
  expect(messages("trigger.data.nope")[0]).toContain("which these events do not have; they have taskId, title, ");
  expect(messages('trigger."data"."nope"')).toHaveLength(1);
});

const right = [
  "trigger",
  "trigger.data",
  "trigger.data.taskId",
  "trigger.data.appName",
  "trigger.data.*",
  "trigger.body.any.thing",
  'trigger.headers."x-event"',
  "step1.items[?trigger.nope == 'x'].title",
  "step1.{a: trigger.nope}",
  "step1 | trigger.nope",
  "step1.trigger.nope",
  "step12.foo",
  "'trigger.nope'",
  "`[1]`",
  "map(&trigger.nope, step1.items)",
  "let $x = trigger.body in $x.title",
  "!trigger.body.isDone",
  "@",
];
test.each(right)("what a run may have is taken: %s", (expression) => {
  expect(messages(expression)).toEqual([]);
});

test("everything a run is given can be read", () => {
  const row = { id: "oc-1", name: "X", trigger: "event", who: null, due: "2026-05-04T00:00:00.000Z" } as const;
  const event: PortosEvent = { id: "ev-1", name: "task.done", at: row.due, data: {}, causes: [], starts: [] };
  const given = Object.keys(triggerValues(row, null, event) as object);
  expect(given).toHaveLength(13);
  for (const name of given) expect(messages(`trigger.${name}`)).toEqual([]);
});

test("what an event says is not known where no event is named", () => {
  expect(messages("trigger.data.nope", { kind: "cron", expression: "0 0 1 1 *", zone: "UTC" })).toEqual([]);
});

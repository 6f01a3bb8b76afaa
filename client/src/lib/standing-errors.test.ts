import { expect, test } from "vitest";

import { standingErrors } from "./standing-errors.ts";

test("an error goes with the first change of its field, and the others stay", () => {
  const sent = { name: "", steps: [{ connector: "", operation: "" }] };
  const errors = {
    name: "must not be empty",
    "steps.0.connector": "must be chosen",
    "steps.0.operation": "must be chosen",
  };
  expect(standingErrors(errors, sent, sent)).toEqual(errors);
  const changed = { name: "", steps: [{ connector: "rss", operation: "" }] };
  expect(Object.keys(standingErrors(errors, sent, changed))).toEqual(["name", "steps.0.operation"]);
});

test("what is missing counts as it was, until it is there", () => {
  const errors = { "schedule.filter": "is needed" };
  expect(standingErrors(errors, {}, {})).toEqual(errors);
  expect(standingErrors(errors, {}, { schedule: { filter: "x" } })).toEqual({});
});

import { expect, test } from "vitest";

import { UnreadableText } from "../../ui/schema-form/schema-values.ts";
import { hasPlace, moved, placeChoices, sendable } from "./connector-draft.ts";
import { occurrenceStatus } from "./step-words.ts";

test("a step may use what steps before it give, the nearest first, and what started the run", () => {
  const output = { type: "object", properties: { title: { type: "string" }, "not-a-name": {} } };
  const groups = placeChoices([output, undefined]);
  expect(groups.map(({ group }) => group)).toEqual(["Step 2", "Step 1", "What started it"]);
  expect(groups[1]?.items.map(({ expression }) => expression)).toEqual(["step1", "step1.title"]);
  expect(groups[0]?.items.map(({ expression }) => expression)).toEqual(["step2"]);
});

test("what is half written is sent as the text it is, wherever it stands", () => {
  const half = new UnreadableText("1, x", "must be numbers");
  expect(sendable({ a: half, b: [{ c: half }], d: 1 })).toEqual({ a: "1, x", b: [{ c: "1, x" }], d: 1 });
});

test("places are recognised in texts alone", () => {
  expect(hasPlace("{{ step1 }}")).toBe(true);
  expect(hasPlace("{ step1 }")).toBe(false);
  expect(hasPlace(["{{ step1 }}"])).toBe(false);
});

test("an entry is moved, and never out of the list", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
});

test("a run whose call asks waits for you; one that has ended does not", () => {
  const step = { ...({} as object), state: "waiting" } as never;
  expect(occurrenceStatus({ state: "running", steps: [step] })).toBe("waiting for you");
  expect(occurrenceStatus({ state: "cancelled", steps: [step] })).toBe("cancelled");
  expect(occurrenceStatus({ state: "running" })).toBe("running");
});

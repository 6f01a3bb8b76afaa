import { expect, test } from "vitest";

import { fillParams, placeIssues, placesIn } from "./fill-params.ts";

const values = {
  trigger: { kind: "webhook", body: { title: "Tides", tags: ["sea", "moon"] }, text: null },
  step1: { items: [{ link: "https://a.example", count: 3 }], isGood: true },
};

test("a text that is nothing but a place becomes the value with its type", () => {
  const { params, issues } = fillParams(
    { count: "{{ step1.items[0].count }}", good: " {{step1.isGood}} ", all: ["{{ trigger.body.tags }}"] },
    values,
  );
  expect(issues).toEqual([]);
  expect(params).toEqual({ count: 3, good: true, all: [["sea", "moon"]] });
});

test("within a text a value is written, and what is no place stays as it is", () => {
  const json = '{"a":{"b":{}}}';
  const { params } = fillParams(
    {
      text: "{{ trigger.body.title }}: {{ join(', ', trigger.body.tags) }} ({{ step1.items }})",
      json,
      nested: { deep: [{ text: "{single} and }} alone" }] },
      number: 7,
    },
    values,
  );
  expect(params).toEqual({
    text: 'Tides: sea, moon ([{"link":"https://a.example","count":3}])',
    json,
    nested: { deep: [{ text: "{single} and }} alone" }] },
    number: 7,
  });
});

test("a value is not read again as a template", () => {
  const { params, issues } = fillParams({ text: "{{ trigger.x }}!" }, { trigger: { x: "{{ step1.secret }}" } });
  expect(issues).toEqual([]);
  expect(params).toEqual({ text: "{{ step1.secret }}!" });
});

test("a place alone without a value is left out; within a text it is an issue, unless it says what stands there then", () => {
  const filled = fillParams(
    {
      gone: "{{ trigger.text }}",
      list: ["{{ trigger.nothing }}", "kept"],
      text: "Hello {{ trigger.body.name }}",
      allowed: "Hello {{ trigger.body.name || 'you' }}",
    },
    values,
  );
  expect(filled.params).toEqual({ list: ["kept"], text: "Hello ", allowed: "Hello you" });
  expect(filled.issues).toMatchObject([{ path: "text", message: expect.stringContaining("has no value") as string }]);
});

test("what cannot be worked out is an issue of its argument", () => {
  const { issues } = fillParams({ payload: { n: "{{ sum(trigger.kind) }}" } }, values);
  expect(issues).toMatchObject([{ path: "payload.n" }]);
});

test("places tell which steps they read; texts inside them do not count", () => {
  expect(placesIn({ a: "{{ step1.x }} and {{ step12.y }}", b: ["{{ 'step3' }}", "{{ other.step4 }}"] })).toMatchObject([
    { path: "a", expression: "step1.x", steps: [1] },
    { path: "a", expression: "step12.y", steps: [12] },
    { path: "b.0", steps: [] },
    { path: "b.1", steps: [] },
  ]);
});

test("a step may read only those before it, and a place must be an expression", () => {
  expect(placeIssues({ a: "{{ step1.x }}" }, 2)).toEqual([]);
  expect(placeIssues({ a: "{{ step2.x }}" }, 2)).toMatchObject([{ path: "a" }]);
  expect(placeIssues({ a: "{{ step0 }}" }, 2)).toMatchObject([{ path: "a" }]);
  expect(placeIssues({ a: "{{ items[ }}" }, 2)).toMatchObject([
    { path: "a", message: expect.stringContaining("cannot be read") as string },
  ]);
});

test.each([
  ["{{ step1.x", "begins a place and does not end it with }}: {{ step1.x"],
  ["{{ trigger.due }} and {{ trigger.who }", "begins a place and does not end it with }}: {{ trigger.who }"],
  ["{{ step2.x }}", "reads step 2 itself in {{ step2.x }}: only earlier steps can be read"],
  ["{{ step3.x }}", "reads step 3 in {{ step3.x }}: only earlier steps can be read"],
])("%s is refused, with the argument named", (text, message) => {
  expect(placeIssues({ payload: { lines: ["fine", text] } }, 2)).toEqual([{ path: "payload.lines.1", message }]);
});

test("two braces that are meant as such are written as a place", () => {
  const params = { text: "Write {{ '{{' }} and }}" };
  expect(placeIssues(params, 1)).toEqual([]);
  expect(fillParams(params, values).params).toEqual({ text: "Write {{ and }}" });
});

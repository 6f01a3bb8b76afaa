import { expect, test } from "vitest";

import { answerSchemaProblem, mostChecks, neededChecks } from "./answer-schema.ts";

test.each([
  {},
  { type: "object", properties: { pattern: { type: "string" }, size: { enum: [{ pattern: "(a+)+" }] } } },
  { type: "object", properties: { children: { type: "array", items: { $ref: "#" } } } },
  { anyOf: [{ type: "null" }, { $ref: "#/$defs/leaf" }], $defs: { leaf: { type: "string" } } },
])("answers can be held to %j", (schema) => {
  expect(answerSchemaProblem(schema)).toBeNull();
});

const doubled = Object.fromEntries(
  Array.from({ length: 40 }, (_, index) => [
    `a${String(index)}`,
    index === 39 ? {} : { allOf: Array.from({ length: 2 }, () => ({ $ref: `#/$defs/a${String(index + 1)}` })) },
  ]),
);
const deep = Array.from({ length: 2_400 }).reduce<object>((inner) => ({ not: inner }), {});

test.each([
  [{ type: "nonsense" }, "must be a JSON Schema"],
  [{ type: "string", pattern: "^(a+)+$" }, "must not use pattern"],
  [{ properties: { a: { items: { pattern: "^(a+)+$" } } } }, "must not use pattern"],
  [{ type: "object", patternProperties: { "^(a+)+$": {} } }, "must not use patternProperties"],
  [{ description: "x".repeat(20_000) }, "must have at most 20000 characters"],
  [{ $ref: "#" }, "must not refer to itself"],
  [{ properties: { a: { $ref: "#/$defs/b" } }, $defs: { b: { anyOf: [{ $ref: "#/$defs/b" }] } } }, "to itself"],
  [{ $ref: "#/$defs/a0", $defs: doubled }, "too many alternatives"],
  [deep, "must"],
])("is refused: %#", (schema, problem) => {
  expect(answerSchemaProblem({ ...schema })).toContain(problem);
});

/** Both alternatives refer to what they stand in. */
const recursive = {
  anyOf: ["a", "b"].map((name) => ({ type: "object", properties: { next: { $ref: "#" } }, required: [name] })),
};
const chain = (levels: number): unknown =>
  Array.from({ length: levels }).reduce<unknown>((next) => ({ next }), { a: 1 });

test("what doubles with every level of an answer is counted, not tried", () => {
  expect(answerSchemaProblem(recursive)).toBeNull();
  expect(neededChecks(recursive, chain(3))).toBeLessThan(mostChecks);
  expect(neededChecks(recursive, chain(10))).toBeGreaterThan(1_000);
  expect(neededChecks(recursive, chain(60))).toBeGreaterThan(mostChecks);
});

test("a large answer without alternatives needs few checks", () => {
  const schema = { type: "array", items: { type: "object", properties: { a: { type: "string" } } } };
  const answer = Array.from({ length: 50_000 }, () => ({ a: "x", b: "y" }));
  expect(neededChecks(schema, answer)).toBeLessThan(mostChecks);
});

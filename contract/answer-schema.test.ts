import { expect, test } from "vitest";

import { answerSchemaProblem } from "./answer-schema.ts";

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

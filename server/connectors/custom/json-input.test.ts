import { expect, test } from "vitest";

import { inputFromJson } from "./json-input.ts";

test("the same schema makes the same input, another one another", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const made = inputFromJson(schema);
  expect(inputFromJson(structuredClone(schema))).toBe(made);
  expect(inputFromJson({ ...schema, required: ["a"] })).not.toBe(made);
});

test("parameters are checked as their JSON Schema says, and no others are taken", () => {
  const input = inputFromJson({
    type: "object",
    properties: {
      id: { type: "string", minLength: 2 },
      count: { type: "integer", minimum: 1, maximum: 5 },
      state: { enum: ["open", "closed"] },
      node: { $ref: "#/$defs/node" },
      pattern: { type: "string" },
    },
    required: ["id"],
    $defs: { node: { type: "object", properties: { next: { $ref: "#/$defs/node" } } } },
  });
  expect(input.parse({ id: "ab", count: 2, state: "open", node: { next: {} }, pattern: "x" })).toMatchObject({
    count: 2,
  });
  for (const wrong of [{}, { id: "a" }, { id: "ab", count: 9 }, { id: "ab", state: "x" }, { id: "ab", more: 1 }])
    expect(input.safeParse(wrong).success, JSON.stringify(wrong)).toBe(false);
});

test("a pattern made to keep the processor busy is not used", () => {
  const input = inputFromJson({ properties: { text: { type: "string", pattern: "^(a+)+$" } } });
  expect(input.safeParse({ text: `${"a".repeat(50)}!` }).success).toBe(true);
});

test.each([
  [{ type: "object", properties: { a: { $ref: "#/nowhere" } } }, "Reference not found"],
  [JSON.parse(`${'{"properties":{"a":'.repeat(60)}{}${"}}".repeat(60)}`) as Record<string, unknown>, "nested deeper"],
])("what cannot be read says why", (schema, message) => {
  expect(() => inputFromJson(schema)).toThrow(message);
});

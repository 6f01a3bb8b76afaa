import { expect, test } from "vitest";

import { inputFromJson, toleratedInput } from "./json-input.ts";
import { refuseManyAlternatives } from "./schema-alternatives.ts";

const ref = (name: string) => ({ $ref: `#/$defs/${name}` });

/** Each level offers the next one twice. */
function doubling(levels: number) {
  const names = Array.from({ length: levels }, (_, at) => `a${String(at)}`);
  const $defs = Object.fromEntries(
    names.map((name, at) => {
      const next = names[at + 1];
      return [name, next === undefined ? { type: "number" } : { anyOf: [ref(next), ref(next)] }];
    }),
  );
  return { type: "object", properties: { x: ref("a0"), y: { type: "string" } }, $defs };
}

test("alternatives that double at each level are refused, and a stranger's field is left to the other side", () => {
  expect(() => refuseManyAlternatives(doubling(40))).toThrow(/so many alternatives/);
  expect(() => inputFromJson(doubling(40))).toThrow(/so many alternatives/);
  const tolerated = toleratedInput(doubling(40));
  expect(tolerated.safeParse({ x: "anything", y: "text" }).success).toBe(true);
  expect(tolerated.safeParse({ x: 1, y: 2 }).success).toBe(false);
  expect(() => refuseManyAlternatives(doubling(6))).not.toThrow();
});

test("one that comes back to itself by more than one alternative of the same type is refused", () => {
  const node = (name: string) => ({ type: "object", properties: { [name]: ref("node") } });
  const twice = { type: "object", properties: { n: ref("node") }, $defs: { node: { anyOf: [node("a"), node("b")] } } };
  expect(() => refuseManyAlternatives(twice)).toThrow(/so many alternatives/);
  const itself = {
    type: "object",
    properties: { n: ref("node") },
    $defs: { node: { anyOf: [ref("node"), ref("node")] } },
  };
  expect(() => refuseManyAlternatives(itself)).toThrow(/so many alternatives/);
});

test("trees, lists and any JSON value are taken", () => {
  const value = {
    anyOf: [
      { type: "string" },
      { type: "number" },
      { type: "null" },
      { type: "array", items: ref("value") },
      { type: "object", additionalProperties: ref("value") },
    ],
  };
  const filter = {
    type: "object",
    properties: {
      and: { type: "array", items: ref("filter") },
      or: { type: "array", items: ref("filter") },
      not: ref("filter"),
    },
  };
  const schema = {
    type: "object",
    properties: { value: ref("value"), where: ref("filter") },
    $defs: { value, filter },
  };
  expect(() => refuseManyAlternatives(schema)).not.toThrow();
  expect(inputFromJson(schema).safeParse({ value: { a: [1, "b"] }, where: { and: [{ not: {} }] } }).success).toBe(true);
});

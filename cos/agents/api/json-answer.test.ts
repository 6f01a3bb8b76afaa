import { expect, test } from "vitest";

import { readJsonAnswer } from "./json-answer.ts";

const plain = { kind: "json", schema: null } as const;

test.each(['{"a":1}', '```json\n{"a":1}\n```', ' \n```JSON \r\n\n{"a":1}\n\n```\n ', '```\n{"a":1}```'])(
  "reads %j",
  (text) => {
    expect(readJsonAnswer(text, plain)).toEqual({ value: { a: 1 }, problem: null });
  },
);

test.each(["", "```", "```json", "```\n```", "```js\n1\n```", "It is:\n```json\n1\n```"])(
  "finds no JSON in %j",
  (text) => {
    expect(readJsonAnswer(text, plain)).toEqual({ problem: expect.stringContaining("is no JSON") as unknown });
  },
);

test("reads a megabyte of empty lines behind a fence in no time", { timeout: 5_000 }, () => {
  expect(readJsonAnswer(`\`\`\`json\n${"\n".repeat(1_000_000)}{`, plain).problem).toContain("is no JSON");
});

test("gives up on an answer whose check would take for ever", { timeout: 5_000 }, () => {
  const schema = {
    anyOf: ["a", "b"].map((name) => ({ type: "object", properties: { next: { $ref: "#" } }, required: [name] })),
  };
  const text = `${'{"next":'.repeat(60)}{"a":1}${"}".repeat(60)}`;
  expect(readJsonAnswer(text, { kind: "json", schema }).problem).toContain("too deeply nested for its alternatives");
});

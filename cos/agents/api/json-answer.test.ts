import { expect, test } from "vitest";

import { readJsonAnswer } from "./json-answer.ts";

const plain = { kind: "json", schema: null } as const;

test.each(['{"a":1}', '```json\n{"a":1}\n```', ' \n```JSON \r\n\n{"a":1}\n\n```\n ', '```\n{"a":1}```'])(
  "reads %j",
  (text) => {
    expect(readJsonAnswer(text, plain)).toEqual({ value: { a: 1 } });
  },
);

test.each(["", "```", "```json", "```\n```", "```js\n1\n```", "It is:\n```json\n1\n```"])(
  "finds no JSON in %j",
  (text) => {
    expect(readJsonAnswer(text, plain)).toHaveProperty("problem");
  },
);

test("reads a megabyte of empty lines behind a fence in no time", { timeout: 5_000 }, () => {
  expect(readJsonAnswer(`\`\`\`json\n${"\n".repeat(1_000_000)}{`, plain)).toHaveProperty("problem");
});

import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { registerSecret } from "../../../lib/redact.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { answerFileName, keepJsonAnswer, readJsonAnswer, readKeptAnswer } from "./json-answer.ts";

const newFolder = useTemporaryFolders();

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

test("judges an answer as it was given, not as it is kept without secrets", async () => {
  registerSecret("sk-0123456789abcdef");
  const folder = await newFolder();
  const schema = {
    type: "object",
    properties: { key: { type: "string", pattern: "^sk-[0-9a-f]+$" } },
    required: ["key"],
  };
  const format = { kind: "json", schema } as const;
  const answer = readJsonAnswer('{"key":"sk-0123456789abcdef"}', format);
  await keepJsonAnswer(folder, { value: answer.value, problem: answer.problem });
  const text = '{\n  "key": "[redacted]"\n}\n';
  expect(await readKeptAnswer(folder, format)).toEqual({ text, problem: null });
  // One it was not written with is judged by itself.
  await writeFile(join(folder, answerFileName), "{}");
  expect((await readKeptAnswer(folder, format)).problem).toContain("does not fit the schema: key");
});

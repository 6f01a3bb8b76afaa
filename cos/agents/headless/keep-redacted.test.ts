import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { keepRedacted } from "./keep-redacted.ts";

const newFolder = useTemporaryFolders();

async function kept(text: string): Promise<string> {
  const file = join(await newFolder(), "attempt-1.out");
  await writeFile(file, text);
  await keepRedacted(file);
  return readFile(file, "utf8");
}

test("secrets behind the end of a line within JSON are found, and nothing behind them is lost", async () => {
  const event = {
    type: "tool",
    output: "NAME=a\nAPI_KEY=leakleakleak12345\nnext line",
    nested: [{ password: "hunter2" }],
  };
  const [line = "", rest] = (await kept(`${JSON.stringify(event)}\nplain\n`)).split(/\n(.*)/s);
  expect(JSON.parse(line)).toEqual({
    type: "tool",
    output: "NAME=a\nAPI_KEY=[redacted]\nnext line",
    nested: [{ password: "[redacted]" }],
  });
  expect(rest).toBe("plain\n");
});

test("what holds no secret stays to the byte, whatever it is", async () => {
  const text = '{ "a" : 1.0, "big": 12345678901234567890 }\n{"half": "\n[1,\n\n  plain {text}\n';
  expect(await kept(text)).toBe(text);
});

test("plain lines are cleaned together: a key of several lines goes as a whole", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nabc\ndef\n-----END PRIVATE KEY-----";
  expect(await kept(`before\n${key}\nAPI_KEY=leakleakleak12345\n`)).toBe("before\n[redacted]\nAPI_KEY=[redacted]\n");
});

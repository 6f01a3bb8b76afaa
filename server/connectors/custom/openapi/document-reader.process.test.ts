import { rm } from "node:fs/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { bundleProgram } from "../../../../scripts/lib/bundle-program.mjs";
import { createDocumentReader, type DocumentReader } from "./document-reader.ts";

let program = "";
let reader: DocumentReader;
beforeAll(async () => {
  program = await bundleProgram("server/connectors/custom/openapi/document-worker.ts");
  reader = createDocumentReader(program);
});
afterAll(async () => {
  await reader.stop();
  await rm(program, { force: true });
});

const { signal } = new AbortController();
const paths = Object.fromEntries(Array.from({ length: 1_500 }, (_, n) => [`/p${n}`, { get: {} }]));
const large = JSON.stringify({ openapi: "3.0.3", info: { title: "Large" }, servers: [], paths });

test("a document is read while everything else goes on, and the next one after it", async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const drafts = await Promise.all([reader.openApi(large, signal), reader.openApi(large, signal)]);
  clearInterval(timer);
  expect(drafts.map(({ operations }) => operations.length)).toEqual([1_500, 1_500]);
  expect(turns).toBeGreaterThan(1);
});

test("what is no such document is refused with its field, and the reader reads on", async () => {
  await expect(reader.openApi("[]", signal)).rejects.toMatchObject({
    code: "invalid_request",
    issues: [{ path: "body.document" }],
  });
  await expect(reader.openApi("[".repeat(20_000), signal)).rejects.toMatchObject({ code: "invalid_request" });
  expect((await reader.openApi(large, signal)).operations).toHaveLength(1_500);
});

test.each([
  ["takes too long", { timeoutMs: 1, maxMemoryMegabytes: 512 }],
  ["takes too much memory", { timeoutMs: 60_000, maxMemoryMegabytes: 4 }],
])("a document that %s is refused", async (words, limits) => {
  const strict = createDocumentReader(program, limits);
  await expect(strict.openApi(large, signal)).rejects.toMatchObject({
    code: "invalid_request",
    message: expect.stringContaining(words) as string,
    hint: expect.any(String) as string,
  });
  await strict.stop();
});

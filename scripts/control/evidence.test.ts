import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

import { dataFiles } from "../../contract/data-files.ts";
import { systemClock } from "../../lib/clock.ts";
import { systemDisk } from "../../lib/durable-file.ts";
import { parseEnv } from "../../lib/env.ts";
import { openJsonLog } from "../../lib/json-log.ts";
import { copyLog } from "../../lib/json-log-copy.ts";
import { silentLogger } from "../../lib/logger.ts";
import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";
import { evidence } from "./evidence.ts";

const newFolder = useTemporaryFolders();
const said: string[] = [];

beforeEach(() => {
  said.length = 0;
  vi.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
});
afterEach(() => vi.restoreAllMocks());

/** A chain of two rows with its copy. */
async function makeChain() {
  const dataDir = await newFolder();
  const directory = join(dataDir, dataFiles.evidence.path);
  const schema = z.strictObject({ number: z.int() });
  const log = await openJsonLog({ directory, schema, clock: systemClock, logger: silentLogger, isChain: true });
  for (const number of [1, 2]) await log.append({ number });
  await log.close();
  const parts: Buffer[] = [];
  for await (const bytes of copyLog({ disk: systemDisk, directory })) parts.push(bytes);
  const copy = join(dataDir, "copy.jsonl");
  const env = parseEnv({ PORTOS_DATA_DIR: dataDir }, dataDir);
  const prove = (...words: string[]) => evidence(env, new Set(["verify", ...words]));
  return { copy, bytes: Buffer.concat(parts), prove };
}

test("a downloaded chain is proved; an end that is unfinished or a file that is empty is none", async () => {
  const { copy, bytes, prove } = await makeChain();
  await writeFile(copy, bytes);
  expect(await prove(`--file=${copy}`)).toBe(true);
  expect(said.join("")).toContain("The chain is whole: 3 rows");
  for (const changed of [Buffer.concat([bytes.subarray(0, -1), Buffer.from(" ")]), bytes.subarray(0, -9), ""]) {
    said.length = 0;
    await writeFile(copy, changed);
    expect(await prove(`--file=${copy}`)).toBe(false);
    expect(said.join("")).toContain("The chain is broken: copy.jsonl");
  }
});

test("rows that are gone at the beginning are not said to have been removed by retention", async () => {
  const { copy, bytes, prove } = await makeChain();
  await writeFile(copy, bytes.subarray(bytes.indexOf("\n") + 1));
  expect(await prove(`--file=${copy}`)).toBe(false);
  expect(said.join("")).not.toContain("removed by retention");
});

test("what is wrong with a row that is expected is said", async () => {
  const { prove } = await makeChain();
  await expect(prove("--expect=5:abc")).rejects.toMatchObject({ message: "--expect=5:abc is not a row" });
  await expect(prove("--file=")).rejects.toMatchObject({ message: "--file= names no file" });
  expect(await prove()).toBe(true);
});

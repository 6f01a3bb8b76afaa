import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";
import { z } from "zod";

import { systemDisk } from "./durable-file.ts";
import { openJsonLog } from "./json-log.ts";
import { copyLog } from "./json-log-copy.ts";
import { verifyChain, verifyCopy } from "./json-log-verify.ts";
import { silentLogger } from "./logger.ts";
import { useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const schema = z.strictObject({ number: z.int() });
const dayMs = 864e5;

/** Six days, of which retention has removed the first; answers where a copy of them lies. */
async function makeCopy(): Promise<{ directory: string; path: string }> {
  const directory = await newFolder();
  let wall = Date.UTC(2026, 10, 1, 12);
  const start = wall;
  const clock = { now: () => wall, monotonic: () => wall - start };
  const log = await openJsonLog({ directory, schema, clock, logger: silentLogger, isChain: true });
  for (let number = 0; number < 6; number += 1) {
    await log.append({ number });
    if (number === 4) await log.prune(3);
    wall += dayMs;
  }
  await log.close();
  const path = join(await newFolder(), "chain.jsonl");
  for await (const bytes of copyLog({ disk: systemDisk, directory })) await appendFile(path, bytes);
  return { directory, path };
}

test("a copy has every row of every file, and is proved without the folder", async () => {
  const { directory, path } = await makeCopy();
  const whole = await verifyChain({ disk: systemDisk, directory });
  expect(whole.first).toBeGreaterThan(1);
  const { files, rows, first, last } = whole;
  expect(await verifyCopy({ disk: systemDisk, path })).toMatchObject({ isWhole: true, files, rows, first, last });
  const expected = last ?? { n: 0, hash: "" };
  expect(await verifyCopy({ disk: systemDisk, path, expected })).toMatchObject({ isWhole: true });
});

test("what is changed, removed or cut off in a copy is named with its line", async () => {
  const { path } = await makeCopy();
  const text = await readFile(path, "utf8");
  const lines = text.split("\n").slice(0, -1);
  const last = (await verifyCopy({ disk: systemDisk, path })).last ?? { n: 0, hash: "" };
  const written = async (changed: readonly string[]) => {
    await writeFile(path, changed.map((line) => `${line}\n`).join(""));
    return verifyCopy({ disk: systemDisk, path, expected: last });
  };
  const at = lines.findIndex((line) => line.includes('"number":3'));
  expect(await written(lines.with(at, (lines[at] ?? "").replace('"number":3', '"number":4')))).toMatchObject({
    broken: { line: at + 1, reason: "changed" },
    breaks: 1,
  });
  expect(await written(lines.toSpliced(2, 1))).toMatchObject({ broken: { line: 3, reason: "not_next" } });
  expect(await written(lines.slice(1))).toMatchObject({ broken: { line: 1, reason: "wrong_file" } });
  expect(await written(lines.slice(0, -1))).toMatchObject({ broken: { reason: "end_missing" } });
  expect(await written(lines)).toMatchObject({ isWhole: true });
});

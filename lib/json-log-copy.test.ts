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

test("any single changed byte of a copy is found, its last one too, and so is an end that was cut off", async () => {
  const { path } = await makeCopy();
  const bytes = await readFile(path);
  const verify = async (changed: Buffer) => {
    await writeFile(path, changed);
    return verifyCopy({ disk: systemDisk, path });
  };
  const lines = bytes.toString("latin1").split("\n").length - 1;
  for (const value of [0x20, 0x0d, 0x00]) {
    const changed = Buffer.from(bytes);
    changed[bytes.length - 1] = value;
    const report = await verify(changed);
    expect(report).toMatchObject({ isWhole: false, broken: { line: lines, reason: "not_a_row" } });
  }
  for (const cut of [1, 2, 80, 200]) expect(await verify(bytes.subarray(0, -cut))).toMatchObject({ isWhole: false });
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect({ at, isWhole: (await verify(changed)).isWhole }).toEqual({ at, isWhole: false });
  }
  expect(await verify(bytes)).toMatchObject({ isWhole: true });
});

test("an empty file is no chain", async () => {
  const path = join(await newFolder(), "empty.jsonl");
  await writeFile(path, "");
  expect(await verifyCopy({ disk: systemDisk, path })).toMatchObject({ isWhole: false, breaks: 1, rows: 0 });
});

test("rows that stand in another order are not said to be gone", async () => {
  const directory = await newFolder();
  const clock = { now: () => Date.UTC(2026, 10, 1), monotonic: () => 0 };
  const log = await openJsonLog({ directory, schema, clock, logger: silentLogger, isChain: true });
  for (const number of [1, 2, 3]) await log.append({ number });
  await log.close();
  const parts: Buffer[] = [];
  for await (const bytes of copyLog({ disk: systemDisk, directory })) parts.push(bytes);
  const [first = "", second = "", ...rest] = Buffer.concat(parts).toString().split("\n");
  const path = join(directory, "copy");
  await writeFile(path, [second, first, ...rest].join("\n"));
  const { broken } = await verifyCopy({ disk: systemDisk, path });
  expect(broken).toMatchObject({
    line: 1,
    message: "Row 2 stands first, and row 1 behind it: the order was changed.",
  });
});

import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { systemClock } from "../../../lib/clock.ts";
import { systemDisk } from "../../../lib/durable-file.ts";
import { openJsonLog } from "../../../lib/json-log.ts";
import { verifyCopy } from "../../../lib/json-log-verify.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { openEvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import {
  evidenceRowSchema,
  indexEvidence,
  type EvidenceRow,
} from "../../connectors/framework/evidence/evidence-row.ts";
import { sampleIntent, sampleRecord } from "../../connectors/framework/evidence/testing/sample-record.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
const ids: string[] = [];

/** Writes some calls before the server has the folder. */
async function fill(directory: string): Promise<void> {
  const log = await openJsonLog<EvidenceRow>({
    directory,
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
    clock: systemClock,
    logger: silentLogger,
  });
  const book = await openEvidenceBook({ log, directory, clock: systemClock, logger: silentLogger });
  for (const connector of ["slack", "rss", "slack"]) {
    const id = book.newId();
    ids.push(id);
    await book.append(sampleRecord(id, { connector }));
  }
  await book.begin(sampleIntent(book.newId()));
  await log.close();
}

beforeEach(async () => {
  const first = await startTestApp();
  await first.stop();
  ids.length = 0;
  await fill(join(first.env.dataDir, "evidence"));
  app = await startTestApp({ directory: join(first.env.dataDir, "..") });
});
afterEach(() => app.end());

test("calls are listed, shown, counted, proved and exported; one that was under way has an unknown end", async () => {
  const { items, next, underWay } = await app.call("evidence.list", { query: {} });
  expect(items.map(({ outcome }) => outcome)).toEqual(["unknown", "done", "done", "done"]);
  expect(underWay).toEqual([]);
  const page = await app.call("evidence.list", { query: { connector: "slack", limit: 2 } });
  expect(page.items.map(({ id }) => id)).toEqual([items[0]?.id, ids[2]]);
  const rest = await app.call("evidence.list", { query: { connector: "slack", limit: 2, before: page.next ?? "" } });
  expect(rest.items.map(({ id }) => id)).toEqual([ids[0]]);
  expect(next === null || (await app.call("evidence.list", { query: { before: next } })).items.length === 0).toBe(true);
  expect(await app.call("evidence.get", { params: { id: ids[1] ?? "" } })).toEqual(items[2]);
  expect((await app.call("evidence.statistics", { query: {} })).total).toMatchObject({ calls: 4, done: 3, unknown: 1 });
  expect(await app.call("evidence.verify", {})).toMatchObject({ isWhole: true, broken: null });
  const text = await (await fetch(`${app.base}/api/evidence/export?connector=rss`)).text();
  expect(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([items[2]]);
  await expect(app.call("evidence.get", { params: { id: "e0000000000000000000" } })).rejects.toMatchObject({
    status: 404,
  });
  await expect(app.call("evidence.list", { query: { from: "yesterday" } })).rejects.toMatchObject({ status: 400 });
});

test("the chain is downloaded as it is stored, and the copy is proved on its own", async () => {
  const reply = await fetch(`${app.base}/api/evidence/chain`);
  expect(reply.headers.get("content-disposition")).toContain("evidence-chain.jsonl");
  const path = join(app.env.dataDir, "..", "copy.jsonl");
  await writeFile(path, await reply.text());
  const { rows, last } = await app.call("evidence.verify", {});
  expect(await verifyCopy({ disk: systemDisk, path })).toMatchObject({ isWhole: true, rows, last });
});

test("the first broken line is named, and what is kept is told", async () => {
  const folder = join(app.env.dataDir, "evidence");
  const [name = ""] = (await readdir(folder)).filter((one) => one.endsWith(".jsonl"));
  const lines = (await readFile(join(folder, name), "utf8")).split("\n");
  lines[2] = (lines[2] ?? "").replace('"rss"', '"rsz"');
  await writeFile(join(folder, name), lines.join("\n"));
  expect(await app.call("evidence.verify", {})).toMatchObject({
    isWhole: false,
    broken: { file: name, line: 3, reason: "changed" },
  });
  expect(await app.call("evidence.extent", {})).toMatchObject({ keepDays: 365, files: 1, firstDay: name.slice(0, 10) });
});

test("a backup leaves evidence out", async () => {
  const { id } = await app.call("backups.create", {});
  await app.call("backups.restore", { params: { id } });
  expect((await app.call("evidence.list", { query: {} })).items).toHaveLength(4);
  expect(await app.call("evidence.verify", {})).toMatchObject({ isWhole: true });
});

test("what a shorter time would remove is told before anything is saved", async () => {
  expect(await app.call("evidence.removal", { query: { keepDays: 1 } })).toEqual({
    files: 0,
    bytes: 0,
    firstDay: null,
    lastDay: null,
  });
  const folder = join(app.env.dataDir, "evidence");
  await app.stop();
  const [name = ""] = (await readdir(folder)).filter((one) => one.endsWith(".jsonl"));
  const old = `2020-01-01.1577836800.jsonl`;
  await writeFile(join(folder, old), "x".repeat(100));
  app = await startTestApp({ directory: join(app.env.dataDir, "..") });
  expect(await app.call("evidence.removal", { query: { keepDays: 30 } })).toEqual({
    files: 1,
    bytes: 100,
    firstDay: "2020-01-01",
    lastDay: "2020-01-01",
  });
  expect(await readdir(folder)).toEqual(expect.arrayContaining([name, old]));
  for (const keepDays of [0, 1.5, 3651])
    await expect(app.call("evidence.removal", { query: { keepDays } })).rejects.toMatchObject({ status: 400 });
  const settings = await app.call("settings.get", {});
  await expect(app.call("settings.put", { body: { ...settings, evidence: { keepDays: 0 } } })).rejects.toMatchObject({
    status: 400,
  });
});

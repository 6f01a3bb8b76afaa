import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { bundleProgram } from "../../../../scripts/lib/bundle-program.mjs";
import { systemClock } from "../../../../lib/clock.ts";
import { systemDisk } from "../../../../lib/durable-file.ts";
import { openJsonLog } from "../../../../lib/json-log.ts";
import { verifyChain } from "../../../../lib/json-log-verify.ts";
import { silentLogger } from "../../../../lib/logger.ts";
import { runCommand } from "../../../../lib/processes/run-command.ts";
import { spawnChild } from "../../../../lib/processes/spawn-child.ts";
import { until, useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import { openEvidenceBook } from "./evidence-book.ts";
import { evidenceRowSchema, indexEvidence, type EvidenceRow } from "./evidence-row.ts";

const newFolder = useTemporaryFolders();
const rounds = 25;
let program = "";

beforeAll(async () => {
  program = await bundleProgram("server/connectors/framework/evidence/testing/evidence-child.ts");
});
afterAll(async () => {
  await rm(program, { force: true });
});

async function openBook(directory: string) {
  const log = await openJsonLog<EvidenceRow>({
    directory,
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
    clock: systemClock,
    logger: silentLogger,
  });
  return { log, book: await openEvidenceBook({ log, directory, clock: systemClock, logger: silentLogger }) };
}

test(`${rounds} kills at random moments: every call that left has a record, one, and the chain is whole each time`, async () => {
  const folder = await newFolder();
  const directory = join(folder, "evidence");
  const begun = new Set<string>();
  const ended = new Set<string>();
  for (let round = 0; round < rounds; round += 1) {
    const logFile = join(folder, `${round}.out`);
    const child = await spawnChild(process.execPath, [program, directory], { cwd: folder, logFile });
    const printed = async (): Promise<string[]> => (await readFile(logFile, "utf8")).split("\n").slice(0, -1);
    await until(async () => (await printed()).length > 0, 30_000);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
    // Proved by another process while it is being written.
    if (round % 5 === 0) expect(await verifyChain({ disk: systemDisk, directory })).toMatchObject({ isWhole: true });
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    for (const line of await printed()) {
      const [what, id = ""] = line.split(" ");
      (what === "begun" ? begun : ended).add(id);
    }
    expect(await verifyChain({ disk: systemDisk, directory })).toMatchObject({ isWhole: true });
  }
  const { log, book } = await openBook(directory);
  const outcomes = new Map<string, string[]>();
  for await (const { id, outcome } of book.all({})) outcomes.set(id, [...(outcomes.get(id) ?? []), outcome]);
  for (const id of begun) expect(outcomes.get(id)).toHaveLength(1);
  for (const id of ended) expect(outcomes.get(id)).toEqual(["done"]);
  expect(await book.verify()).toMatchObject({ isWhole: true });
  await log.close();
}, 240_000);

test("the command proves the chain, names the first broken line, and knows a row that was noted", async () => {
  const folder = await newFolder();
  const directory = join(folder, "evidence");
  const logFile = join(folder, "child.out");
  const child = await spawnChild(process.execPath, [program, directory], { cwd: folder, logFile });
  await until(async () => (await readFile(logFile, "utf8")).split("\n").length > 40, 30_000);
  const command = (...words: string[]) =>
    runCommand(process.execPath, ["scripts/evidence.mjs", ...words], {
      cwd: process.cwd(),
      env: { PORTOS_DATA_DIR: folder, PORTOS_STATE_DIR: join(folder, "state") },
      timeoutMs: 90_000,
    });
  const running = await command("verify");
  expect([running.code, running.stdout]).toEqual([0, expect.stringMatching(/The chain is whole: \d+ rows/)]);
  process.kill(child.pid, "SIGKILL");
  await child.exited;
  const stopped = await command("verify");
  const [, noted = ""] = /--expect=(\S+)/.exec(stopped.stdout) ?? [];
  expect([stopped.code, noted]).toEqual([0, expect.stringMatching(/^\d+:[0-9a-f]{64}$/)]);
  expect((await command("verify", `--expect=${noted}`)).code).toBe(0);
  const other = await command("verify", `--expect=${noted.split(":")[0] ?? ""}:${"0".repeat(64)}`);
  expect([other.code, other.stdout]).toEqual([1, expect.stringContaining("is another one")]);
  const [file = ""] = (await readdir(directory)).filter((name) => name.endsWith(".jsonl")).toSorted();
  const text = await readFile(join(directory, file), "utf8");
  await writeFile(join(directory, file), text.replace('"slack"', '"slick"'));
  const broken = await command("verify");
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringContaining(`The chain is broken: ${file}, line 2`)]);
  expect((await command()).code).toBe(1);
  expect((await command("prove")).code).toBe(2);
}, 240_000);

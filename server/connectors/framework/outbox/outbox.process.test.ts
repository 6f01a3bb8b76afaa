import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { spawnChild } from "../../../../lib/processes/spawn-child.ts";
import { until, useTemporaryFolders } from "../../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../../scripts/lib/bundle-program.mjs";

const newFolder = useTemporaryFolders();
const rounds = 12;
let program = "";

beforeAll(async () => {
  program = await bundleProgram("server/connectors/framework/outbox/testing/outbox-child.ts");
});
afterAll(async () => {
  await rm(program, { force: true });
});

test(`${rounds} kills at random moments: what was accepted arrives, and in the order of its key`, async () => {
  const folder = await newFolder();
  const directory = join(folder, "outbox");
  const lines: string[] = [];
  let next = 0;

  async function run(name: string, word: string): Promise<{ end(): Promise<void>; printed(): Promise<string[]> }> {
    const logFile = join(folder, `${name}.out`);
    const child = await spawnChild(process.execPath, [program, directory, word], { cwd: folder, logFile });
    const printed = async (): Promise<string[]> => (await readFile(logFile, "utf8")).split("\n").slice(0, -1);
    return {
      printed,
      async end() {
        if (word !== "drain") process.kill(child.pid, "SIGKILL");
        await child.exited;
        lines.push(...(await printed()));
      },
    };
  }

  for (let round = 0; round < rounds; round += 1) {
    const child = await run(String(round), String(next));
    await until(async () => (await child.printed()).length > 5, 30_000);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 80));
    await child.end();
    for (const line of lines) {
      const [what, number] = line.split(" ");
      // Whoever was not told that a message was accepted says it again.
      if (what === "accepted") next = Math.max(next, Number(number) + 1);
    }
  }
  const last = await run("last", "drain");
  await last.end();

  const arrived = new Set<number>();
  for (const line of lines) {
    const [what, text] = line.split(" ");
    const number = Number(text);
    if (what === "arrived") arrived.add(number);
    if (what === "sent" && number >= 3) expect([line, arrived.has(number - 3)]).toEqual([line, true]);
  }
  for (let number = 0; number < next; number += 1) expect([number, arrived.has(number)]).toEqual([number, true]);
  expect(next).toBeGreaterThan(rounds);
}, 240_000);

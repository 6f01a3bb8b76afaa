import { execFile } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { useTemporaryFolders } from "../../lib/testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
const run = promisify(execFile);
const runner = join(import.meta.dirname, "cached-program.cjs");

/** A program of two parts that loads a module of Node at run time and goes on for longer than a cache takes to be written. */
async function makeProgram(): Promise<{ folder: string; start(...flags: string[]): Promise<string> }> {
  const folder = await newFolder();
  await writeFile(
    join(folder, "main-1.cjs"),
    `const { twice } = require("./part-2.cjs");
     const { basename } = require("node:path");
     console.log(twice(basename(__filename)), require("node:os").EOL === "\\n");
     setTimeout(() => undefined, Number(process.env.LASTS));`,
  );
  await writeFile(join(folder, "part-2.cjs"), `exports.twice = (text) => text + text;`);
  const code = `require(${JSON.stringify(runner)}).runCached(${JSON.stringify(join(folder, "main-1.cjs"))})`;
  return {
    folder,
    async start(...flags) {
      const env = { ...process.env, LASTS: flags.includes("--short") ? "0" : "4000", NODE_OPTIONS: "" };
      const { stdout } = await run(process.execPath, [...flags.filter((one) => one !== "--short"), "-e", code], {
        env,
      });
      return stdout.trim();
    },
  };
}

test("a part that fails while it is loaded is never handed out half made", async () => {
  const folder = await newFolder();
  const main = join(folder, "main-1.cjs");
  const tries = `for (const turn of [1, 2]) try { console.log(turn, require("./part-2.cjs").a); } catch (error) { console.log(turn, error.message.split(" '")[0]); }`;
  await writeFile(main, tries);
  await writeFile(join(folder, "part-2.cjs"), `exports.a = 1; require("not-there-at-all"); exports.b = 2;`);
  const code = `require(${JSON.stringify(runner)}).runCached(${JSON.stringify(main)})`;
  const { stdout } = await run(process.execPath, ["-e", code]);
  expect(stdout).toBe("1 Cannot find module\n2 Cannot find module\n");
});

async function caches(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.endsWith(".cjs")).toSorted();
}

test("what V8 has made is kept beside each part, used, and made again when it is damaged", async () => {
  const { folder, start } = await makeProgram();
  const said = "main-1.cjsmain-1.cjs true";
  expect(await start()).toBe(said);
  const made = await caches(folder);
  expect(made).toEqual([
    expect.stringMatching(/^main-1\.cjs\.[0-9a-f]{8}\.cache$/),
    expect.stringMatching(/^part-2\.cjs\.[0-9a-f]{8}\.cache$/),
  ]);
  const [main = ""] = made.map((name) => join(folder, name));
  const written = await stat(main);

  expect(await start()).toBe(said);
  expect((await stat(main)).mtimeMs).toBe(written.mtimeMs);

  const bytes = await readFile(main);
  const whole = Buffer.from(bytes);
  bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 64);
  for (const damaged of [bytes, bytes.subarray(0, 100), Buffer.alloc(0)]) {
    await writeFile(main, damaged);
    expect(await start("--short")).toBe(said);
  }
  expect(await start()).toBe(said);
  expect((await readFile(main)).length).toBe(whole.length);
});

test("other settings of V8 have their own", async () => {
  const { folder, start } = await makeProgram();
  await start();
  await start("--max-semi-space-size=1");
  expect(await caches(folder)).toHaveLength(4);
});

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, it } from "vitest";

import { customConnectorSchema } from "../../../contract/features/custom-connectors.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import { useTemporaryFolders } from "../../../lib/testing/temporary-folder.ts";
import { problemsOf } from "./declared-connector.ts";

const newFolder = useTemporaryFolders();
const cwd = process.cwd();

function generate(...words: string[]) {
  return runCommand(process.execPath, ["scripts/new-connector.mjs", ...words], { cwd });
}

it("writes a program whose test is green with the test kit, and writes over nothing", async () => {
  const folder = await newFolder();
  const made = await generate("tide-table", `--folder=${folder}`);
  expect([made.code, made.stderr]).toEqual([0, ""]);
  expect((await readdir(folder)).toSorted()).toEqual(["tide-table.test.ts", "tide-table.ts", "tsconfig.json"]);
  const tests = await runCommand(process.execPath, ["scripts/test-connectors.mjs", `--folder=${folder}`], {
    cwd,
    timeoutMs: 100_000,
    env: { NO_COLOR: "1" },
  });
  expect(tests.stdout).toContain("3 passed");
  expect(tests.code).toBe(0);
  const types = await runCommand(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
    cwd,
    timeoutMs: 100_000,
  });
  expect(types.stdout).toBe("");
  const before = await readFile(join(folder, "tide-table.ts"), "utf8");
  const again = await generate("tide-table", `--folder=${folder}`);
  expect([again.code, again.stderr.trim()]).toEqual([1, "tide-table.ts is there already"]);
  expect(await readFile(join(folder, "tide-table.ts"), "utf8")).toBe(before);
});

it("writes a file of data that can be used as it is", async () => {
  const folder = await newFolder();
  expect((await generate("tide-table", "--declarative", `--folder=${folder}`)).code).toBe(0);
  const text = await readFile(join(folder, "tide-table.json"), "utf8");
  expect(problemsOf(customConnectorSchema.parse(JSON.parse(text)))).toEqual([]);
  expect((await generate("Tide_Table", `--folder=${folder}`)).stderr).toContain("lower-case letters");
});

import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { bundleProgram } from "../scripts/lib/bundle-program.mjs";
import { until, useTemporaryFolders } from "./testing/temporary-folder.ts";

const newFolder = useTemporaryFolders();
let program = "";

beforeAll(async () => {
  program = await bundleProgram("lib/testing/talking-service.ts");
});
afterAll(async () => {
  await rm(program, { force: true });
});

test("a service outlives the one that reads its output, and still ends when asked", { timeout: 30_000 }, async () => {
  const folder = await newFolder();
  const file = join(folder, "count");
  const child = spawn(process.execPath, [program, file], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const count = async (): Promise<number> => Number(await readFile(file, "utf8").catch(() => "0"));
  await until(async () => (await count()) > 0);
  child.stdout.destroy();
  child.stderr.destroy();
  const before = await count();
  await until(async () => (await count()) > before + 50);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test("no program can open the debugger of a service by a signal", { timeout: 30_000 }, async () => {
  const folder = await newFolder();
  const file = join(folder, "count");
  const child = spawn(process.execPath, [program, file], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const count = async (): Promise<number> => Number(await readFile(file, "utf8").catch(() => "0"));
  await until(async () => (await count()) > 0);
  child.kill("SIGUSR1");
  const before = await count();
  await until(async () => (await count()) > before + 50);
  child.kill("SIGTERM");
  await ended;
  // "Debugger listening on …", or that its port is taken.
  expect(said).not.toMatch(/debugger|inspector/i);
});

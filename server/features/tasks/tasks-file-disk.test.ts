import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { systemDisk } from "../../../lib/durable-file.ts";
import { ChangedMeanwhile, createTasksFileDisk, type TasksFileDisk } from "./tasks-file.ts";

let folder: string;
let path: string;
let disk: TasksFileDisk;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-tasks-file-"));
  path = join(folder, "TASKS.md");
  disk = createTasksFileDisk({ disk: systemDisk, path, folder });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

it("can be written after an edit came between, which stays until it is known", async () => {
  await writeFile(path, "by hand");
  await expect(disk.write("ours", "what was there before")).rejects.toThrow(ChangedMeanwhile);
  expect(await readFile(path, "utf8")).toBe("by hand");
  await disk.write("ours, with the edit", "by hand");
  expect(await readFile(path, "utf8")).toBe("ours, with the edit");
});

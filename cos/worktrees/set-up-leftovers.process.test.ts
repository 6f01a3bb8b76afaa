import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { git } from "../../lib/processes/git-command.ts";
import { commitAll, writeFiles } from "../../lib/testing/git-repository.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import { onlyWorktree, startTestWorktrees, workOf, type TestWorktrees } from "./testing/test-worktrees.ts";

const files = { "readme.md": "one\n", "lock.json": "{}\n", "sample.txt": "s\n", ".gitignore": ".env\n" };
const setupCommand = "mkdir -p made && echo x > made/by-set-up && echo more >> lock.json && rm sample.txt";

let test: TestWorktrees;
beforeEach(async () => {
  test = await startTestWorktrees(files);
});
afterEach(async () => {
  await test.stop();
});

async function setUp(setup = {}) {
  const run = test.entrant();
  const { folder } = await test.enter(run, { setupCommand, ...setup });
  return { id: run.id, folder, head: (await git(folder, ["rev-parse", "HEAD^{tree}"])).trim() };
}

async function looked(id: string) {
  const before = (await onlyWorktree(test)).measuredAt;
  await test.service.touch(id);
  await until(async () => (await onlyWorktree(test)).measuredAt !== before);
  return onlyWorktree(test);
}

describe("what a set-up has left", () => {
  it("is no work: the worktree is empty and can be given back", async () => {
    const { id, head } = await setUp();
    expect(test.told.notices.join("\n")).toContain("has left 3 changes to files that git does not ignore");
    expect(await looked(id)).toMatchObject({ isDirty: false, fate: "empty", keptBecause: null });
    expect(await workOf(test, id)).toBe(head);
    await test.reopen();
    await test.service.reclaim(id);
    expect((await test.service.list()).worktrees).toEqual([]);
  });

  it("stays no work when an agent only looks at its state or has it in the index", async () => {
    const { id, folder, head } = await setUp();
    await git(folder, ["add", "--all"]);
    expect(await looked(id)).toMatchObject({ isDirty: false, fate: "empty" });
    expect(await workOf(test, id)).toBe(head);
    await test.service.reclaim(id);
  });

  it.each([
    ["changes what was made", (folder: string) => appendFile(join(folder, "made/by-set-up"), "y\n")],
    ["changes what was changed", (folder: string) => appendFile(join(folder, "lock.json"), "y\n")],
    ["makes what was deleted anew", (folder: string) => writeFile(join(folder, "sample.txt"), "t\n")],
    ["makes a file beside it", (folder: string) => writeFile(join(folder, "made/other"), "z\n")],
    ["puts a folder in its place", (folder: string) => swap(join(folder, "made/by-set-up"))],
  ])("is work as soon as somebody %s", async (_what, change) => {
    const { id, folder, head } = await setUp();
    await change(folder);
    expect(await looked(id)).toMatchObject({ isDirty: true, keptBecause: "It has changes that are in no commit." });
    expect(await workOf(test, id)).not.toBe(head);
    await expect(test.service.reclaim(id)).rejects.toMatchObject({ code: "conflict" });
    // Once it is put elsewhere, it goes as it is.
    await test.service.setFate(id, "discarded", await workOf(test, id));
    await test.service.reclaim(id);
  });

  it("is work once it is committed", async () => {
    const { id, folder } = await setUp();
    await commitAll(folder, "all of it");
    expect(await looked(id)).toMatchObject({
      commitsAhead: 1,
      keptBecause: "It has commits that are in no other branch.",
    });
  });

  it("is as it was before when somebody puts it back", async () => {
    const { id, folder, head } = await setUp();
    await rm(join(folder, "made"), { recursive: true });
    await git(folder, ["checkout", "--quiet", "--", "."]);
    expect(await looked(id)).toMatchObject({ isDirty: false, fate: "empty" });
    expect(await workOf(test, id)).toBe(head);
  });

  it("in a copied file is no change of that file", async () => {
    await writeFiles(test.repository, { ".env": "A=1\n" });
    const { id, folder } = await setUp({ setupCommand: 'echo "B=2" >> .env', copiedFiles: [".env"] });
    expect(await readFile(join(folder, ".env"), "utf8")).toBe("A=1\nB=2\n");
    expect(await looked(id)).toMatchObject({ fate: "empty", keptBecause: null });
    await appendFile(join(folder, ".env"), "C=3\n");
    expect(await looked(id)).toMatchObject({ keptBecause: ".env was changed since it was copied into it." });
  });

  it("is told when it cannot be told apart, and the run goes on", async () => {
    const { id } = await setUp({ setupCommand: "git init -q begun && echo x > begun/y" });
    expect(test.told.notices.join("\n")).toContain("is shown as work of the agent");
    expect(await looked(id)).toMatchObject({ isDirty: true });
  });
});

async function swap(path: string): Promise<void> {
  await rm(path);
  await mkdir(path);
  await writeFile(join(path, "within"), "w\n");
}

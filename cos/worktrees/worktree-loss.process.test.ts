import { readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { git } from "../../lib/processes/git-command.ts";
import { gitCommit } from "../../lib/processes/git-repository.ts";
import { commitAll, writeFiles } from "../../lib/testing/git-repository.ts";
import { until } from "../../lib/testing/temporary-folder.ts";
import {
  madeWorktree,
  onlyWorktree,
  startTestWorktrees,
  workOf,
  type TestWorktrees,
} from "./testing/test-worktrees.ts";

let test: TestWorktrees;
beforeEach(async () => {
  test = await startTestWorktrees({ "readme.md": "one\n", "packages/a b/x.txt": "x\n", ".gitignore": ".env\n" });
});
afterEach(async () => {
  await test.stop();
});

const only = () => onlyWorktree(test);
const made = () => madeWorktree(test);

describe("what a worktree alone has", () => {
  it("keeps one with a commit that was made on no branch and left", async () => {
    const { id, folder, worktree } = await made();
    await git(folder, ["checkout", "--quiet", "--detach"]);
    await writeFile(join(folder, "new"), "two\n");
    const left = await commitAll(folder, "left");
    await git(folder, ["checkout", "--quiet", worktree.branch]);
    await expect(test.service.reclaim(id)).rejects.toThrow(/in no other branch/);
    // Given up as it is, it goes, and the commit can still be found.
    await test.service.setFate(id, "discarded", await workOf(test, id));
    await test.service.reclaim(id);
    expect(await gitCommit(test.repository, `refs/portos/kept/${id}`)).toBe(left);
  });

  it("stays as it was when git refuses to keep its commits, and goes once git does", async () => {
    const { id, folder } = await made();
    await writeFile(join(folder, "new"), "two\n");
    await commitAll(folder, "work");
    await test.service.setFate(id, "discarded", await workOf(test, id));
    const refs = join(test.repository, ".git", "refs", "portos");
    await writeFile(refs, "");
    await expect(test.service.reclaim(id)).rejects.toThrow();
    expect((await only()).runId).toBe(id);
    expect(await readFile(join(folder, "new"), "utf8")).toBe("two\n");
    await rm(refs);
    await test.service.reclaim(id);
    expect((await test.service.list()).worktrees).toEqual([]);
  });

  it("keeps commits made on no branch when the folder has vanished", async () => {
    const { id, folder } = await made();
    await git(folder, ["checkout", "--quiet", "--detach"]);
    await writeFile(join(folder, "new"), "two\n");
    const commit = await commitAll(folder, "work");
    await rm(folder, { recursive: true });
    await test.service.reclaim(id);
    expect(await gitCommit(test.repository, `refs/portos/kept/${id}`)).toBe(commit);
  });

  it("keeps a copied file that was changed, whether git ignores it or not, until its loss is confirmed", async () => {
    await writeFiles(test.repository, { ".env": "A=1\n", "notes.txt": "n\n" });
    const { folder } = await test.enter(undefined, { copiedFiles: [".env", "notes.txt"] });
    const { runId } = await only();
    await writeFile(join(folder, ".env"), "A=2\n");
    await expect(test.service.reclaim(runId)).rejects.toThrow(/\.env was changed since it was copied/);
    const { lossIfRemoved } = await only();
    await writeFile(join(folder, "notes.txt"), "more\n");
    // Something else than what was confirmed would be lost.
    await expect(test.service.reclaim(runId, lossIfRemoved ?? "")).rejects.toThrow(/\.env and 1 other file were/);
    const { lossIfRemoved: both } = await only();
    expect(both).toContain(folder);
    await writeFile(join(folder, "readme.md"), "work\n");
    await expect(test.service.reclaim(runId, both ?? "")).rejects.toThrow(/in no commit/);
    expect(await only()).toMatchObject({ lossIfRemoved: null });
    await git(folder, ["checkout", "--quiet", "readme.md"]);
    await test.service.reclaim(runId, both ?? "");
    expect((await test.service.list()).worktrees).toEqual([]);
  });

  it.each(["/dev/zero", "/nowhere"])(
    "is not kept waiting by a copied file that became a link to %s",
    async (target) => {
      await writeFiles(test.repository, { ".env": "A=1\n" });
      const { folder } = await test.enter(undefined, { copiedFiles: [".env"] });
      await rm(join(folder, ".env"));
      await symlink(target, join(folder, ".env"));
      await expect(test.service.reclaim((await only()).runId)).rejects.toThrow(/\.env was changed/);
    },
  );

  it("names what git ignores in it, which goes with it", async () => {
    await writeFiles(test.repository, { ".gitignore": ".env\nbuilt/\n", ".env": "A=1\n" });
    await commitAll(test.repository, "ignores more");
    const { folder } = await test.enter(undefined, { copiedFiles: [".env"] });
    await writeFiles(folder, { "built/a.js": "a\n", "built/b/c.js": "c\n", "packages/.env": "B=1\n" });
    await test.service.touch((await only()).runId);
    await until(async () => (await only()).ignored.length > 0);
    expect(await only()).toMatchObject({
      ignored: ["built/", "packages/.env"],
      keptBecause: null,
      isDirty: false,
      lacksSetup: false,
    });
  });

  it("removes one whose repository is gone only when that is confirmed", async () => {
    const { id, folder } = await made();
    await writeFile(join(folder, "new"), "two\n");
    await rename(test.repository, join(test.base, "unplugged"));
    await expect(test.service.reclaim(id)).rejects.toThrow(/repository is not there any more/);
    const { lossIfRemoved, keptBecause } = await only();
    expect(keptBecause).toBe("Its repository is not there any more.");
    expect(lossIfRemoved).toContain(folder);
    expect(await test.service.reclaimAll()).toMatchObject({ removed: 0, kept: 1 });
    // Back again: what was confirmed is not so any more.
    await rename(join(test.base, "unplugged"), test.repository);
    await expect(test.service.reclaim(id, lossIfRemoved ?? "")).rejects.toThrow(/in no commit/);
    await rename(test.repository, join(test.base, "unplugged"));
    await test.service.reclaim(id, lossIfRemoved ?? "");
    await until(async () => (await readdir(join(test.stateDir, "worktrees"))).length === 0);
    expect((await test.service.list()).worktrees).toEqual([]);
  });
});

describe("a worktree made again", () => {
  it("is looked after again where it was, with what is copied into it, and says that it was not set up", async () => {
    await writeFiles(test.repository, { "packages/a b/.env": "A=1\n" });
    const isolation = { kind: "worktree" as const };
    const setup = { setupCommand: "echo ready > ready.txt", setupTimeoutMs: 60_000, copiedFiles: [".env"] };
    const run = test.entrant({ folder: join(test.repository, "packages/a b") });
    const { worktree, folder } = await test.enter(run, setup);
    await rm(join(folder, "ready.txt"));
    const again = { runId: run.id, runTitle: run.title, appId: null, worktree };
    // Asked for while it is being removed, it is not the one that goes.
    const removal = test.service.reclaim(run.id);
    await expect(test.service.adopt(again)).rejects.toMatchObject({ code: "conflict" });
    await removal;
    test.known.run = { isolation, folder, setup };
    await expect(test.service.adopt(again)).rejects.toMatchObject({ code: "conflict" });
    await git(test.repository, ["worktree", "add", "--quiet", "-b", worktree.branch, "--", worktree.folder, "main"]);
    const adopted = await test.service.adopt(again);
    expect(adopted).toMatchObject({
      runId: run.id,
      folder: worktree.folder,
      port: worktree.port,
      fate: "open",
      lacksSetup: true,
    });
    expect(await readFile(join(folder, ".env"), "utf8")).toBe("A=1\n");
    expect((await test.service.adopt(again)).createdAt).toBe(adopted.createdAt);
    await test.reopen();
    // Whoever goes on there is told, once: the set-up might run what an agent has written.
    for (const turn of [1, 2])
      expect((await test.enter({ ...run, worktree }, setup)).folder, `turn ${turn}`).toBe(folder);
    expect(await readdir(folder)).not.toContain("ready.txt");
    expect(test.told.notices.filter((text) => text.includes("was not run"))).toHaveLength(1);
    await test.service.reclaim(run.id);
    expect((await test.service.list()).worktrees).toEqual([]);
    // Nor is any other folder taken up.
    await expect(
      test.service.adopt({ ...again, worktree: { ...worktree, folder: test.repository } }),
    ).rejects.toMatchObject({ code: "conflict" });
  });
});

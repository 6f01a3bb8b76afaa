import { chmod, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { commitAll, makeRepository, writeFiles } from "../testing/git-repository.ts";
import { useTemporaryFolders } from "../testing/temporary-folder.ts";
import { git, runGit } from "./git-command.ts";
import {
  findRepository,
  gitChanges,
  gitCommit,
  gitContains,
  gitCounts,
  gitMergeBase,
  gitWorkTree,
  listGitWorktrees,
  parseStatus,
} from "./git-repository.ts";
import { runCommand } from "./run-command.ts";

const newFolder = useTemporaryFolders();

afterEach(() => {
  delete process.env["GIT_DIR"];
  delete process.env["GIT_CONFIG_GLOBAL"];
});

/** A program that leaves a file behind when it is run. */
async function tripwire(folder: string, name: string): Promise<{ program: string; wasRun: () => Promise<boolean> }> {
  const program = join(folder, name);
  const trace = `${program}.ran`;
  await writeFile(program, `#!/bin/sh\ntouch '${trace}'\ncat "$1" 2>/dev/null\nexit 0\n`);
  await chmod(program, 0o755);
  return {
    program,
    wasRun: () =>
      readFile(trace).then(
        () => true,
        () => false,
      ),
  };
}

test("nothing the repository names is run: hooks, file system monitors, external diffs, text conversions, signatures", async () => {
  const outside = await newFolder();
  const folder = await makeRepository(join(outside, "repository"));
  const { program, wasRun } = await tripwire(outside, "trip");
  for (const setting of ["core.fsmonitor", "diff.external", "diff.trip.textconv", "diff.trip.command", "core.pager"])
    await git(folder, ["config", setting, program]);
  await git(folder, ["config", "core.hooksPath", outside]);
  for (const name of ["pre-commit", "post-commit", "post-checkout", "post-index-change", "reference-transaction"])
    await symlink(program, join(outside, name));
  await git(folder, ["config", "commit.gpgSign", "true"]);
  await git(folder, ["config", "log.showSignature", "true"]);
  await git(folder, ["config", "gpg.program", program]);
  await writeFiles(folder, { ".gitattributes": "* diff=trip\n", "readme.md": "two\n" });

  expect(await git(folder, ["diff"])).toContain("+two");
  await gitChanges(folder);
  await commitAll(folder, "second");
  await git(folder, ["log", "-p"]);
  await git(folder, ["show", "HEAD"]);
  await git(folder, ["worktree", "add", "--quiet", "-b", "side", "--", join(outside, "tree")]);
  expect(await wasRun()).toBe(false);
  await runCommand("git", ["-C", folder, "diff", "HEAD~1"]);
  expect(await wasRun(), "the trap works").toBe(true);
});

test("a .git that was put into a folder does not decide when the git directory is named", async () => {
  const outside = await newFolder();
  const folder = await makeRepository(join(outside, "repository"));
  const tree = join(outside, "tree");
  await git(folder, ["worktree", "add", "--quiet", "-b", "side", "--", tree]);
  const { gitDir } = (await findRepository(tree)) ?? { gitDir: "" };
  const { program, wasRun } = await tripwire(outside, "trip");
  const trap = await makeRepository(join(outside, "trap"));
  await git(trap, ["config", "filter.trip.clean", program]);
  await rm(join(tree, ".git"));
  await writeFiles(tree, {
    ".git": `gitdir: ${trap}/.git\n`,
    ".gitattributes": "* filter=trip\n",
    "readme.md": "two\n",
  });

  const changes = await gitChanges({ gitDir, workTree: tree });
  expect(changes.map(({ path }) => path).toSorted()).toEqual([".gitattributes", "readme.md"]);
  expect(await wasRun()).toBe(false);
});

test("variables of the caller do not lead git elsewhere", async () => {
  const folder = await makeRepository(await newFolder());
  process.env["GIT_DIR"] = "/nowhere";
  process.env["GIT_CONFIG_GLOBAL"] = "/nowhere/config";
  expect((await git(folder, ["rev-parse", "--show-toplevel"])).trim()).toBe(folder);
});

test("a failure is told in git's own words, a missing folder too", async () => {
  const folder = await makeRepository(await newFolder());
  await expect(git(folder, ["rev-parse", "no-such-thing", "--"])).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("bad revision") as unknown,
  });
  expect((await runGit(join(folder, "missing"), ["status"])).code).toBe(128);
  await expect(git(folder, ["log", "-p"], { maxBytes: 20 })).rejects.toMatchObject({ code: "too_large" });
});

test("a file name is a name, not a pattern", async () => {
  const folder = await makeRepository(await newFolder(), { "*.md": "star\n", "readme.md": "one\n" });
  await git(folder, ["rm", "--quiet", "--", "*.md"]);
  expect((await gitChanges(folder)).map(({ path }) => path)).toEqual(["*.md"]);
});

test("the repository of a folder: top, way to it, branch, commit, links of worktrees", async () => {
  const outside = await newFolder();
  const strange = join(outside, "a b\nü");
  const folder = await makeRepository(strange, { "packages/app/a.txt": "a\n" });
  const found = await findRepository(join(folder, "packages/app"));
  expect(found).toMatchObject({ root: strange, prefix: "packages/app", branch: "main", isSubmodule: false });
  expect(found?.head).toBe(await gitCommit(folder, "main"));
  expect(await findRepository(outside)).toBeNull();

  const tree = join(outside, "tree\nof work");
  await git(folder, ["worktree", "add", "--quiet", "-b", "side", "--", tree]);
  const linked = await findRepository(tree);
  expect(linked).toMatchObject({ root: tree, branch: "side", commonDir: join(strange, ".git") });
  expect(linked?.gitDir).not.toBe(linked?.commonDir);
  expect(await listGitWorktrees(folder)).toMatchObject([
    { folder: strange, branch: "main", isPrunable: false },
    { folder: tree, branch: "side", isPrunable: false },
  ]);
  await rm(tree, { recursive: true });
  expect((await listGitWorktrees(folder))[1]).toMatchObject({ isPrunable: true });
});

test("a bare repository and one without a commit are told", async () => {
  const bare = await newFolder();
  await git(bare, ["init", "--quiet", "--bare"]);
  expect(await findRepository(bare)).toMatchObject({ root: null });
  const empty = await makeRepository(await newFolder(), {});
  expect(await findRepository(empty)).toMatchObject({ root: empty, head: null, branch: "main" });
});

test("changes are listed with every kind of name", async () => {
  const folder = await makeRepository(await newFolder(), { "a b.txt": "1\n2\n3\n4\n5\n", gone: "x\n", kept: "y\n" });
  await git(folder, ["mv", "--", "a b.txt", "c\nd.txt"]);
  await rm(join(folder, "gone"));
  await writeFiles(folder, { "new/ü.txt": "n\n", "-dash": "d\n" });
  expect((await gitChanges(folder)).toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
    { path: "-dash", formerPath: null, kind: "untracked", state: "??" },
    { path: "c\nd.txt", formerPath: "a b.txt", kind: "moved", state: "R." },
    { path: "gone", formerPath: null, kind: "changed", state: ".D" },
    { path: "new/ü.txt", formerPath: null, kind: "untracked", state: "??" },
  ]);
  expect(parseStatus("")).toEqual([]);
});

test("ahead, behind and merged are counted", async () => {
  const folder = await makeRepository(await newFolder());
  const first = (await gitCommit(folder, "HEAD")) ?? "";
  await git(folder, ["checkout", "--quiet", "-b", "side"]);
  await writeFiles(folder, { two: "2\n" });
  const second = await commitAll(folder, "second");
  await git(folder, ["checkout", "--quiet", "main"]);
  await writeFiles(folder, { three: "3\n" });
  await commitAll(folder, "third");
  expect(await gitCounts(folder, "main", "side")).toEqual({ behind: 1, ahead: 1 });
  expect(await gitMergeBase(folder, "main", "side")).toBe(first);
  expect(await gitContains(folder, "main", second)).toBe(false);
  expect(await gitContains(folder, "side", first)).toBe(true);
});

test("the tree of the work holds what is there, hidden changes included, and touches neither index nor branch", async () => {
  const folder = await makeRepository(await newFolder(), { a: "a\n", b: "b\n", ".gitignore": "ignored\n" });
  const clean = (await git(folder, ["rev-parse", "HEAD^{tree}"])).trim();
  expect(await gitWorkTree(folder, await newFolder())).toBe(clean);
  await writeFiles(folder, { ignored: "i\n", secret: "s\n" });
  expect(await gitWorkTree(folder, await newFolder(), { without: ["secret"] })).toBe(clean);
  await git(folder, ["update-index", "--assume-unchanged", "--", "a"]);
  await writeFiles(folder, { a: "changed\n" });
  expect(await gitWorkTree(folder, await newFolder(), { without: ["secret"] })).not.toBe(clean);
  expect(await gitChanges(folder)).toMatchObject([{ path: "secret" }]);
});

import { chmod, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { array, assert, asyncProperty, boolean, constantFrom, dictionary, option, tuple } from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { git } from "../../../lib/processes/git-command.ts";
import { commitAll, makeRepository, writeFiles } from "../../../lib/testing/git-repository.ts";
import { hunkHashes, readable, type PatchHunk, type TreeChange } from "./diff-parts.ts";
import { changeHunks, reviewFile, treeChanges } from "./work-diff.ts";
import { findWork } from "./work-place.ts";
import { applyTree, treeBefore, treeWithoutFile, treeWithoutHunk } from "./work-revert.ts";
import { readWork, type Work } from "./work-snapshot.ts";
import { folderContent, makeWork } from "./testing/review-bed.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-review-git-"));
});

afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function read(worktree: RunWorktree): Promise<Work> {
  const place = await findWork(worktree);
  if (!place) throw new Error("There is no worktree");
  return readWork(worktree, place, { scratch: join(directory, "scratch"), without: [] });
}

async function changesOf(work: Work): Promise<TreeChange[]> {
  return treeChanges(work.place, work.base, work.tree);
}

/** The new text as old text and hunks make it. */
function apply(before: string, hunks: readonly PatchHunk[]): string {
  const lines = before.split(/(?<=\n)/);
  const made: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const start = hunk.oldCount === 0 ? hunk.oldStart : hunk.oldStart - 1;
    made.push(...lines.slice(at, start));
    at = start + hunk.oldCount;
    for (const [index, line] of hunk.lines.entries()) {
      if (line.startsWith("-") || line.startsWith("\\")) continue;
      made.push(line.slice(1) + (hunk.lines[index + 1]?.startsWith("\\") === true ? "" : "\n"));
    }
  }
  return [...made, ...lines.slice(at)].join("");
}

const sign = constantFrom(
  "a",
  "b",
  " ",
  "\t",
  "\r",
  "é",
  "\u{1f600}",
  '"',
  "\\",
  "'",
  "@@ -1 +1 @@",
  "--- a/x",
  "+++ b",
  "\u0000".slice(1),
);
const line = array(sign, { maxLength: 4 }).map((signs) => signs.join(""));
const text = tuple(array(line, { maxLength: 30 }), boolean()).map(
  ([lines, isEnded]) => lines.join("\n") + (isEnded && lines.length > 0 ? "\n" : ""),
);
const anyName = array(
  constantFrom("a", "B", " ", '"', "\\", "\n", "\t", "ü", "日", "'", "*", "[", "-", ":", "?", "\u0007"),
  {
    minLength: 1,
    maxLength: 8,
  },
).map((signs) => `f${signs.join("")}`);

/** Ten lines, of which only the first and the last are their own. */
function block(first: string): string {
  return [`${first}1`, ...Array.from({ length: 8 }, () => "same"), "x"].join("\n");
}

describe("a diff", () => {
  it("says of every name and text exactly what was changed", async () => {
    const repository = await makeRepository(join(directory, "r"), { keep: "1\n" });
    await assert(
      asyncProperty(dictionary(anyName, tuple(option(text), option(text)), { maxKeys: 4 }), async (files) => {
        await git(repository, ["read-tree", "--empty"]);
        await git(repository, ["clean", "-fdxq"]);
        const tree = async (side: 0 | 1): Promise<string> => {
          for (const [path, texts] of Object.entries(files)) {
            const content = texts[side];
            if (content === null) await rm(join(repository, path), { force: true });
            else await writeFile(join(repository, path), content);
          }
          await git(repository, ["add", "--all", "."]);
          return (await git(repository, ["write-tree"])).trim();
        };
        const [before, after] = [await tree(0), await tree(1)];
        const changes = await treeChanges(repository, before, after);
        const seen = new Set<string>();
        for (const change of changes) {
          const file = reviewFile(change, { isAccepted: false, isCopied: false });
          seen.add(file.path).add(file.formerPath ?? file.path);
          const { hunks } = await changeHunks(repository, change);
          const old = change.status === "added" ? "" : (files[file.formerPath ?? file.path]?.[0] ?? "");
          const now = change.status === "deleted" ? "" : (files[file.path]?.[1] ?? "");
          expect(readable(apply(Buffer.from(old).toString("latin1"), hunks))).toBe(now);
          const count = (first: string): number =>
            hunks.reduce((sum, { lines }) => sum + lines.filter((one) => one.startsWith(first)).length, 0);
          expect([count("+"), count("-")]).toEqual([file.added, file.removed]);
        }
        for (const [path, [old, now]] of Object.entries(files)) expect(seen.has(path)).toBe(old !== now);
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("shows modes, links, binary files, moves and submodules", async () => {
    const worktree = await makeWork(directory, {
      "run.sh": "echo\n",
      "old name.txt": "one\ntwo\nthree\nfour\nfive\n",
      link: "was a file\n",
      "gone.txt": "",
      "crlf.txt": "a\r\nb\r\n",
    });
    const { folder } = worktree;
    await chmod(join(folder, "run.sh"), 0o755);
    await rename(join(folder, "old name.txt"), join(folder, "new\nname.txt"));
    await rm(join(folder, "link"));
    await symlink("/etc/passwd", join(folder, "link"));
    await rm(join(folder, "gone.txt"));
    await writeFile(join(folder, "crlf.txt"), "a\r\nc\r\n");
    await writeFile(join(folder, "image.bin"), Buffer.from([0, 1, 2, 255]));
    await writeFile(join(folder, "empty"), "");
    await makeRepository(join(folder, "sub"), { x: "1\n" });
    const work = await read(worktree);
    const changes = await changesOf(work);
    const files = Object.fromEntries(
      changes.map((change) => [readable(change.rawPath), reviewFile(change, { isAccepted: false, isCopied: false })]),
    );
    expect(files).toMatchObject({
      "run.sh": { change: "changed", note: "Can be run as a program now", added: 0, removed: 0 },
      "new\nname.txt": { change: "moved", formerPath: "old name.txt" },
      link: { change: "changed", note: "Was a file, is a symbolic link now" },
      "gone.txt": { change: "deleted", removed: 0 },
      "crlf.txt": { added: 1, removed: 1 },
      "image.bin": { change: "added", isBinary: true },
      empty: { change: "added", added: 0 },
      sub: { change: "added", note: "Submodule" },
    });
    const hunksOf = async (path: string): Promise<string[]> => {
      const change = changes.find(({ rawPath }) => rawPath === path);
      return change ? (await changeHunks(work.place, change)).hunks.flatMap(({ lines }) => lines) : [];
    };
    expect(await hunksOf("link")).toEqual(["-was a file", "+/etc/passwd", String.raw`\ No newline at end of file`]);
    expect(await hunksOf("crlf.txt")).toEqual([" a\r", "-b\r", "+c\r"]);
    expect((await hunksOf("sub"))[0]).toMatch(/^\+Subproject commit [0-9a-f]{40}$/);
    expect(await hunksOf("image.bin")).toEqual([]);
  });

  it("keeps the hash of a hunk that moves and gives equal ones each their own", async () => {
    const before = [block("a"), block("a"), ""].join("\n");
    const repository = await makeRepository(join(directory, "r"), { f: before });
    const hashes = async (content: string): Promise<string[]> => {
      await writeFile(join(repository, "f"), content);
      await git(repository, ["add", "f"]);
      const tree = (await git(repository, ["write-tree"])).trim();
      const [change] = await treeChanges(repository, "HEAD", tree);
      return change ? hunkHashes(change, (await changeHunks(repository, change)).hunks) : [];
    };
    const changed = before.replaceAll("\nx\n", "\ny\n");
    const first = await hashes(changed);
    expect(new Set(first).size).toBe(2);
    const later = await hashes(`new\n${changed}`);
    expect(later.slice(1)).toContain(first[1]);
    expect(await hashes(changed.replace(/y\n$/, "z\n"))).not.toContain(first[1]);
  });

  it("takes 5 000 lines", async () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    const worktree = await makeWork(directory, { big: lines.join("\n") });
    await writeFile(join(worktree.folder, "big"), lines.map((one) => `${one}!`).join("\n"));
    const work = await read(worktree);
    const [change] = await changesOf(work);
    if (!change) throw new Error("Nothing is changed");
    const { hunks, isCut } = await changeHunks(work.place, change);
    expect([isCut, hunks[0]?.oldCount, change.added]).toEqual([false, 5_000, 5_000]);
  });
});

describe("the work", () => {
  it("is read without touching the worktree's own index, untracked files included, ignored ones not", async () => {
    const worktree = await makeWork(directory, { a: "1\n", ".gitignore": "*.log\n" });
    const { folder } = worktree;
    await writeFiles(folder, { b: "2\n", "x.log": "no\n", "forced.log": "yes\n" });
    await git(folder, ["add", "-f", "forced.log"]);
    const status = await git(folder, ["status", "--porcelain"]);
    const work = await read(worktree);
    expect(await git(folder, ["status", "--porcelain"])).toBe(status);
    expect((await changesOf(work)).map(({ rawPath }) => rawPath)).toEqual(["b", "forced.log"]);
    expect((await read(worktree)).tree).toBe(work.tree);
  });

  it("is what differs from the base branch after that was merged into it", async () => {
    const worktree = await makeWork(directory, { a: "1\n", b: "1\n" });
    await writeFile(join(worktree.folder, "a"), "2\n");
    await commitAll(worktree.folder, "work");
    await writeFile(join(worktree.repository, "b"), "2\n");
    await commitAll(worktree.repository, "meanwhile");
    await git(worktree.folder, ["merge", "--quiet", "--no-edit", "main"]);
    expect((await changesOf(await read(worktree))).map(({ rawPath }) => rawPath)).toEqual(["a"]);
  });

  it("does not believe a .git the agent has put into the folder", async () => {
    const worktree = await makeWork(directory, { a: "1\n" });
    await writeFile(join(worktree.folder, "a"), "2\n");
    const evil = await makeRepository(join(directory, "evil"), { z: "\n" });
    await rm(join(worktree.folder, ".git"));
    await writeFile(join(worktree.folder, ".git"), `gitdir: ${evil}/.git\n`);
    expect((await changesOf(await read(worktree))).map(({ rawPath }) => rawPath)).toEqual(["a"]);
  });
});

describe("a revert", () => {
  const lines = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  const base = `${lines.join("\n")}\n`;
  const odd = 'odd "ü\n name';

  async function changedWork(): Promise<RunWorktree> {
    const worktree = await makeWork(directory, { [odd]: base, "moved.txt": base, gone: "x\r\n", kept: "1\n" });
    const changed = base
      .replace("line 2\n", "LINE 2\n")
      .replace("line 20\n", "LINE 20\nmore\n")
      .replace("line 39\n", "end");
    await writeFile(join(worktree.folder, odd), changed);
    await rename(join(worktree.folder, "moved.txt"), join(worktree.folder, "to.txt"));
    await writeFile(join(worktree.folder, "to.txt"), changed);
    await rm(join(worktree.folder, "gone"));
    await writeFiles(worktree.folder, { "new/file": "n\n" });
    await chmod(join(worktree.folder, "kept"), 0o755);
    return worktree;
  }

  it("takes one hunk out and leaves the others, and can be undone", async () => {
    const worktree = await changedWork();
    for (const path of [odd, "to.txt"]) {
      const before = await folderContent(worktree.folder);
      const work = await read(worktree);
      const change = (await changesOf(work)).find(({ rawPath }) => readable(rawPath) === path);
      if (!change) throw new Error("It is not changed");
      const { hunks } = await changeHunks(work.place, change);
      expect(hunks).toHaveLength(3);
      const [, middle] = hunks;
      if (!middle) throw new Error("There is no such hunk");
      const after = await treeWithoutHunk(work, change, middle);
      await applyTree(work, after);
      expect(await readFile(join(worktree.folder, path), "utf8")).toBe(
        base.replace("line 2\n", "LINE 2\n").replace("line 39\n", "end"),
      );
      const later = await read(worktree);
      expect(later.tree).toBe(after);
      await applyTree(later, await treeBefore(later, work.tree, after));
      expect(await folderContent(worktree.folder)).toEqual(before);
    }
  });

  it("of every file gives back what was there before", async () => {
    const worktree = await changedWork();
    for (;;) {
      const work = await read(worktree);
      const [change] = await changesOf(work);
      if (!change) break;
      await applyTree(work, await treeWithoutFile(work, change));
    }
    expect(await folderContent(worktree.folder)).toEqual(await folderContent(worktree.repository));
  });

  it("touches nothing when the agent has changed the file since", async () => {
    const worktree = await changedWork();
    const work = await read(worktree);
    const [change] = await changesOf(work);
    if (!change) throw new Error("Nothing is changed");
    const path = join(worktree.folder, readable(change.rawPath));
    await writeFile(path, "quite different\n");
    const now = await folderContent(worktree.folder);
    await expect(applyTree(work, await treeWithoutFile(work, change))).rejects.toMatchObject({ code: "conflict" });
    expect(await folderContent(worktree.folder)).toEqual(now);
  });

  it("is not brought back over what was changed since", async () => {
    const worktree = await changedWork();
    const work = await read(worktree);
    const change = (await changesOf(work)).find(({ rawPath }) => rawPath === "to.txt");
    if (!change) throw new Error("It is not changed");
    const after = await treeWithoutFile(work, change);
    await applyTree(work, after);
    await writeFile(join(worktree.folder, "moved.txt"), "other\n");
    const later = await read(worktree);
    await expect(treeBefore(later, work.tree, after)).rejects.toMatchObject({ code: "conflict" });
  });
});

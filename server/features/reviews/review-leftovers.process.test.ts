import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { git } from "../../../lib/processes/git-command.ts";
import { gitWorkTree } from "../../../lib/processes/git-repository.ts";
import { noteNoWork } from "../../../lib/processes/no-work.ts";
import { commitAll, writeFiles } from "../../../lib/testing/git-repository.ts";
import { endedRun, folderContent, makeWork, runId, startReviews, type ReviewBed } from "./testing/review-bed.ts";
import { findWork } from "./work-place.ts";

let directory: string;
let worktree: RunWorktree;
let bed: ReviewBed;

const base = `${Array.from({ length: 20 }, (_, index) => `line ${index + 1}`).join("\n")}\n`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-review-left-"));
  vi.stubEnv("HOME", directory);
  vi.stubEnv("XDG_CONFIG_HOME", directory);
  const files = { "app.txt": base, "lock.json": "{}\n", "sample.txt": "s\n", ".gitignore": ".env.ignored\n" };
  worktree = await makeWork(directory, files);
  bed = await startReviews(directory);
});

afterEach(async () => {
  await bed.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

const file = (path: string): string => join(worktree.folder, path);
const headTree = async (place: string): Promise<string> => (await git(place, ["rev-parse", "HEAD^{tree}"])).trim();
const treeOf = async (): Promise<string> => (await bed.reviews.get(runId)).tree;
const shown = async (): Promise<string[]> => (await bed.reviews.get(runId)).files.map(({ path }) => path);

/** The agent has changed a file, and one the set-up has made. */
async function work(): Promise<void> {
  await writeFiles(worktree.folder, {
    "app.txt": base.replace("line 3\n", "LINE 3\n").replace("line 17\n", "LINE 17\n"),
    "made/one": "1 and more\n",
  });
  await bed.open(endedRun(worktree));
}

describe("what the set-up command has left", () => {
  beforeEach(async () => {
    await writeFiles(worktree.folder, { "made/one": "1\n", "made/two": "2\n", "lock.json": '{ "set": "up" }\n' });
    await rm(file("sample.txt"));
    const place = await findWork(worktree);
    if (!place) throw new Error("There is no worktree");
    const scratch = join(directory, "set-up");
    await mkdir(scratch);
    await noteNoWork(place, await gitWorkTree(place, scratch), 100);
  });

  it("lays nothing open by itself, nor once it is put back", async () => {
    await bed.open(endedRun(worktree, { state: "failed" }));
    expect(bed.reviews.list().open).toEqual([]);
    await git(worktree.folder, ["checkout", "--quiet", "--", "lock.json"]);
    await bed.open(endedRun(worktree, { state: "failed" }));
    expect(bed.reviews.list().open).toEqual([]);
  });

  it("is neither shown, counted nor merged; what the agent has changed of it is", async () => {
    await work();
    const before = await folderContent(worktree.folder);
    expect(bed.reviews.list().open).toMatchObject([{ files: 2, added: 3, removed: 2 }]);
    expect(await shown()).toEqual(["app.txt", "made/one"]);
    const tree = await treeOf();
    await bed.reviews.decide.merge(runId, { tree, message: "Tidy up" }, "anna");
    const merged = await folderContent(worktree.repository);
    expect(merged).toEqual({
      ".gitignore": "file:.env.ignored\n",
      "app.txt": before["app.txt"],
      "lock.json": "file:{}\n",
      "made/one": "file:1 and more\n",
      "sample.txt": "file:s\n",
    });
    expect(bed.fates).toMatchObject([{ fate: "merged", tree }]);
    expect(await headTree(worktree.folder)).toBe(tree);
    expect(await folderContent(worktree.folder)).toEqual(before);
    await bed.reviews.decide.undo(runId, "anna");
    expect(await folderContent(worktree.folder)).toEqual(before);
    expect(await shown()).toEqual(["app.txt", "made/one"]);
    // The same once the worktree was given back and is made again: what was left over is not work that was lost.
    await bed.reviews.decide.branch(runId, { tree, name: "kept", message: "Tidy up" }, "anna");
    expect(await git(worktree.repository, ["ls-tree", "-r", "--name-only", "kept"])).not.toContain("made/two");
    await git(worktree.repository, ["worktree", "remove", "--force", "--", worktree.folder]);
    await bed.reviews.decide.undo(runId, "anna");
    expect(await treeOf()).toBe(tree);
  });

  it("stays what it is when parts of the work are taken back", async () => {
    await work();
    const before = await folderContent(worktree.folder);
    const { hunks } = await bed.reviews.file(runId, "app.txt");
    const revert = async (path: string, hunk: string | null) =>
      bed.reviews.revert(runId, { path, hunk, tree: await treeOf() }, "anna");
    await revert("app.txt", hunks[0]?.hash ?? "");
    expect((await revert("made/one", null)).files.map(({ path }) => path)).toEqual(["app.txt"]);
    const { "made/one": _one, ...others } = before;
    expect(await folderContent(worktree.folder)).toEqual({
      ...others,
      "app.txt": `file:${base.replace("line 17\n", "LINE 17\n")}`,
    });
    await bed.reviews.undoRevert(runId);
    await bed.reviews.undoRevert(runId);
    expect(await folderContent(worktree.folder)).toEqual(before);
    await bed.reviews.decide.discard(runId, { tree: await treeOf() }, "anna");
    expect(
      await git(worktree.repository, ["ls-tree", "-r", "--name-only", `refs/portos/discarded/${runId}`]),
    ).not.toContain("made/two");
  });

  it("is work once the agent has committed it", async () => {
    await commitAll(worktree.folder, "everything");
    await bed.open(endedRun(worktree));
    expect(await shown()).toEqual(["lock.json", "made/one", "made/two", "sample.txt"]);
  });
});

describe("a file that was copied into the worktree", () => {
  const copies = [".env.local", ".env.ignored"];
  const note = "The file you copied, committed by the agent";

  beforeEach(async () => {
    bed.state.copied = copies;
    for (const path of copies) {
      await writeFile(join(worktree.repository, path), "TOKEN=1\n");
      await writeFile(file(path), "TOKEN=1\n");
    }
  });

  it("is no work, changed or not, until the agent commits it", async () => {
    await bed.open(endedRun(worktree));
    expect(bed.reviews.list().open).toEqual([]);
    await writeFiles(worktree.folder, { ".env.local": "TOKEN=2\n", "app.txt": "changed\n" });
    await git(worktree.folder, ["add", "--force", "--", ".env.ignored"]);
    await bed.open(endedRun(worktree));
    expect(await bed.reviews.get(runId)).toMatchObject({ files: [{ path: "app.txt", note: null }], blocked: null });
  });

  it.each(copies)(
    "is told for what it is when the agent has committed %s, and nobody is to commit it",
    async (path) => {
      await git(worktree.folder, ["add", "--force", "--", path]);
      await writeFiles(worktree.folder, { "new.txt": "new\n" });
      await commitAll(worktree.folder, "all of it");
      await bed.open(endedRun(worktree));
      const { files, blocked } = await bed.reviews.get(runId);
      expect(files.find((one) => one.path === path)?.note).toBe(note);
      expect(files.find((one) => one.path === "new.txt")?.note).toBeNull();
      expect((await bed.reviews.file(runId, path)).file.note).toBe(note);
      expect(blocked).toContain("copied into the worktree, and the agent has committed");
      expect(blocked).toContain("Ask the agent to take");
      expect(blocked).not.toMatch(/stash|Move (it|them) away/);
      expect(await readFile(join(worktree.repository, path), "utf8")).toBe("TOKEN=1\n");
    },
  );
});

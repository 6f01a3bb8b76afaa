import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it, vi } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { git } from "../../../lib/processes/git-command.ts";
import { gitCommit } from "../../../lib/processes/git-repository.ts";
import { writeFiles } from "../../../lib/testing/git-repository.ts";
import { endedRun, makeWork, runId, startReviews, type ReviewBed } from "./testing/review-bed.ts";

let directory: string;
let worktree: RunWorktree;
let bed: ReviewBed;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-review-safety-"));
  vi.stubEnv("HOME", directory);
  vi.stubEnv("XDG_CONFIG_HOME", directory);
  worktree = await makeWork(directory, { "app.txt": "app\n", "other.txt": "one\n", ".gitignore": "ignored/\n" });
  bed = await startReviews(directory);
});

afterEach(async () => {
  await bed.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

async function work(): Promise<void> {
  await writeFiles(worktree.folder, { "app.txt": "APP\n", "tool.sh": "echo\n", "ignored/x": "x\n" });
  await bed.open(endedRun(worktree));
}

const main = (): Promise<string | null> => gitCommit(worktree.repository, "refs/heads/main");
const repositoryFile = (path: string): Promise<string> => readFile(join(worktree.repository, path), "utf8");

async function merge(): Promise<void> {
  const { tree } = await bed.reviews.get(runId);
  await bed.reviews.decide.merge(runId, { tree, message: "Tidy up" }, "anna");
}

it("work is told of once for each end of the run, however many ask for it", async () => {
  const opened: string[] = [];
  bed.reviews.onOpened(({ runId: id }) => void opened.push(id));
  await work();
  await bed.open(endedRun(worktree));
  expect(opened).toEqual([runId]);
  await bed.open(endedRun(worktree, { endedAt: "2026-11-21T09:00:00.000Z" }));
  expect(opened).toEqual([runId, runId]);
});

it("a merge never overwrites what git is told to ignore, neither there nor back", async () => {
  await work();
  await git(worktree.folder, ["add", "--force", "ignored/x"]);
  for (const path of ["ignored/x", "ignored", "ignored/x/y"]) {
    const ignores = await repositoryFile(".gitignore");
    await writeFile(join(worktree.repository, ".git", "info", "exclude"), "ignored\n");
    await writeFiles(worktree.repository, { [path]: "mine\n" });
    expect((await bed.reviews.get(runId)).blocked).toContain("would be overwritten");
    await expect(merge()).rejects.toMatchObject({ code: "conflict" });
    expect([await repositoryFile(path), await repositoryFile(".gitignore")]).toEqual(["mine\n", ignores]);
    await rm(join(worktree.repository, "ignored"), { recursive: true });
  }
  await git(worktree.folder, ["rm", "--quiet", "other.txt"]);
  await merge();
  expect(await repositoryFile("ignored/x")).toBe("x\n");
  await writeFile(join(worktree.repository, ".git", "info", "exclude"), "other.txt\n");
  await writeFiles(worktree.repository, { "other.txt": "mine now\n" });
  await expect(bed.reviews.decide.undo(runId, "anna")).rejects.toThrow(/would be overwritten/);
  expect(await repositoryFile("other.txt")).toBe("mine now\n");
});

it("a merge is not taken back by half when its worktree cannot be made again", async () => {
  await work();
  await merge();
  const merged = await main();
  await git(worktree.repository, ["worktree", "remove", "--force", worktree.folder]);
  const other = await git(worktree.repository, ["commit-tree", "main^{tree}", "-m", "gone on"]);
  await git(worktree.repository, ["branch", "--force", worktree.branch, other.trim()]);
  await expect(bed.reviews.decide.undo(runId, "anna")).rejects.toThrow(/cannot be brought back/);
  expect(await main()).toBe(merged);
  expect((await bed.reviews.get(runId)).state).toBe("merged");
  expect(bed.records.get(runId)?.pending).toBeNull();
});

it("a decision is told without keeping the work from whoever hears of it", async () => {
  await work();
  const seen: string[] = [];
  bed.reviews.onDecided(async ({ state }) => {
    await bed.reviews.open(endedRun(worktree)); // as the chief of staff does, one thing after the other
    seen.push(`${state}: ${(await bed.reviews.get(runId)).state}`);
  });
  await merge();
  expect(seen).toEqual(["merged: merged"]);
  await writeFile(join(worktree.folder, "tool.sh"), "echo again\n");
  await bed.open(endedRun(worktree));
  await expect.poll(() => seen).toEqual(["merged: merged", "open: open"]);
  await expect.poll(() => bed.fates.map(({ fate }) => fate)).toEqual(["merged", "open"]);
});
it("work git cannot take in whole is shown as far as it can be, and says why it cannot be merged", async () => {
  await work();
  await git(worktree.folder, ["init", "--quiet", "nested"]);
  await writeFiles(worktree.folder, { "nested/a.txt": "a\n" });
  await bed.open(endedRun(worktree));
  const review = await bed.reviews.get(runId);
  expect(review.files.map(({ path }) => path)).toEqual(["app.txt", "tool.sh"]);
  expect(review.blocked).toContain("Git cannot take in all files of the work: 'nested/'");
  await expect(merge()).rejects.toMatchObject({ code: "conflict" });
});

it("work whose repository is away says that, and is whole when it is back", async () => {
  await work();
  const { tree } = await bed.reviews.get(runId);
  await bed.reviews.addComment(runId, { path: "app.txt", side: "new", line: 1, text: "Why?" }, "anna");
  const away = `${worktree.repository}-away`;
  await rename(worktree.repository, away);
  expect((await bed.reviews.get(runId)).blocked).toMatch(/^The repository is not there any more/);
  await expect(bed.reviews.decide.merge(runId, { tree, message: "Tidy up" }, "anna")).rejects.toThrow(
    /^The repository is not there any more/,
  );
  await rename(away, worktree.repository);
  expect(await bed.reviews.get(runId)).toMatchObject({ tree, blocked: null, comments: [{ isOutdated: false }] });
  await rm(worktree.folder, { recursive: true });
  expect((await bed.reviews.get(runId)).blocked).toBe("The worktree is not there any more.");
});

it("a check that ran elsewhere on this very work is shown, until the work is another or it runs here", async () => {
  const known = [{ name: "Tests", command: "npm test", timeoutMs: 60_000 }];
  await bed.stop();
  bed = await startReviews(directory, known);
  await bed.reviews.start();
  await work();
  const { tree } = await bed.reviews.get(runId);
  const at = "2026-11-21T08:06:00.000Z";
  const facts = { name: "Tests", command: "npm test", sessionId: null, exitCode: null, message: null };
  const passed = { ...facts, state: "succeeded" as const, startedAt: at, endedAt: at, tree, isStale: false };
  bed.state.ranElsewhere = [passed];
  expect((await bed.reviews.get(runId)).checks).toEqual([passed]);
  bed.state.ranElsewhere = [{ ...passed, tree: "0".repeat(40) }];
  expect((await bed.reviews.get(runId)).checks).toEqual([]);
  bed.state.ranElsewhere = [passed];
  const { checks } = await bed.reviews.check(runId);
  expect(checks).toMatchObject([{ state: "running" }]);
  bed.sessions.end(checks[0]?.sessionId ?? "", { exitCode: 1 });
  await expect.poll(async () => (await bed.reviews.get(runId)).checks).toMatchObject([{ state: "failed" }]);
});

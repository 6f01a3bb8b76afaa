import { chmod, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { git } from "../../../lib/processes/git-command.ts";
import { registerSecret } from "../../../lib/redact.ts";
import { gitCommit, listGitWorktrees } from "../../../lib/processes/git-repository.ts";
import { commitAll, writeFiles } from "../../../lib/testing/git-repository.ts";
import { endedRun, folderContent, makeWork, runId, startReviews, type ReviewBed } from "./testing/review-bed.ts";

let directory: string;
let worktree: RunWorktree;
let bed: ReviewBed;

const lines = Array.from({ length: 30 }, (_, index) => `line ${index + 1}`);
const base = `${lines.join("\n")}\n`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-reviews-"));
  vi.stubEnv("HOME", directory); // whoever runs the tests has told git a name
  vi.stubEnv("XDG_CONFIG_HOME", directory);
  worktree = await makeWork(directory, { "app.txt": base, "other.txt": "one\n", ".gitignore": "ignored/\n" });
  bed = await startReviews(directory, [
    { name: "Tests", command: "npm test", timeoutMs: 60_000 },
    { name: "Types", command: "tsc", timeoutMs: 60_000 },
  ]);
});

afterEach(async () => {
  await bed.stop();
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

/** The agent has committed one change and left others uncommitted. */
async function work(): Promise<void> {
  await writeFile(join(worktree.folder, "app.txt"), base.replace("line 3\n", "LINE 3\n"));
  await commitAll(worktree.folder, "wip");
  await writeFile(
    join(worktree.folder, "app.txt"),
    base.replace("line 3\n", "LINE 3\n").replace("line 25\n", "LINE 25\n"),
  );
  await writeFiles(worktree.folder, { "new/file.txt": "new\n", "tool.sh": "echo\n", "ignored/x": "x\n" });
  await chmod(join(worktree.folder, "tool.sh"), 0o755);
  await bed.open(endedRun(worktree));
}

const main = (): Promise<string | null> => gitCommit(worktree.repository, "refs/heads/main");
const repositoryFile = (path: string): Promise<string> => readFile(join(worktree.repository, path), "utf8");
const treeOf = async (): Promise<string> => (await bed.reviews.get(runId)).tree;

async function merge(message = "Tidy up"): Promise<void> {
  await bed.reviews.decide.merge(runId, { tree: await treeOf(), message }, "anna");
}

/** What is on disk when the server is killed behind one of its steps. */
async function cutOff(steps: "none" | "files" | "half" | "branch"): Promise<{ from: string; to: string }> {
  await work();
  await bed.reviews.decide.merge(runId, { tree: await treeOf(), message: "Tidy up" }, "anna");
  const decision = bed.records.get(runId)?.decision;
  if (!decision) throw new Error("It was not merged");
  const [from, to] = [decision.from ?? "", decision.to ?? ""];
  if (steps !== "branch") await git(worktree.repository, ["update-ref", "refs/heads/main", from]);
  if (steps === "none") await git(worktree.repository, ["read-tree", "--reset", "-u", from]);
  if (steps === "half") {
    await git(worktree.repository, ["read-tree", "--reset", "-u", from]);
    await git(worktree.repository, ["checkout", "--quiet", to, "--", "tool.sh"]);
    await git(worktree.repository, ["rm", "--quiet", "--cached", "tool.sh"]);
    await writeFile(join(worktree.repository, "app.txt"), await readFile(join(worktree.folder, "app.txt")));
  }
  await git(worktree.folder, ["update-ref", "HEAD", decision.head]);
  await git(worktree.folder, ["read-tree", decision.head]);
  await bed.records.change(runId, (one) => ({
    ...one,
    state: "open",
    decision: null,
    pending: { kind: "merge", decision },
  }));
  await bed.stop();
  bed = await startReviews(directory);
  return { from, to };
}

describe("a review", () => {
  it("is opened for committed and uncommitted changes, and not for none", async () => {
    await bed.open(endedRun(worktree));
    expect(bed.reviews.list().open).toEqual([]);
    await work();
    expect(bed.reviews.list().open).toMatchObject([{ runId, title: "Tidy up", files: 3, added: 4, removed: 2 }]);
    const review = await bed.reviews.get(runId);
    expect(review.files.map(({ path, change }) => [path, change])).toEqual([
      ["app.txt", "changed"],
      ["new/file.txt", "added"],
      ["tool.sh", "added"],
    ]);
    expect(review).toMatchObject({ state: "open", blocked: null, conflicts: [], cannotSend: null });
  });

  it("keeps what was accepted until it is changed, hunk by hunk", async () => {
    await work();
    const { hunks } = await bed.reviews.file(runId, "app.txt");
    expect(hunks).toHaveLength(2);
    const accept = (hunk: string | null, isAccepted = true) =>
      bed.reviews.accept(runId, { path: "app.txt", hunk, isAccepted });
    expect((await accept(hunks[0]?.hash ?? "")).files[0]?.isAccepted).toBe(false);
    expect((await accept(hunks[1]?.hash ?? "")).files[0]?.isAccepted).toBe(true);
    expect((await accept(hunks[1]?.hash ?? "", false)).files[0]?.isAccepted).toBe(false);
    await accept(null);
    const app = join(worktree.folder, "app.txt");
    await writeFile(app, `first\n${(await readFile(app, "utf8")).replace("LINE 25", "LINE twentyfive")}`);
    expect((await bed.reviews.get(runId)).files[0]?.isAccepted).toBe(false);
    const later = (await bed.reviews.file(runId, "app.txt")).hunks;
    expect(later.map(({ isAccepted }) => isAccepted)).toEqual([false, false]);
    await writeFile(app, base.replace("line 3\n", "LINE 3\n"));
    expect((await bed.reviews.file(runId, "app.txt")).hunks.map(({ isAccepted }) => isAccepted)).toEqual([true]);
    registerSecret("amber-lantern-58");
    await writeFile(app, base.replace("line 3\n", "key amber-lantern-58\n"));
    const [hunk] = (await bed.reviews.file(runId, "app.txt")).hunks;
    expect(hunk?.lines).toContain("+key [redacted]");
    await accept(hunk?.hash ?? "");
    expect((await bed.reviews.file(runId, "app.txt")).hunks.map(({ isAccepted }) => isAccepted)).toEqual([true]);
  });

  it("finds the lines of comments again, and says when one is gone", async () => {
    await work();
    await bed.reviews.addComment(runId, { path: "app.txt", side: "new", line: 25, text: "Why?" }, "anna");
    await bed.reviews.addComment(runId, { path: "app.txt", side: "new", line: 3, text: "Loud" }, "anna");
    await bed.reviews.addComment(runId, { path: "app.txt", side: "old", line: 25, text: "Was good" }, "anna");
    const app = join(worktree.folder, "app.txt");
    await writeFile(app, `a\nb\n${(await readFile(app, "utf8")).replace("LINE 3\n", "")}`);
    const { comments } = await bed.reviews.get(runId);
    expect(comments.map(({ line, isOutdated }) => [line, isOutdated])).toEqual([
      [26, false],
      [3, true],
      [25, false],
    ]);
    await expect(
      bed.reviews.addComment(runId, { path: "app.txt", side: "new", line: 900, text: "?" }, "anna"),
    ).rejects.toMatchObject({ code: "conflict" });
  });

  it("sends what was not sent as one message, once, and follows the next turn", async () => {
    await work();
    await bed.reviews.addComment(runId, { path: "app.txt", side: "new", line: 25, text: "Why ```?" }, "anna");
    await bed.reviews.addComment(runId, { path: "tool.sh", side: "new", line: 1, text: "Add a shebang" }, "anna");
    const [, second] = (await bed.reviews.get(runId)).comments;
    await bed.reviews.updateComment(runId, second?.id ?? "", "Add a first line");
    const sent = await bed.reviews.send(runId, "Then run the tests.");
    expect(bed.said).toEqual([
      [
        "I have looked at your changes and have 2 comments. Please address each of them.",
        "### app.txt:25\n```\nLINE 25\n```\nWhy ```?",
        "### tool.sh:1\n```\necho\n```\nAdd a first line",
        "Then run the tests.",
      ].join("\n\n"),
    ]);
    expect(sent.comments.every(({ sentAt }) => sentAt !== null)).toBe(true);
    expect(sent).toMatchObject({
      runState: "running",
      cannotSend: "The agent is at work. Wait until it is done, or stop it.",
    });
    await expect(bed.reviews.send(runId, "More")).rejects.toMatchObject({ code: "conflict" });
    await expect(bed.reviews.decide.discard(runId, sent, "anna")).rejects.toThrow("The agent is at work");
    await writeFile(join(worktree.folder, "tool.sh"), "#!/bin/sh\necho\n");
    await bed.open(endedRun(worktree, { eventCount: 9 }));
    expect(bed.reviews.list().open).toMatchObject([{ added: 5 }]);
    await bed.open(endedRun(worktree, { canContinue: false }));
    expect((await bed.reviews.get(runId)).cannotSend).toContain("new run");
  });

  it("takes a file or a hunk back, refuses when it changed meanwhile, and undoes one after the other", async () => {
    await work();
    const before = await folderContent(worktree.folder);
    const tree = await treeOf();
    const { hunks } = await bed.reviews.file(runId, "app.txt");
    await bed.reviews.revert(runId, { path: "app.txt", hunk: hunks[1]?.hash ?? "", tree }, "anna");
    expect(await readFile(join(worktree.folder, "app.txt"), "utf8")).toBe(base.replace("line 3\n", "LINE 3\n"));
    const late = bed.reviews.revert(runId, { path: "tool.sh", hunk: null, tree }, "anna");
    await expect(late).rejects.toThrow("The work was changed meanwhile");
    const left = await bed.reviews.revert(runId, { path: "tool.sh", hunk: null, tree: await treeOf() }, "anna");
    expect(left.files.map(({ path }) => path)).toEqual(["app.txt", "new/file.txt"]);
    await bed.reviews.undoRevert(runId);
    expect((await bed.reviews.undoRevert(runId)).canUndoRevert).toBe(false);
    expect(await folderContent(worktree.folder)).toEqual(before);
  });

  it("runs the checks one after the other and marks them stale when the work changes", async () => {
    await work();
    await bed.reviews.start();
    const running = await bed.reviews.check(runId);
    expect(running.checks.map(({ state }) => state)).toEqual(["running", "queued"]);
    await expect(bed.reviews.check(runId)).rejects.toMatchObject({ code: "conflict" });
    bed.sessions.end(running.checks[0]?.sessionId ?? "", { exitCode: 0 });
    await expect.poll(() => bed.sessions.commands).toEqual(["npm test", "tsc"]);
    const states = async () => (await bed.reviews.get(runId)).checks.map(({ state, message }) => [state, message]);
    await expect.poll(states).toEqual([
      ["succeeded", null],
      ["running", null],
    ]);
    bed.sessions.end((await bed.reviews.get(runId)).checks[1]?.sessionId ?? "", { exitCode: 2 });
    await expect.poll(states).toEqual([
      ["succeeded", null],
      ["failed", "Exit code 2"],
    ]);
    expect((await bed.reviews.get(runId)).checks.map(({ isStale }) => isStale)).toEqual([false, false]);
    await writeFile(join(worktree.folder, "tool.sh"), "echo 2\n");
    expect((await bed.reviews.get(runId)).checks.map(({ isStale }) => isStale)).toEqual([true, true]);
    await bed.reviews.check(runId);
    expect((await bed.reviews.stopChecks(runId)).checks.map(({ state }) => state)).toContain("cancelled");
    await expect.poll(states).toEqual([
      ["cancelled", "Stopped"],
      ["cancelled", "Not run"],
    ]);
    await bed.reviews.check(runId);
    expect(await bed.reviews.stopAllChecks()).toBe(1);
    await expect.poll(async () => (await states())[0]).toEqual(["cancelled", "Stopped"]);
    expect(await bed.reviews.stopAllChecks()).toBe(0);
    await bed.reviews.check(runId);
    await bed.reviews.send(runId, "Once more"); // what the checks look at changes from now on
    await expect.poll(async () => (await states())[0]).toEqual(["cancelled", "Stopped"]);
  });
});

describe("a merge", () => {
  it("brings everything into the branch and its folder, and can be taken back", async () => {
    await work();
    const told: string[] = [];
    bed.reviews.onDecided(({ state, by }) => void told.push(`${state} by ${by}`));
    const before = await main();
    const work1 = await folderContent(worktree.folder);
    await writeFile(join(worktree.repository, "mine.txt"), "mine\n");
    await writeFile(join(worktree.repository, "other.txt"), "mine, too\n");
    await merge();
    expect(await repositoryFile("app.txt")).toContain("LINE 3\n");
    expect(await repositoryFile("new/file.txt")).toBe("new\n");
    expect(await git(worktree.repository, ["status", "--porcelain"])).toBe(" M other.txt\n?? mine.txt\n");
    const review = await bed.reviews.get(runId);
    const merged = await main();
    const decision = { by: "anna", commit: merged, branch: "main", canUndo: true };
    expect(review).toMatchObject({ state: "merged", decision });
    expect(review.files).toHaveLength(3);
    expect(await git(worktree.repository, ["log", "--format=%an|%s|%P", "-1"])).toMatch(/^Test\|Tidy up\|\w+ \w+\n$/);
    await bed.reviews.decide.undo(runId, "bert");
    expect(await main()).toBe(before);
    expect(await repositoryFile("app.txt")).toBe(base);
    expect(await git(worktree.repository, ["status", "--porcelain"])).toBe(" M other.txt\n?? mine.txt\n");
    expect(await folderContent(worktree.folder)).toEqual(work1);
    expect((await bed.reviews.get(runId)).state).toBe("open");
    expect(told).toEqual(["merged by anna", "open by bert"]);
    expect(bed.fates.map(({ fate }) => fate)).toEqual(["merged", "open"]);
  });

  it("of work without a commit of its own is one commit by the user, on a branch nobody has checked out", async () => {
    await git(worktree.repository, ["checkout", "--quiet", "-b", "elsewhere"]);
    await writeFile(join(worktree.folder, "other.txt"), "two\n");
    await bed.open(endedRun(worktree));
    await git(worktree.repository, ["config", "--unset", "user.name"]);
    await merge("Say two");
    const log = await git(worktree.repository, ["log", "main", "--format=%an|%ae|%s"]);
    expect(log).toMatch(/^PortOS\|portos@localhost\|Say two\nTest/);
    expect(await repositoryFile("other.txt")).toBe("one\n");
    expect(await git(worktree.folder, ["status", "--porcelain"])).toBe("");
  });

  it("puts both sides together when the branch has gone on", async () => {
    await work();
    await writeFile(join(worktree.repository, "other.txt"), "meanwhile\n");
    await commitAll(worktree.repository, "meanwhile");
    await merge();
    expect(await repositoryFile("other.txt")).toBe("meanwhile\n");
    expect(await repositoryFile("app.txt")).toContain("LINE 25\n");
  });

  it("names the files that conflict and changes nothing", async () => {
    await work();
    await writeFile(join(worktree.repository, "app.txt"), base.replace("line 3\n", "third\n"));
    const theirs = await commitAll(worktree.repository, "meanwhile");
    expect(await bed.reviews.get(runId)).toMatchObject({
      conflicts: ["app.txt"],
      blocked: "One file conflicts with the base branch.",
    });
    await expect(merge()).rejects.toMatchObject({ code: "conflict" });
    expect(await main()).toBe(theirs);
    await bed.reviews.bringUpToDate(runId);
    expect(bed.said[0]).toContain("- app.txt");
    expect(bed.said[0]).toContain("merge the branch main");
  });

  it("never touches a file with changes of its own, whatever kind they are", async () => {
    await work();
    const before = await main();
    for (const path of ["app.txt", "new/file.txt", "new"]) {
      await writeFiles(worktree.repository, { [path]: "mine\n" });
      expect((await bed.reviews.get(runId)).blocked).toContain("changes in");
      await expect(merge()).rejects.toMatchObject({ code: "conflict" });
      expect(await repositoryFile(path)).toBe("mine\n");
      expect(await main()).toBe(before);
      await git(worktree.repository, ["checkout", "--", "."]);
      await git(worktree.repository, ["clean", "-fdq"]);
    }
    await merge();
    await writeFile(join(worktree.repository, "app.txt"), "mine now\n");
    await expect(bed.reviews.decide.undo(runId, "anna")).rejects.toMatchObject({ code: "conflict" });
    expect(await repositoryFile("app.txt")).toBe("mine now\n");
    expect((await bed.reviews.get(runId)).state).toBe("merged");
  });

  it("is refused for work that is not what was seen", async () => {
    await work();
    const seen = await treeOf();
    await writeFile(join(worktree.folder, "tool.sh"), "rm -rf /\n");
    const refused = { code: "conflict", message: "The work was changed meanwhile" };
    await expect(bed.reviews.decide.merge(runId, { tree: seen, message: "Tidy" }, "anna")).rejects.toMatchObject(
      refused,
    );
  });

  it("can be taken back when the worktree was given back meanwhile", async () => {
    await work();
    const { "ignored/x": _ignored, ...before } = await folderContent(worktree.folder);
    const status = await git(worktree.folder, ["status", "--porcelain", "-uall"]);
    await merge();
    await git(worktree.repository, ["worktree", "remove", "--force", worktree.folder]);
    await git(worktree.repository, ["branch", "--quiet", "-D", worktree.branch]);
    bed.state.isForgotten = true;
    const mine = join(directory, "mine");
    await git(worktree.repository, ["worktree", "add", "--quiet", "-b", "mine", "--", mine]);
    await rename(mine, join(directory, "unplugged"));
    await bed.reviews.decide.undo(runId, "anna");
    // portos-cos looks after it again, and what others have made is left alone.
    expect(bed.adopted).toEqual([worktree.folder]);
    expect((await listGitWorktrees(worktree.repository)).map(({ folder }) => folder)).toContain(mine);
    expect(await folderContent(worktree.folder)).toEqual(before);
    expect(await git(worktree.folder, ["status", "--porcelain", "-uall"])).toBe(status);
    expect((await bed.reviews.get(runId)).blocked).toBeNull();
  });

  it("cannot be taken back once the branch has gone on", async () => {
    await work();
    await merge();
    await writeFile(join(worktree.repository, "other.txt"), "more\n");
    await commitAll(worktree.repository, "more");
    expect((await bed.reviews.get(runId)).decision?.canUndo).toBe(false);
    await expect(bed.reviews.decide.undo(runId, "anna")).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("a merge that was cut off", () => {
  for (const steps of ["none", "files", "half", "branch"] as const)
    it(`is finished at the next start, with ${steps} done`, async () => {
      const { to } = await cutOff(steps);
      await bed.reviews.start();
      expect(await main()).toBe(to);
      expect(await git(worktree.repository, ["status", "--porcelain"])).toBe("");
      expect(await git(worktree.folder, ["status", "--porcelain"])).toBe("");
      expect((await bed.reviews.get(runId)).state).toBe("merged");
    });

  it("is not done when the branch went elsewhere meanwhile", async () => {
    await cutOff("none");
    await writeFile(join(worktree.repository, "other.txt"), "elsewhere\n");
    const other = await commitAll(worktree.repository, "elsewhere");
    await bed.reviews.start();
    expect(await main()).toBe(other);
    expect(await bed.reviews.get(runId)).toMatchObject({ state: "open", blocked: null });
  });

  it("stays undone over files the user has changed meanwhile", async () => {
    const { from } = await cutOff("none");
    await writeFile(join(worktree.repository, "app.txt"), "mine\n");
    await bed.reviews.start();
    expect([await main(), await repositoryFile("app.txt")]).toEqual([from, "mine\n"]);
    expect((await bed.reviews.get(runId)).state).toBe("open");
  });
});

describe("work that is not merged", () => {
  it("is kept as a branch, and that can be taken back", async () => {
    await work();
    const before = await folderContent(worktree.folder);
    const branch = async (name: string) =>
      bed.reviews.decide.branch(runId, { tree: await treeOf(), name, message: "Tidy up" }, "anna");
    for (const name of ["main", "a..b", "-f", "refs/heads/x", "HEAD", worktree.branch])
      await expect(branch(name)).rejects.toThrow();
    await branch("feature/tidy");
    expect(await git(worktree.repository, ["show", "feature/tidy:new/file.txt"])).toBe("new\n");
    expect(await bed.reviews.get(runId)).toMatchObject({
      state: "branch",
      decision: { branch: "feature/tidy", canUndo: true },
    });
    await bed.reviews.decide.undo(runId, "anna");
    expect(await gitCommit(worktree.repository, "refs/heads/feature/tidy")).toBeNull();
    expect(await folderContent(worktree.folder)).toEqual(before);
  });

  it("is discarded and brought back whole, untracked files included, when the worktree is long gone", async () => {
    await work();
    const before = await folderContent(worktree.folder);
    const status = await git(worktree.folder, ["status", "--porcelain", "-uall"]);
    bed.state.isAway = true;
    await bed.reviews.decide.discard(runId, { tree: await treeOf() }, "anna");
    expect(bed.records.get(runId)?.news).toMatchObject({ to: ["cos"] });
    await git(worktree.repository, ["worktree", "remove", "--force", worktree.folder]);
    await git(worktree.repository, ["branch", "--quiet", "-D", worktree.branch]);
    await git(worktree.repository, ["reflog", "expire", "--expire=now", "--all"]);
    await git(worktree.repository, ["gc", "--quiet", "--prune=now"]);
    expect((await bed.reviews.get(runId)).files).toHaveLength(3);
    bed.state.isAway = false;
    await bed.reviews.start();
    await expect.poll(() => bed.fates.map(({ fate }) => fate)).toEqual(["discarded"]);
    await bed.reviews.decide.undo(runId, "anna");
    const { "ignored/x": _ignored, ...kept } = before;
    expect(await folderContent(worktree.folder)).toEqual(kept);
    expect(await git(worktree.folder, ["status", "--porcelain", "-uall"])).toBe(status);
    expect(await gitCommit(worktree.repository, `refs/portos/discarded/${runId}`)).toBeNull();
    expect((await bed.reviews.get(runId)).files).toHaveLength(3);
  });

  it("is laid open again when the agent goes on with it", async () => {
    await work();
    await bed.reviews.decide.merge(runId, { tree: await treeOf(), message: "Tidy up" }, "anna");
    await bed.open(endedRun(worktree));
    expect(bed.reviews.hasOpen(runId)).toBe(false);
    await writeFile(join(worktree.folder, "tool.sh"), "echo again\n");
    await bed.open(endedRun(worktree));
    expect(bed.reviews.hasOpen(runId)).toBe(true);
    expect((await bed.reviews.get(runId)).files.map(({ path }) => path)).toEqual(["tool.sh"]);
  });
});

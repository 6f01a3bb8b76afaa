import { copyFile } from "node:fs/promises";

import { AppError } from "../../../lib/app-error.ts";
import { git, gitError, runGit } from "../../../lib/processes/git-command.ts";
import { patchOf, type PatchHunk, type TreeChange } from "./diff-parts.ts";
import type { Work } from "./work-snapshot.ts";

/** The tree of the work without the change of a file. */
export async function treeWithoutFile(work: Work, change: TreeChange): Promise<string> {
  const { rawPath, rawFormerPath, status, oldMode, oldId } = change;
  const none = "0".repeat(oldId.length);
  const lines = [
    `0 ${none}\t${rawPath}`,
    ...(status === "added" ? [] : [`${oldMode} ${oldId}\t${status === "moved" ? rawFormerPath : rawPath}`]),
  ];
  return withChangedIndex(work, async (env) => {
    const input = Buffer.from(lines.map((line) => `${line}\0`).join(""), "latin1");
    await git(work.place, ["update-index", "-z", "--index-info"], { env, input });
  });
}

/** The tree of the work without one run of changed lines. */
export async function treeWithoutHunk(work: Work, change: TreeChange, hunk: PatchHunk): Promise<string> {
  // The only hunk of a file that is new or gone is the file.
  if (change.status === "added" || change.status === "deleted") return treeWithoutFile(work, change);
  if (change.oldMode === "160000" || change.newMode === "160000") return treeWithoutFile(work, change);
  return withChangedIndex(work, async (env) => {
    const args = ["apply", "--cached", "--reverse", "--whitespace=nowarn", "-p1", "-"];
    const applied = await runGit(work.place, args, { env, input: patchOf(change.rawPath, hunk) });
    if (applied.code !== 0) throw gitError(args, applied);
  });
}

/**
 * Makes the files of the worktree those of `to`, which differs from the work as it was read in some files. Files the agent
 * has changed since are not touched: then nothing is changed and it throws `conflict`.
 */
export async function applyTree(work: Work, to: string): Promise<void> {
  const args = ["read-tree", "-m", "-u", work.tree, to];
  const applied = await runGit(work.place, args, { env: { GIT_INDEX_FILE: work.index }, timeoutMs: 120_000 });
  if (applied.code === 0) return;
  if (applied.code === null) throw gitError(args, applied);
  throw new AppError("conflict", "The work was changed meanwhile, so nothing was reverted", {
    hint: "Look at it as it is now, then try again.",
  });
}

/**
 * The tree `now` with the files in which `before` and `after` differ as they are in `before`. Throws `conflict` when one of
 * them is not as it is in `after` any more.
 */
export async function treeBefore(work: Work, before: string, after: string): Promise<string> {
  const changed = await names(work, before, after);
  const since = new Set(await names(work, after, work.tree));
  if (changed.some((name) => since.has(name)))
    throw new AppError("conflict", "What was reverted was changed since, so it cannot be brought back", {
      hint: "Ask the agent to do it again, or change the file by hand.",
    });
  const entries = await git(work.place, ["ls-tree", "-r", "-z", "--full-tree", before], {
    encoding: "latin1",
    maxBytes: 256 * 1024 * 1024,
  });
  const wanted = new Set(changed);
  const kept = entries.split("\0").flatMap((entry) => {
    const [info, path] = splitOnce(entry);
    const [mode = "", , id = ""] = info.split(" ");
    return wanted.has(path) ? [`${mode} ${id}\t${path}`] : [];
  });
  const none = "0".repeat(before.length);
  const lines = [...changed.map((path) => `0 ${none}\t${path}`), ...kept];
  return withChangedIndex(work, async (env) => {
    const input = Buffer.from(lines.map((line) => `${line}\0`).join(""), "latin1");
    await git(work.place, ["update-index", "-z", "--index-info"], { env, input });
  });
}

async function names(work: Work, from: string, to: string): Promise<string[]> {
  const args = ["diff-tree", "-r", "--name-only", "-z", "--no-renames", from, to];
  const text = await git(work.place, args, { encoding: "latin1", maxBytes: 64 * 1024 * 1024 });
  return text.split("\0").filter((name) => name !== "");
}

function splitOnce(entry: string): [string, string] {
  const at = entry.indexOf("\t");
  return [entry.slice(0, at), entry.slice(at + 1)];
}

async function withChangedIndex(
  work: Work,
  change: (env: { GIT_INDEX_FILE: string }) => Promise<void>,
): Promise<string> {
  const index = `${work.index}.next`;
  await copyFile(work.index, index);
  const env = { GIT_INDEX_FILE: index };
  await change(env);
  return (await git(work.place, ["write-tree"], { env })).trim();
}

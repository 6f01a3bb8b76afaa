import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { errorCode } from "../../lib/durable-file.ts";
import { git, runGit } from "../../lib/processes/git-command.ts";
import { findRepository, gitCommit } from "../../lib/processes/git-repository.ts";
import type { WorktreeRecord } from "./worktree-record.ts";

const checkoutMs = 10 * 60_000;

type Made = Pick<WorktreeRecord, "repository" | "folder" | "branch" | "baseCommit">;

/** Makes the folder and the branch of a record; answers with the git directory of the worktree. */
export async function addWorktree({ repository, folder, branch, baseCommit }: Made): Promise<string> {
  await git(repository, ["worktree", "add", "--quiet", "--no-track", "-b", branch, "--", folder, baseCommit], {
    timeoutMs: checkoutMs,
  });
  const found = await findRepository(folder);
  if (found === null) throw new AppError("internal", "The worktree is not known to git");
  return found.gitDir;
}

/** Takes a worktree no agent has been in away again, with its branch if it has no commit of its own. What is not there is fine. */
export async function takeBack(record: Made): Promise<void> {
  await rm(record.folder, { recursive: true, force: true });
  if ((await stat(record.repository).catch(() => null)) === null) return;
  await forgetWorktree(record);
  await dropBranch(record, record.baseCommit);
}

/** Lets git forget one worktree whose folder is gone. Others, whoever made them, are left alone. */
export async function forgetWorktree({ repository, folder }: Pick<Made, "repository" | "folder">): Promise<void> {
  const removed = await runGit(repository, ["worktree", "remove", "--force", "--force", "--", folder]);
  if (removed.code === 0 || /is not a working tree/.test(removed.stderr)) return;
  // A `worktree add` that was cut short leaves a directory git itself cannot read.
  const found = await findRepository(repository);
  const gitDir = found === null ? null : await gitDirNaming(join(found.commonDir, "worktrees"), folder);
  if (gitDir !== null) await rm(gitDir, { recursive: true, force: true });
}

async function gitDirNaming(worktrees: string, folder: string): Promise<string | null> {
  const { readdir } = await import("node:fs/promises");
  for (const name of await readdir(worktrees).catch(() => [])) {
    const pointer = await readFile(join(worktrees, name, "gitdir"), "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return "";
      throw error;
    });
    if (pointer.replace(/\n$/, "") === join(folder, ".git")) return join(worktrees, name);
  }
  return null;
}

/** Deletes the branch of a worktree while it stands where it is expected to. */
export async function dropBranch({ repository, branch }: Pick<Made, "repository" | "branch">, at: string) {
  if ((await gitCommit(repository, `refs/heads/${branch}`)) !== at) return;
  await git(repository, ["update-ref", "-d", `refs/heads/${branch}`, at]);
}

import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import { git, runGit } from "../../../lib/processes/git-command.ts";
import type { WorktreeRecord } from "../worktree-record.ts";

/**
 * The repository a sandbox works with: a small one of its own that reads the objects of the user's repository and writes into its
 * own folder. Whatever happens in the sandbox, the user's repository is only read; commits are taken over from here afterwards.
 */
export interface SandboxRepository {
  folder: string;
  /** Stands in for the `.git` of the worktree. */
  pointer: string;
  writable: string[];
  /** Parts of what is writable that decide what is run or read. */
  readOnly: string[];
}

const name = "worktree";

/** The git directory of the worktree in there. */
export function sandboxGitDir(folder: string): string {
  return join(folder, "worktrees", name);
}

/** Where it is and what of it may be written. */
export function sandboxRepository(folder: string): SandboxRepository {
  const own = sandboxGitDir(folder);
  return {
    folder,
    pointer: join(folder, "pointer"),
    writable: [join(folder, "objects"), join(folder, "refs"), join(folder, "logs"), own],
    readOnly: [join(folder, "objects/info"), join(own, "commondir"), join(own, "gitdir")],
  };
}

/** Makes it anew, with the branches, the index and the state of the worktree as they are now. */
export async function makeSandboxRepository(record: WorktreeRecord, folder: string): Promise<SandboxRepository> {
  const { repository, commonDir, gitDir, branch } = record;
  if (gitDir === null) throw new AppError("internal", "The worktree was not made yet");
  await rm(folder, { recursive: true, force: true });
  await git(repository, ["clone", "--quiet", "--bare", "--shared", "--template=", "--", commonDir, folder], {
    timeoutMs: 120_000,
    settings: ["protocol.file.allow=always"],
  });
  const place = { gitDir: folder, workTree: folder };
  await git(place, ["symbolic-ref", "HEAD", `refs/heads/${branch}`]);
  await git(place, ["config", "--unset-all", "remote.origin.url"]);
  // Commits are asked for by their id: nothing is written into what the sandbox may write.
  await git(place, ["config", "uploadpack.allowAnySHA1InWant", "true"]);
  for (const key of ["user.name", "user.email", "core.autocrlf", "core.fileMode", "core.ignoreCase", "core.symlinks"]) {
    const value = await runGit(repository, ["config", "--local", "--get", key]);
    if (value.code === 0) await git(place, ["config", key, value.stdout.replace(/\n$/, "")]);
  }
  const own = sandboxRepository(folder);
  const tree = sandboxGitDir(folder);
  for (const path of [...own.writable, join(folder, "objects/info")]) await mkdir(path, { recursive: true });
  await writeFile(join(tree, "commondir"), "../..\n");
  await writeFile(join(tree, "gitdir"), `${join(record.folder, ".git")}\n`);
  await copyFile(join(gitDir, "HEAD"), join(tree, "HEAD"));
  await copyFile(join(gitDir, "index"), join(tree, "index"));
  await writeFile(own.pointer, `gitdir: ${tree}\n`);
  return own;
}

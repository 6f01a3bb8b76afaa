import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import { git, runGit } from "../../../lib/processes/git-command.ts";
import { gitCommit } from "../../../lib/processes/git-repository.ts";
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

/** Where it is and what of it may be written. */
export function sandboxRepository(folder: string): SandboxRepository {
  const own = join(folder, "worktrees", name);
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
  const tree = join(folder, "worktrees", name);
  for (const path of [...own.writable, join(folder, "objects/info")]) await mkdir(path, { recursive: true });
  await writeFile(join(tree, "commondir"), "../..\n");
  await writeFile(join(tree, "gitdir"), `${join(record.folder, ".git")}\n`);
  await copyFile(join(gitDir, "HEAD"), join(tree, "HEAD"));
  await copyFile(join(gitDir, "index"), join(tree, "index"));
  await writeFile(own.pointer, `gitdir: ${tree}\n`);
  return own;
}

/**
 * Takes the commits made in the sandbox over into the user's repository: checked objects, and the branch of the worktree moved
 * to where HEAD stands in there. The folder stays as it is. Throws when that cannot be done; then nothing is lost and nothing changed.
 */
export async function takeCommits(record: WorktreeRecord, folder: string): Promise<void> {
  const { repository, branch, gitDir } = record;
  const head = (await readFile(join(folder, "worktrees", name, "HEAD"), "utf8")).trim();
  const target = /^ref: (refs\/heads\/.+)$/.exec(head)?.[1] ?? /^[0-9a-f]{40,64}$/.exec(head)?.[0] ?? "";
  const place = { gitDir: folder, workTree: folder };
  const commit = await gitCommit(place, target);
  if (commit === null || gitDir === null) throw new AppError("conflict", "Its HEAD stands for no commit");
  const before = await gitCommit(repository, `refs/heads/${branch}`);
  if (commit === before) return;
  await git(
    repository,
    [
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-write-fetch-head",
      "--no-recurse-submodules",
      "--update-head-ok",
      "--",
      folder,
      `+${commit}:refs/heads/${branch}`,
    ],
    { timeoutMs: 300_000, settings: ["fetch.fsckObjects=true", "protocol.file.allow=always"] },
  );
  await git({ gitDir, workTree: record.folder }, ["reset", "--quiet"]);
}

import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";

import type { RunWorktree } from "../../../contract/features/isolation.ts";
import { findRepository } from "../../../lib/processes/git-repository.ts";

/** Where the work of a run is, and the repository it belongs to. */
export interface WorkPlace {
  /** Its own git directory inside the repository's, so that a `.git` put into the folder decides nothing. */
  gitDir: string;
  workTree: string;
  /** What all worktrees of the repository share. */
  commonDir: string;
}

/** Finds a worktree by what its repository knows; `null` when its folder or the repository is not there any more. */
export async function findWork({ folder, repository }: RunWorktree): Promise<WorkPlace | null> {
  if (!(await isFolder(folder)) || !(await isFolder(repository))) return null;
  const found = await findRepository(repository);
  if (!found) return null;
  const home = join(found.commonDir, "worktrees");
  const wanted = await realpath(folder);
  for (const name of await readdir(home).catch(() => [])) {
    const gitDir = join(home, name);
    const pointer = await readFile(join(gitDir, "gitdir"), "utf8").catch(() => "");
    const target = pointer.replace(/\n$/, "").replace(/\/\.git$/, "");
    if (target !== "" && (await realpath(target).catch(() => "")) === wanted)
      return { gitDir, workTree: wanted, commonDir: found.commonDir };
  }
  return null;
}

/** Why `findWork` finds nothing, in one sentence: the work may be there while its repository is not. */
export async function whyNoWork({ folder, repository }: RunWorktree): Promise<string> {
  if (!(await isFolder(folder))) return "The worktree is not there any more.";
  if ((await isFolder(repository)) && (await findRepository(repository)) !== null)
    return "The repository knows nothing of the worktree any more.";
  return "The repository is not there any more, or on a disk that is not there now. The work waits in its worktree until it is back.";
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await lstat(folder)).isDirectory();
  } catch {
    return false;
  }
}

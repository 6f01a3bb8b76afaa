import { join } from "node:path";

import { AppError } from "../../lib/app-error.ts";
import { gitError, runGit } from "../../lib/processes/git-command.ts";
import { findRepository } from "../../lib/processes/git-repository.ts";

/** What a worktree is made from. */
export interface WorktreeBase {
  /** Top folder of the repository. */
  repository: string;
  commonDir: string;
  /** Way from the top to the folder runs are to work in. */
  prefix: string;
  branch: string | null;
  commit: string;
}

/** Looks whether a worktree can be made from a folder. Throws `invalid_request` that names the field and says what to do. */
export async function worktreeBase(folder: string | null): Promise<WorktreeBase> {
  if (folder === null) throw refused("A worktree needs a folder with a git repository", "Choose an app or a folder.");
  const found = await findRepository(folder);
  if (found === null)
    throw refused(
      `${folder} is in no git repository`,
      "Choose no isolation, or make it a repository: git init, then commit.",
    );
  if (found.root === null) throw refused(`${folder} is a bare repository`, "Choose a folder with checked out files.");
  if (found.head === null)
    throw refused(`The repository ${found.root} has no commit yet`, "Make the first commit, or choose no isolation.");
  if (found.isSubmodule)
    throw refused(`${found.root} is a submodule of another repository`, "Choose no isolation for work in submodules.");
  if (await has(found.root, `${found.head}:.gitmodules`))
    throw refused(
      `The repository ${found.root} has submodules, which a worktree would lack`,
      "Choose no isolation for it.",
    );
  if (found.prefix !== "" && !(await has(found.root, `${found.head}:${found.prefix}`)))
    throw refused(
      `${join(found.root, found.prefix)} is in no commit of its repository`,
      "Commit the folder, or choose no isolation.",
    );
  const { root, commonDir, prefix, branch, head } = found;
  return { repository: root, commonDir, prefix, branch, commit: head };
}

async function has(folder: string, object: string): Promise<boolean> {
  const args = ["cat-file", "-e", object];
  const reply = await runGit(folder, args);
  if (reply.code === null) throw gitError(args, reply);
  return reply.code === 0;
}

export function refused(message: string, hint: string): AppError {
  return new AppError("invalid_request", message, { hint, issues: [{ path: "body.isolation", message }] });
}

/** Branch of a run: its title in plain letters and the end of its id, which no other run has. */
export function branchFor(title: string, runId: string): string {
  const slug = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return `portos/${slug === "" ? "run" : slug}-${runId.slice(-6)}`;
}

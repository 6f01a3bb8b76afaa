import { readlink } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import { git, gitError, runGit, type GitPlace } from "../../../lib/processes/git-command.ts";
import { gitCommit } from "../../../lib/processes/git-repository.ts";
import { filesInTheWay, inTheWayText } from "./in-the-way.ts";

/** A branch that is to go from one commit to another, with the files of the folder it is checked out in. */
export interface BranchMove {
  /** "refs/heads/main" */
  reference: string;
  from: string;
  to: string;
  /** Line in the history of the branch. */
  reason: string;
}

/**
 * Moves a branch: first the files of its checkout, of which none that has changes of its own or is unknown to git is touched,
 * then the branch itself, only if it is still where it was. Throws `conflict` with nothing changed. Done again after it was cut off, it goes on.
 */
export async function moveBranch(
  repository: string,
  checkout: GitPlace | null,
  { reference, from, to, reason }: BranchMove,
): Promise<void> {
  const update = ["update-ref", "-m", reason, reference, to, from];
  if (checkout === null) {
    await git(repository, update);
    return;
  }
  const inTheWay = await filesInTheWay(checkout, from, to);
  if (inTheWay.length > 0)
    throw new AppError("conflict", inTheWayText(inTheWay, typeof checkout === "string" ? checkout : checkout.workTree));
  await moveFiles(checkout, from, to);
  const updated = await runGit(checkout, update);
  if (updated.code === 0) return;
  await moveFiles(checkout, to, from);
  throw gitError(update, updated);
}

async function moveFiles(checkout: GitPlace, from: string, to: string): Promise<void> {
  // A touched but unchanged file is no change.
  await runGit(checkout, ["update-index", "-q", "--refresh"], { timeoutMs: 60_000 });
  const args = ["read-tree", "-m", "-u", from, to];
  const moved = await runGit(checkout, args, { timeoutMs: 120_000 });
  if (moved.code === 0) return;
  if (moved.startError !== null || moved.isTimedOut) throw gitError(args, moved);
  throw new AppError("conflict", `The files of the base branch could not be changed: ${firstWords(moved.stderr)}`, {
    hint: "Commit, stash or move away what is in the way, then try again.",
  });
}

function firstWords(text: string): string {
  const line = text.split("\n").find((one) => one.trim() !== "") ?? "no reason was given";
  return line.replace(/^(?:fatal|error): /, "").slice(0, 300);
}

/**
 * Finishes a move that was cut off, or leaves everything as it was before it: the answer says which. Files that were being
 * written at that moment are half old and half new; where each is one of the two they are made new.
 */
export async function finishMove(repository: string, checkout: GitPlace | null, move: BranchMove): Promise<boolean> {
  const now = await gitCommit(repository, move.reference);
  if (now === move.to) return true;
  if (now !== move.from) return false;
  try {
    await moveBranch(repository, checkout, move);
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "conflict" || checkout === null) throw error;
  }
  if (!(await areFilesOfEither(checkout, move))) return false;
  await git(checkout, ["read-tree", "--reset", "-u", move.to], { timeoutMs: 120_000 });
  await git(checkout, ["update-ref", "-m", move.reason, move.reference, move.to, move.from]);
  return true;
}

/** Whether every file that differs from what the branch had is what it was to become. */
async function areFilesOfEither(checkout: GitPlace, { from, to }: BranchMove): Promise<boolean> {
  const changed = async (commit: string): Promise<Set<string>> => {
    const text = await git(checkout, ["diff", "--name-only", "--no-renames", "-z", commit], {
      maxBytes: 64 * 1024 * 1024,
    });
    return new Set(text.split("\0").filter((name) => name !== ""));
  };
  const fromOld = await changed(from);
  const fromNew = await changed(to);
  if (![...fromOld].every((name) => !fromNew.has(name))) return false;
  for (const name of await filesInTheWay(checkout, from, to)) if (!(await isAsIn(checkout, to, name))) return false;
  return true;
}

/** Whether a file git does not know yet is what it is to become. */
async function isAsIn(checkout: GitPlace, commit: string, name: string): Promise<boolean> {
  const wanted = await runGit(checkout, ["rev-parse", "--verify", "--quiet", `${commit}:${name}`]);
  const path = join(typeof checkout === "string" ? checkout : checkout.workTree, name);
  const target = await readlink(path).catch(() => null);
  const now =
    target === null
      ? await runGit(checkout, ["hash-object", "--", name])
      : await runGit(checkout, ["hash-object", "--stdin"], { input: target });
  return wanted.code === 0 && now.code === 0 && wanted.stdout === now.stdout;
}

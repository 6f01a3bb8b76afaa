import { join, resolve } from "node:path";

import { git, gitError, runGit, type GitPlace } from "./git-command.ts";
import { leaveOut } from "./no-work.ts";
import type { CommandResult } from "./run-command.ts";

/** The repository a folder is in. */
export interface GitRepository {
  /** Top folder of its work tree; `null` in a bare repository. */
  root: string | null;
  /** Git directory of this work tree; in a linked worktree one of its own. */
  gitDir: string;
  /** What all worktrees share: objects, branches, configuration. */
  commonDir: string;
  /** Way from the top folder to the folder, "" or "packages/app". */
  prefix: string;
  /** Commit of HEAD, `null` when there is none yet. */
  head: string | null;
  /** `null` when HEAD is detached. */
  branch: string | null;
  isSubmodule: boolean;
}

/** The repository a folder is in; `null` when it is in none. Throws `unavailable` without git, `timeout`, `conflict` for one git refuses to read. */
export async function findRepository(folder: string): Promise<GitRepository | null> {
  const facts = ["--is-bare-repository", "--absolute-git-dir", "--git-common-dir", "--show-prefix"];
  const found = await ask(folder, ["rev-parse", ...facts]);
  if (found.code !== 0) {
    if (/dubious ownership/.test(found.stderr)) throw gitError(["rev-parse"], found);
    return null;
  }
  const lines = found.stdout.replace(/\n$/, "").split("\n");
  // Names may hold line breaks: what is asked for by itself ends with exactly one.
  const values = lines.length === facts.length ? lines : await Promise.all(facts.map((fact) => oneFact(folder, fact)));
  const [isBare = "", gitDir = "", commonDir = "", prefix = ""] = values;
  const root = isBare === "true" ? null : await oneFact(folder, "--show-toplevel");
  const branch = await ask(folder, ["symbolic-ref", "--quiet", "--short", "HEAD"]);
  return {
    root,
    gitDir,
    commonDir: resolve(folder, commonDir),
    prefix: prefix.replace(/\/$/, ""),
    head: await gitCommit(folder, "HEAD"),
    branch: branch.code === 0 ? branch.stdout.replace(/\n$/, "") : null,
    isSubmodule: (await oneFact(folder, "--show-superproject-working-tree")) !== "",
  };
}

async function oneFact(folder: string, fact: string): Promise<string> {
  const reply = await ask(folder, ["rev-parse", fact]);
  if (reply.code !== 0) throw gitError(["rev-parse"], reply);
  return reply.stdout.replace(/\n$/, "");
}

/** What git answers, yes or no; an answer it could not give is thrown, so that it is not taken for a no. */
async function ask(place: GitPlace, args: string[]): Promise<CommandResult> {
  const reply = await runGit(place, args);
  if (reply.code === null) throw gitError(args, reply);
  return reply;
}

/** Id of the commit a name stands for, `null` when there is none. Throws when git cannot tell. */
export async function gitCommit(place: GitPlace, name: string): Promise<string | null> {
  const reply = await ask(place, ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`]);
  const id = reply.stdout.trim();
  return reply.code === 0 && /^[0-9a-f]{40,64}$/.test(id) ? id : null;
}

/** One worktree git knows of. */
export interface GitWorktree {
  folder: string;
  head: string | null;
  /** Short name; `null` when detached. */
  branch: string | null;
  isBare: boolean;
  isLocked: boolean;
  /** Git would forget it: its folder is not there. */
  isPrunable: boolean;
}

/** Worktrees of a repository, the main one first. */
export async function listGitWorktrees(place: GitPlace): Promise<GitWorktree[]> {
  const exact = await runGit(place, ["worktree", "list", "--porcelain", "-z"], { timeoutMs: 15_000 });
  // Older versions know no -z; there a name with a line break is quoted.
  const text = exact.code === 0 ? exact.stdout : await git(place, ["worktree", "list", "--porcelain"]);
  const separator = exact.code === 0 ? "\0" : "\n";
  return text.split(separator + separator).flatMap((block) => {
    const lines = block.split(separator).filter((line) => line !== "");
    const value = (name: string): string | null =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? null;
    const has = (name: string): boolean => lines.some((line) => line === name || line.startsWith(`${name} `));
    const folder = value("worktree");
    if (folder === null) return [];
    return [
      {
        folder,
        head: value("HEAD"),
        branch: value("branch")?.replace(/^refs\/heads\//, "") ?? null,
        isBare: has("bare"),
        isLocked: has("locked"),
        isPrunable: has("prunable"),
      },
    ];
  });
}

/** One file that differs from the last commit. */
export interface GitChange {
  path: string;
  /** Where it was before it was moved. */
  formerPath: string | null;
  kind: "changed" | "moved" | "unmerged" | "untracked";
  /** State in the index and in the folder, as git writes them: "M.", ".D", "A."; "??" for what is untracked. */
  state: string;
}

/** Files that differ from the last commit, untracked ones included, ignored ones not. */
export async function gitChanges(place: GitPlace, options: { timeoutMs?: number } = {}): Promise<GitChange[]> {
  const args = ["status", "--porcelain=v2", "-z", "--untracked-files=all"];
  return parseStatus(await git(place, args, { timeoutMs: options.timeoutMs ?? 60_000, maxBytes: 64 * 1024 * 1024 }));
}

/** Reads what `git status --porcelain=v2 -z` writes. */
export function parseStatus(text: string): GitChange[] {
  const parts = text.split("\0");
  const changes: GitChange[] = [];
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at] ?? "";
    const fields = part.split(" ");
    const rest = (count: number): string => fields.slice(count).join(" ");
    const state = fields[1] ?? "";
    if (part.startsWith("? ")) changes.push({ path: part.slice(2), formerPath: null, kind: "untracked", state: "??" });
    else if (part.startsWith("1 ")) changes.push({ path: rest(8), formerPath: null, kind: "changed", state });
    else if (part.startsWith("u ")) changes.push({ path: rest(10), formerPath: null, kind: "unmerged", state });
    else if (part.startsWith("2 ")) {
      at += 1;
      changes.push({ path: rest(9), formerPath: parts[at] ?? null, kind: "moved", state });
    }
  }
  return changes;
}

/** Files and folders git ignores, relative to the top, a folder with a slash behind it and not looked into. */
export async function gitIgnored(place: GitPlace): Promise<string[]> {
  const args = ["status", "--porcelain=v2", "-z", "--untracked-files=normal", "--ignored=matching"];
  const text = await git(place, args, { timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 });
  return text.split("\0").flatMap((part) => (part.startsWith("! ") ? [part.slice(2)] : []));
}

/** How many commits each of two states has that the other has not. */
export async function gitCounts(
  place: GitPlace,
  base: string,
  head: string,
): Promise<{ behind: number; ahead: number }> {
  const args = ["rev-list", "--count", "--left-right", "--end-of-options", `${base}...${head}`, "--"];
  const [behind = 0, ahead = 0] = (await git(place, args)).trim().split(/\s+/).map(Number);
  return { behind, ahead };
}

/** The newest commit two states have in common, `null` when there is none. */
export async function gitMergeBase(place: GitPlace, one: string, other: string): Promise<string | null> {
  const args = ["merge-base", "--end-of-options", one, other];
  const reply = await runGit(place, args);
  if (reply.code === 0) return reply.stdout.trim();
  if (reply.code === 1) return null;
  throw gitError(args, reply);
}

/** Whether every commit of one state is part of another. */
export async function gitContains(place: GitPlace, whole: string, part: string): Promise<boolean> {
  const args = ["merge-base", "--is-ancestor", "--end-of-options", part, whole];
  const reply = await runGit(place, args);
  if (reply.code === 0 || reply.code === 1) return reply.code === 0;
  throw gitError(args, reply);
}

/**
 * Id of a tree with the files as they are in the folder now, untracked ones included, ignored ones not; neither the index nor
 * the branch is touched. `scratchFolder` takes the index that is needed for it. `without` are paths that do not count as long as
 * they are in no commit, as little as what the set-up command of a worktree has left in it.
 */
export async function gitWorkTree(
  place: GitPlace,
  scratchFolder: string,
  options: { without?: readonly string[]; timeoutMs?: number } = {},
): Promise<string> {
  const { without = [], timeoutMs = 120_000 } = options;
  const index = join(scratchFolder, "index");
  const env = { GIT_INDEX_FILE: index };
  await git(place, ["read-tree", "HEAD"], { env, timeoutMs });
  await git(place, ["add", "--all", "--", "."], { env, timeoutMs });
  await leaveOut(place, index, { copied: without });
  return (await git(place, ["write-tree"], { env, timeoutMs })).trim();
}

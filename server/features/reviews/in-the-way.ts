import { lstat } from "node:fs/promises";
import { join } from "node:path";

import { errorCode } from "../../../lib/durable-file.ts";
import { foldersAbove } from "../../../lib/folders-above.ts";
import { git, type GitPlace } from "../../../lib/processes/git-command.ts";

const maxBytes = 64 * 1024 * 1024;

/**
 * What lies where files would be put that are in `to` and not in `from`, and is in no commit. Git itself asks nobody: it takes
 * what it is told to ignore for worthless and writes over it.
 */
export async function filesInTheWay(checkout: GitPlace, from: string, to: string): Promise<string[]> {
  const folder = typeof checkout === "string" ? checkout : checkout.workTree;
  const changed = async (kind: "A" | "D"): Promise<string[]> => {
    const args = ["diff-tree", "-r", "--name-only", "-z", "--no-renames", `--diff-filter=${kind}`, from, to];
    return (await git(checkout, args, { maxBytes })).split("\0").filter((name) => name !== "");
  };
  const added = await changed("A");
  if (added.length === 0) return [];
  const deleted = new Set(await changed("D"));
  // Some disks do not tell cases apart: there a file whose name changes its case is where its new name is.
  const deletedInAnyCase = new Set([...deleted].map((name) => name.toLowerCase()));
  const looked = new Map<string, Promise<boolean>>();
  /** Something that is no folder, in the place of a folder. */
  const isBlocked = (path: string): Promise<boolean> => {
    const known = looked.get(path) ?? kindOf(join(folder, path)).then((kind) => kind === "other" && !deleted.has(path));
    looked.set(path, known);
    return known;
  };
  const found = new Set<string>();
  for (const path of added) {
    for (const above of foldersAbove(path)) if (await isBlocked(above)) found.add(above);
    const kind = await kindOf(join(folder, path));
    if (kind === "other" && !deletedInAnyCase.has(path.toLowerCase())) found.add(path);
    if (kind === "folder") for (const one of await unknownIn(checkout, path)) found.add(one);
  }
  return [...found];
}

/** Files of a folder git does not know, ignored ones included. */
async function unknownIn(checkout: GitPlace, path: string): Promise<string[]> {
  const names = await git(checkout, ["ls-files", "--others", "-z", "--", path], { maxBytes });
  return names.split("\0").filter((name) => name !== "");
}

async function kindOf(path: string): Promise<"none" | "folder" | "other"> {
  try {
    return (await lstat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return "none";
    throw error;
  }
}

/** What is said of it, in one sentence. */
export function inTheWayText(paths: readonly string[], folder: string): string {
  const [first = ""] = paths;
  const others = paths.length > 1 ? ` and ${paths.length - 1} more` : "";
  const [are, them] = paths.length > 1 ? ["are", "them"] : ["is", "it"];
  return `${first}${others} in ${folder} ${are} in no commit and would be overwritten. Move ${them} away first.`;
}

/** What is said of files the user had copied into the worktree, which its agent has committed; in two sentences. */
export function copiedText(paths: readonly string[]): string {
  const [first = ""] = paths;
  if (paths.length === 1)
    return `${first} is the file you had copied into the worktree, and the agent has committed it. Ask the agent to take it out of its commits: reverted here alone, it stays in the history.`;
  return `${first} and ${paths.length - 1} more are files you had copied into the worktree, and the agent has committed them. Ask the agent to take them out of its commits: reverted here alone, they stay in the history.`;
}

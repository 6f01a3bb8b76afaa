import { redact } from "../redact.ts";
import { runGit } from "./git-command.ts";

export interface GitState {
  /** `null` when HEAD is detached. */
  branch: string | null;
  /** Commit id of HEAD, `null` in a repository without a commit. */
  head: string | null;
  /** URL of `origin`, or of the only remote, without credentials. */
  remote: string | null;
  isDirty: boolean;
}

/** Where a folder's git repository stands; `null` when the folder is in none or git is not installed. Nothing in the repository is executed. */
export async function gitState(folder: string): Promise<GitState | null> {
  const status = await read(folder, ["status", "--porcelain=v2", "--branch", "--untracked-files=normal"]);
  if (status === null) return null;
  const lines = status.split("\n");
  const header = (name: string): string | null => {
    const value = lines.find((line) => line.startsWith(`# ${name} `))?.slice(name.length + 3);
    return value === undefined || value === "(detached)" || value === "(initial)" ? null : value;
  };
  return {
    branch: header("branch.head"),
    head: header("branch.oid"),
    remote: await remoteOf(folder),
    isDirty: lines.some((line) => line !== "" && !line.startsWith("#")),
  };
}

/** Subjects of the commits between two states, newest first, each "<short id> <subject>"; empty when git does not know them. */
export async function gitCommitsBetween(folder: string, from: string, to: string, limit = 20): Promise<string[]> {
  if (![from, to].every((id) => /^[0-9a-f]{7,64}$/.test(id))) return [];
  const log = await read(folder, [
    "log",
    "--no-color",
    "--format=%h %s",
    `--max-count=${limit}`,
    `${from}..${to}`,
    "--",
  ]);
  return log === null ? [] : log.split("\n").filter((line) => line !== "");
}

/** Files that differ from HEAD or are new, relative to the repository; empty without a repository. */
export async function gitChangedFiles(folder: string, limit = 50): Promise<string[]> {
  const status = await read(folder, ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal"]);
  if (status === null) return [];
  return status
    .split("\0")
    .filter((entry) => entry.length > 3)
    .slice(0, limit)
    .map((entry) => entry.slice(3));
}

/** Top folder of the repository a folder is in, or `null`. */
export async function gitRoot(folder: string): Promise<string | null> {
  return (await read(folder, ["rev-parse", "--show-toplevel"]))?.trim() ?? null;
}

async function remoteOf(folder: string): Promise<string | null> {
  const config = await read(folder, ["config", "--get-regexp", String.raw`^remote\..*\.url$`]);
  const remotes = (config ?? "").split("\n").filter((line) => line !== "");
  const chosen =
    remotes.find((line) => line.startsWith("remote.origin.url ")) ?? (remotes.length === 1 ? remotes[0] : undefined);
  return chosen === undefined ? null : withoutCredentials(chosen.slice(chosen.indexOf(" ") + 1));
}

function withoutCredentials(url: string): string {
  return redact(url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, "$1"));
}

/** What git says, `null` when it fails or is not installed. */
async function read(folder: string, args: string[]): Promise<string | null> {
  const result = await runGit(folder, args, { timeoutMs: 5_000 });
  return result.code === 0 ? result.stdout : null;
}

import { join } from "node:path";

import { git, type GitPlace } from "../../lib/processes/git-command.ts";
import { gitCommit, gitContains } from "../../lib/processes/git-repository.ts";
import { errorCode } from "../../lib/durable-file.ts";
import { readRegularFile } from "../../lib/regular-file.ts";

const mostLogBytes = 16 * 1024 * 1024;
const mostCommits = 50;

/**
 * Commits that were made on no branch and left by checking out something else: git itself keeps them for a while only, and in the
 * history of that HEAD alone. `gitDir` holds the HEAD. Those that are part of `known` commits are left out.
 */
export async function leftCommits(gitDir: string, place: GitPlace, known: readonly string[]): Promise<string[]> {
  const history = await readRegularFile(join(gitDir, "logs/HEAD"), mostLogBytes).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  });
  const left = new Set(
    [...history.matchAll(/\tcheckout: moving from ([0-9a-f]{40,64}) to /g)].map(([, commit = ""]) => commit),
  );
  const found: string[] = [];
  for (const name of [...left].toReversed().slice(0, mostCommits)) {
    const commit = await gitCommit(place, name);
    if (commit !== null && !(await isPartOfAny(place, commit, [...known, ...found]))) found.push(commit);
  }
  return found;
}

async function isPartOfAny(place: GitPlace, commit: string, wholes: readonly string[]): Promise<boolean> {
  for (const whole of wholes) if (await gitContains(place, whole, commit)) return true;
  return false;
}

/** Whether a commit stays reachable without the branch of a worktree. */
export async function isElsewhere(repository: string, commit: string, branch: string): Promise<boolean> {
  const places = ["refs/heads", "refs/remotes", "refs/tags"];
  const args = ["for-each-ref", `--contains=${commit}`, "--format=%(refname)", ...places];
  const names = (await git(repository, args, { timeoutMs: 60_000 })).split("\n").filter((name) => name !== "");
  return names.some((name) => name !== `refs/heads/${branch}`);
}

/** Keeps commits out of sight for whoever looks for them: `refs/portos/kept/<run>`, then with "-2", "-3" behind it. */
export async function keepOutOfSight(repository: string, runId: string, commits: readonly string[]): Promise<void> {
  for (const commit of commits) {
    let name = `refs/portos/kept/${runId}`;
    for (let number = 2; ; number += 1) {
      const there = await gitCommit(repository, name);
      if (there === commit) break;
      if (there === null) {
        await git(repository, ["update-ref", name, commit, ""]);
        break;
      }
      name = `refs/portos/kept/${runId}-${number}`;
    }
  }
}

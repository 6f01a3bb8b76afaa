import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import { git, runGit, type GitPlace } from "../../../lib/processes/git-command.ts";
import { gitCommit, gitContains } from "../../../lib/processes/git-repository.ts";
import { readRegularFile } from "../../../lib/regular-file.ts";
import { keepOutOfSight, leftCommits } from "../left-commits.ts";
import type { WorktreeRecord } from "../worktree-record.ts";
import { sandboxGitDir, sandboxRepository } from "./sandbox-repository.ts";

const longestHead = 4_096;
const mostBranches = 200;

/**
 * Takes the commits made in the sandbox over into the user's repository: checked objects, and the branch of the worktree moved
 * to where HEAD stands in there. Commits in there on other branches, or on none, become branches beside it. The folder stays as
 * it is. Throws when that cannot be done; then nothing is lost and nothing changed.
 */
export async function takeCommits(record: WorktreeRecord, folder: string): Promise<void> {
  const { repository, branch, gitDir, runId } = record;
  // From here on nothing in there can keep git waiting, or lead it elsewhere.
  for (const path of sandboxRepository(folder).writable) await checkPlain(path);
  const place = { gitDir: folder, workTree: folder };
  const commit = await gitCommit(place, await headOf(folder));
  if (commit === null || gitDir === null) throw new AppError("conflict", "Its HEAD stands for no commit");
  const reference = `refs/heads/${branch}`;
  const before = await gitCommit(repository, reference);
  const others = await otherCommits(record, folder, place, commit);
  if (commit !== before) others.push([commit, reference]);
  if (others.length === 0) return;
  const refspecs = others.map(([id, target]) => `+${id}:${target}`);
  const quietly = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--update-head-ok"];
  const settings = ["fetch.fsckObjects=true", "protocol.file.allow=always"];
  await git(repository, ["fetch", ...quietly, "--", folder, ...refspecs], { timeoutMs: 300_000, settings });
  // Somebody else may have committed on it meanwhile.
  if (before !== null && !(await gitContains(repository, commit, before)))
    await keepOutOfSight(repository, runId, [before]);
  await git({ gitDir, workTree: record.folder }, ["reset", "--quiet"]);
}

async function headOf(folder: string): Promise<string> {
  const head = (await readRegularFile(join(sandboxGitDir(folder), "HEAD"), longestHead)).trim();
  return /^ref: (refs\/heads\/.+)$/.exec(head)?.[1] ?? /^[0-9a-f]{40,64}$/.exec(head)?.[0] ?? "";
}

/** Commits only the sandbox has that are not part of its HEAD, and the branches they go to. */
async function otherCommits(
  { repository, branch }: WorktreeRecord,
  folder: string,
  place: GitPlace,
  head: string,
): Promise<[commit: string, reference: string][]> {
  const format = "--format=%(objectname) %(refname:lstrip=2)";
  const listed = await git(place, ["for-each-ref", `--count=${mostBranches}`, format, "refs/heads"]);
  const named = listed.split("\n").flatMap((line): [string, string][] => {
    const [commit = "", ...name] = line.split(" ");
    const rest = name.join(" ");
    return commit === "" ? [] : [[commit, rest === branch ? "former" : rest]];
  });
  const left = await leftCommits(sandboxGitDir(folder), place, [head, ...named.map(([commit]) => commit)]);
  const all = [...named, ...left.map((commit): [string, string] => [commit, `left-${commit.slice(0, 7)}`])];
  const own: [string, string][] = [];
  for (const [commit, name] of all) {
    const isKnown = (await runGit(repository, ["cat-file", "-e", `${commit}^{commit}`])).code === 0;
    if (!isKnown && !(await gitContains(place, head, commit))) own.push([commit, `refs/heads/${branch}-${name}`]);
  }
  return own;
}

/** Throws `conflict` unless all there is in a folder are files and folders. */
async function checkPlain(path: string): Promise<void> {
  const state = await lstat(path);
  if (state.isFile()) return;
  if (!state.isDirectory()) throw irregular(path);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await checkPlain(join(path, entry.name));
    else if (!entry.isFile()) throw irregular(join(path, entry.name));
  }
}

function irregular(path: string): AppError {
  return new AppError("conflict", `${path} is neither a file nor a folder`);
}

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { git, type GitPlace } from "../../lib/processes/git-command.ts";
import { gitChanges, gitCommit, gitContains, gitCounts, gitWorkTree } from "../../lib/processes/git-repository.ts";
import { hashOf } from "./copy-untracked.ts";
import type { WorktreeFacts, WorktreeRecord } from "./worktree-record.ts";

/** Where git finds a worktree, whatever stands in its folder. */
export function placeOf(record: WorktreeRecord, folder = record.folder): GitPlace | null {
  return record.gitDir === null ? null : { gitDir: record.gitDir, workTree: folder };
}

/** Everything about a worktree git can tell; all unknown when git cannot. */
export async function lookAt(record: WorktreeRecord, now: () => number): Promise<Omit<WorktreeFacts, "bytes">> {
  const measuredAt = new Date(now()).toISOString();
  const unknown = { isDirty: null, isMerged: null, commitsAhead: null, hasCommits: true };
  const isThere = (await stat(record.folder).catch(() => null))?.isDirectory() === true;
  const place = placeOf(record);
  if (place === null || (await stat(record.gitDir ?? "").catch(() => null)) === null)
    return { isThere, measuredAt, ...unknown, isElsewhere: null, isAsDecided: false };
  const commits = await lookAtCommits(record, place);
  if (!isThere) return { isThere, measuredAt, ...commits, isDirty: null, isAsDecided: false };
  const isDirty = await hasChanges(record, place);
  const isAsDecided = record.decided !== null && (await isStill(record, place, record.decided));
  return { isThere, measuredAt, ...commits, isDirty, isAsDecided };
}

async function lookAtCommits(record: WorktreeRecord, place: GitPlace) {
  const { repository, branch, baseBranch, baseCommit } = record;
  const ends = await ownCommits(record, place);
  const base = (await gitCommit(repository, baseBranch === null ? "HEAD" : `refs/heads/${baseBranch}`)) ?? baseCommit;
  const head = ends[0] ?? baseCommit;
  if (ends.length === 0) return { isMerged: null, isElsewhere: null, commitsAhead: null, hasCommits: true };
  let isMerged = true;
  let isElsewhere = true;
  for (const commit of ends) {
    if (await gitContains(repository, base, commit)) continue;
    isMerged = false;
    isElsewhere &&= await isPartOfAnother(repository, commit, branch);
  }
  const { ahead } = await gitCounts(repository, base, head);
  return { isMerged, isElsewhere, commitsAhead: ahead, hasCommits: ends.some((commit) => commit !== baseCommit) };
}

/** What the branch of the worktree and its HEAD stand for: an agent may have left the branch. */
export async function ownCommits({ repository, branch }: WorktreeRecord, place: GitPlace): Promise<string[]> {
  const [head, ofBranch] = [await gitCommit(place, "HEAD"), await gitCommit(repository, `refs/heads/${branch}`)];
  return [...new Set([head, ofBranch].filter((commit) => commit !== null))];
}

/** Whether a commit stays reachable without the branch of the worktree. */
async function isPartOfAnother(repository: string, commit: string, branch: string): Promise<boolean> {
  const args = [
    "for-each-ref",
    `--contains=${commit}`,
    "--format=%(refname)",
    "refs/heads",
    "refs/remotes",
    "refs/tags",
  ];
  const names = (await git(repository, args, { timeoutMs: 60_000 })).split("\n").filter((name) => name !== "");
  return names.some((name) => name !== `refs/heads/${branch}`);
}

/** Changes that are in no commit, apart from copied files that are as they were copied. */
async function hasChanges(record: WorktreeRecord, place: GitPlace): Promise<boolean> {
  const copied = new Map(record.copied.map(({ path, hash }) => [path, hash]));
  for (const change of await gitChanges(place)) {
    const hash = change.kind === "untracked" ? copied.get(change.path) : undefined;
    if (hash === undefined) return true;
    const now = await hashOf(join(record.folder, change.path)).catch(() => null); // gone: nothing of it can be lost
    if (now !== null && now !== hash) return true;
  }
  return false;
}

async function isStill(record: WorktreeRecord, place: GitPlace, decided: { tree: string; head: string }) {
  if ((await gitCommit(place, "HEAD")) !== decided.head) return false;
  return (await treeOf(record, place)) === decided.tree;
}

/** The whole work of a worktree as one tree, without the files PortOS has copied into it. */
export async function treeOf(record: WorktreeRecord, place: GitPlace): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), "portos-tree-"));
  try {
    return await gitWorkTree(place, scratch, { without: record.copied.map(({ path }) => path) });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { CodeChanges } from "../contract/internal/autofixer.ts";
import { gitChangedFiles, gitCommitsBetween, gitRoot, gitState } from "../lib/processes/git.ts";

/** Where the code stood when a process was last seen running well. */
export interface RanWell {
  commit: string;
  /** Since when it ran. */
  at: string;
}

/** Where the code in a folder stands now, for a process that has proved to run well; `null` outside of git. */
export async function markRanWell(folder: string, onlineSince: string): Promise<RanWell | null> {
  const state = await gitState(folder);
  const commit = state?.head ?? null;
  return commit === null ? null : { commit, at: onlineSince };
}

/** What changed in a folder's repository since `ranWell`; `null` when the folder is in no repository. */
export async function codeChanges(folder: string, ranWell: RanWell | null): Promise<CodeChanges | null> {
  const [state, root] = await Promise.all([gitState(folder), gitRoot(folder)]);
  if (!state || root === null) return null;
  const { head } = state;
  const commits =
    ranWell !== null && head !== null && ranWell.commit !== head
      ? await gitCommitsBetween(folder, ranWell.commit, head)
      : [];
  const paths = state.isDirty ? await gitChangedFiles(folder) : [];
  const since = ranWell === null ? null : Date.parse(ranWell.at);
  const files = await Promise.all(
    paths.map(async (path) => ({ path, isEditedSince: since !== null && (await changedAt(join(root, path))) > since })),
  );
  // What was written since then is what may have broken it: it comes first.
  return { ranWell, head, commits, files: files.toSorted((a, b) => Number(b.isEditedSince) - Number(a.isEditedSince)) };
}

/** A file that is gone was changed at a time nobody knows: it counts as recent. */
async function changedAt(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => Infinity,
  );
}

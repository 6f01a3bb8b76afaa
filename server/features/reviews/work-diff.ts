import type { ReviewFile } from "../../../contract/features/reviews.ts";
import { git, runGit, gitError, type GitPlace } from "../../../lib/processes/git-command.ts";
import { changeHash, parseHunks, parseTreeChanges, readable, type PatchHunk, type TreeChange } from "./diff-parts.ts";

const listBytes = 64 * 1024 * 1024;
const patchBytes = 4 * 1024 * 1024;
const maxLines = 20_000;
const algorithm = "--diff-algorithm=histogram";

/** Files that differ between two trees or commits. */
export async function treeChanges(place: GitPlace, from: string, to: string): Promise<TreeChange[]> {
  const shape = ["-r", "-M", "--no-rename-empty", "--raw", "--numstat", "-z", "--no-abbrev", algorithm];
  const text = await git(place, ["diff-tree", ...shape, from, to], {
    encoding: "latin1",
    maxBytes: listBytes,
    timeoutMs: 60_000,
  });
  return parseTreeChanges(text);
}

/** Changed lines of one file; `isCut`: there are more than can be shown. */
export async function changeHunks(
  place: GitPlace,
  change: TreeChange,
): Promise<{ hunks: PatchHunk[]; isCut: boolean }> {
  if (change.isBinary || change.oldId === change.newId) return { hunks: [], isCut: false };
  if (isSubmodule(change.oldMode) || isSubmodule(change.newMode))
    return { hunks: [submoduleHunk(change)], isCut: false };
  const empty = async (): Promise<string> =>
    (await git(place, ["hash-object", "-w", "-t", "blob", "--stdin"], { input: "" })).trim();
  const before = change.status === "added" ? await empty() : change.oldId;
  const after = change.status === "deleted" ? await empty() : change.newId;
  const shape = ["--no-color", "--unified=3", "--inter-hunk-context=0", algorithm];
  const args = ["diff", ...shape, before, after];
  const reply = await runGit(place, args, { encoding: "latin1", maxBytes: patchBytes });
  if (reply.code !== 0 && !reply.isCut) throw gitError(args, reply);
  const all = parseHunks(reply.stdout);
  const hunks = firstLines(all);
  return { hunks, isCut: reply.isCut || hunks.length < all.length };
}

function firstLines(hunks: readonly PatchHunk[]): PatchHunk[] {
  let left = maxLines;
  return hunks.filter(({ lines }, index) => {
    left -= lines.length;
    return left >= 0 || index === 0;
  });
}

/** A change as the review tells it. */
export function reviewFile(
  change: TreeChange,
  { isAccepted, isCopied }: { isAccepted: boolean; isCopied: boolean },
): ReviewFile {
  const { status, added, removed, isBinary } = change;
  const notes = [noteOf(change), isCopied && status !== "deleted" ? copiedNote : null].filter((note) => note !== null);
  return {
    path: readable(change.rawPath),
    formerPath: status === "moved" ? readable(change.rawFormerPath) : null,
    change: status,
    added,
    removed,
    isBinary,
    hash: changeHash(change),
    isAccepted,
    note: notes.length === 0 ? null : notes.join(" · "),
  };
}

const copiedNote = "The file you copied, committed by the agent";

function noteOf({ oldMode, newMode, status }: TreeChange): string | null {
  const mode = status === "deleted" ? oldMode : newMode;
  if (isSubmodule(mode)) return "Submodule";
  if (mode === "120000") return oldMode.startsWith("100") ? "Was a file, is a symbolic link now" : "Symbolic link";
  if (oldMode === "120000") return "Was a symbolic link, is a file now";
  if (oldMode === "100644" && newMode === "100755") return "Can be run as a program now";
  if (oldMode === "100755" && newMode === "100644") return "Can no longer be run as a program";
  return status === "added" && newMode === "100755" ? "Can be run as a program" : null;
}

function isSubmodule(mode: string): boolean {
  return mode === "160000";
}

/** What git shows of a submodule: the commit it stands on. */
function submoduleHunk({ oldMode, newMode, oldId, newId }: TreeChange): PatchHunk {
  const old = isSubmodule(oldMode) ? [`-Subproject commit ${oldId}`] : [];
  const fresh = isSubmodule(newMode) ? [`+Subproject commit ${newId}`] : [];
  return {
    oldStart: old.length,
    oldCount: old.length,
    newStart: fresh.length,
    newCount: fresh.length,
    heading: "",
    lines: [...old, ...fresh],
  };
}

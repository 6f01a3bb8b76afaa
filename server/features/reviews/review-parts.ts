import type { Review, ReviewFile, ReviewHunk } from "../../../contract/features/reviews.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { redactDiff } from "../../../lib/redact.ts";
import { changeHash, hunkHashes, readable, type TreeChange } from "./diff-parts.ts";
import { changeAt, shownOf, type ReviewDesk } from "./review-desk.ts";
import type { ReviewRecord, ReviewRecords } from "./review-record.ts";
import { changeHunks, reviewFile } from "./work-diff.ts";
import { applyTree, treeBefore, treeWithoutFile, treeWithoutHunk } from "./work-revert.ts";

interface PartOptions {
  records: ReviewRecords;
  desk: ReviewDesk;
  edit(runId: string, make: (record: ReviewRecord) => ReviewRecord): Promise<Review>;
  /** Tells portos-cos that the worktree has changed. */
  touch(runId: string): Promise<unknown>;
  clock: Clock;
}

type Part = { path: string; hunk: string | null };

/** Files and hunks: looked at, accepted, taken out of the work and brought back. */
export interface ReviewParts {
  file(runId: string, path: string): Promise<{ file: ReviewFile; hunks: ReviewHunk[]; isCut: boolean }>;
  accept(runId: string, part: Part & { isAccepted: boolean }): Promise<Review>;
  revert(runId: string, part: Part & { tree: string }, by: string): Promise<Review>;
  undoRevert(runId: string): Promise<Review>;
}

const maxShownLine = 4_000;

async function hunksOf(place: string, change: TreeChange) {
  const { hunks, isCut } = await changeHunks(place, change);
  return { hunks, hashes: hunkHashes(change, hunks), isCut };
}

export function createReviewParts({ records, desk, edit, touch, clock }: PartOptions): ReviewParts {
  /** portos-cos looks at the worktree again; it does so by itself, later, when it is away now. */
  async function touchWorktree(runId: string): Promise<void> {
    try {
      await touch(runId);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  return {
    file: (runId, path) =>
      desk.inLine(runId, async () => {
        const { record, changes, place } = await shownOf(desk, runId);
        const change = changeAt(changes, path);
        const { hunks, hashes, isCut } = await hunksOf(place, change);
        const accepted = new Set(record.accepted);
        const isWhole = accepted.has(changeHash(change));
        return {
          file: reviewFile(change, { isAccepted: isWhole, isCopied: record.copied.includes(readable(change.rawPath)) }),
          hunks: hunks.map(({ oldStart, newStart, heading, lines }, index) => ({
            hash: hashes[index] ?? "",
            oldStart,
            newStart,
            heading: redactDiff([readable(heading)]).join(""),
            lines: redactDiff(lines.map(readable)).map(shownLine),
            isAccepted: isWhole || accepted.has(hashes[index] ?? ""),
          })),
          isCut,
        };
      }),

    async accept(runId, { path, hunk, isAccepted }) {
      const accepted = await desk.inLine(runId, async () => {
        const { record, changes, place } = await shownOf(desk, runId);
        const change = changeAt(changes, path);
        const { hashes } = await hunksOf(place, change);
        return acceptedWith(record.accepted, { whole: changeHash(change), hashes, hunk, isAccepted });
      });
      return edit(runId, (one) => ({ ...one, accepted }));
    },
    async revert(runId, { path, hunk, tree }, by) {
      await desk.inLine(runId, async () => {
        const open = await desk.settled(runId, tree);
        const change = changeAt(open.changes, path);
        const { hunks, hashes } = await hunksOf(open.record.worktree.repository, change);
        const found = hunk === null ? undefined : hunks[hashes.indexOf(hunk)];
        if (hunk !== null && !found) throw new AppError("conflict", "These lines were changed meanwhile");
        const after = found
          ? await treeWithoutHunk(open.work, change, found)
          : await treeWithoutFile(open.work, change);
        await applyTree(open.work, after);
        const at = new Date(clock.now()).toISOString();
        await records.change(runId, (one) => ({
          ...one,
          reverts: [...one.reverts, { before: open.work.tree, after, by, at }].slice(-100),
        }));
      });
      await touchWorktree(runId);
      return edit(runId, (one) => one);
    },
    async undoRevert(runId) {
      await desk.inLine(runId, async () => {
        const { record, work } = await desk.settled(runId);
        const last = record.reverts.at(-1);
        if (!last) throw new AppError("conflict", "Nothing was reverted");
        await applyTree(work, await treeBefore(work, last.before, last.after));
        await records.change(runId, (one) => ({ ...one, reverts: one.reverts.slice(0, -1) }));
      });
      await touchWorktree(runId);
      return edit(runId, (one) => one);
    },
  };
}

/** A file is accepted when all of it is: as a whole, or the last of its hunks. */
function acceptedWith(
  before: readonly string[],
  part: { whole: string; hashes: readonly string[]; hunk: string | null; isAccepted: boolean },
): string[] {
  const { whole, hashes, hunk, isAccepted } = part;
  if (hunk !== null && !hashes.includes(hunk)) throw new AppError("conflict", "These lines were changed meanwhile");
  const set = new Set(before);
  if (set.delete(whole)) for (const hash of hashes) set.add(hash);
  for (const hash of hunk === null ? hashes : [hunk]) {
    if (isAccepted) set.add(hash);
    else set.delete(hash);
  }
  const isWhole = hashes.length === 0 ? isAccepted : hashes.every((hash) => set.has(hash));
  if (isWhole) set.add(whole);
  return [...set].slice(-20_000);
}

function shownLine(line: string): string {
  return line.length > maxShownLine ? `${line.slice(0, maxShownLine)}…` : line;
}

import type { ReviewComment, ReviewHunk } from "../../../../contract/features/reviews.ts";

/** One line of a change as it is shown. `before` and `after` are its numbers in the two files, from 1. */
export interface ReviewLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
  readonly before: number | null;
  readonly after: number | null;
  /** The file ends here without a line break. */
  readonly isUnended: boolean;
}

/** A line as comments know it. */
export interface LinePlace {
  readonly side: "old" | "new";
  readonly line: number;
}

/** The lines of a hunk with their numbers. */
export function linesOfHunk(hunk: Pick<ReviewHunk, "lines" | "oldStart" | "newStart">): ReviewLine[] {
  let before = hunk.oldStart;
  let after = hunk.newStart;
  const shown: ReviewLine[] = [];
  for (const [index, line] of hunk.lines.entries()) {
    if (line.startsWith("\\")) continue;
    const text = line.slice(1).replace(/\r$/, "");
    const isUnended = hunk.lines[index + 1]?.startsWith("\\") === true;
    if (line.startsWith("+")) {
      shown.push({ kind: "added", text, before: null, after, isUnended });
      after += 1;
    } else if (line.startsWith("-")) {
      shown.push({ kind: "removed", text, before, after: null, isUnended });
      before += 1;
    } else {
      shown.push({ kind: "same", text, before, after, isUnended });
      before += 1;
      after += 1;
    }
  }
  return shown;
}

/** Where a comment on a line belongs: to the new file, unless the line is only in the old one. */
export function placeOf({ before, after }: ReviewLine): LinePlace {
  return after === null ? { side: "old", line: before ?? 1 } : { side: "new", line: after };
}

/** Whether a comment is about a line that is shown here. */
export function isAbout({ side, line }: Pick<ReviewComment, "side" | "line">, row: ReviewLine): boolean {
  return side === "new" ? row.after === line : row.before === line;
}

/** Comments that no shown line is about: on lines further away, or gone. */
export function strayComments(
  comments: readonly ReviewComment[],
  rows: readonly (readonly ReviewLine[])[],
): ReviewComment[] {
  return comments.filter(
    (comment) => comment.isOutdated || !rows.some((lines) => lines.some((row) => isAbout(comment, row))),
  );
}

/** How many unchanged lines lie between a hunk and the one before it. */
export function skippedBefore(hunks: readonly ReviewHunk[], index: number): number {
  const hunk = hunks[index];
  if (!hunk || hunk.newStart === 0) return 0;
  const before = hunks[index - 1];
  const end = before === undefined ? 1 : before.newStart + before.lines.filter((line) => /^[+ ]/.test(line)).length;
  return Math.max(0, hunk.newStart - end);
}

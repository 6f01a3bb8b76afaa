import type { ApprovalChange } from "../../../contract/features/approvals.ts";
import type { FileEdit } from "../../../contract/features/run-events.ts";
import { diffLines } from "../../../contract/line-diff.ts";

const maxLinesPerFile = 400;
const maxLinesInAll = 1_200;
const maxLineLength = 400;
const maxFiles = 100;

/** What files would become, as lines of a unified diff, cut to what a person reads before an answer. */
export function approvalChanges(edits: readonly FileEdit[]): ApprovalChange[] {
  let left = maxLinesInAll;
  return edits.slice(0, maxFiles).map((edit) => {
    const change = toChange(edit, Math.min(left, maxLinesPerFile));
    left -= change.lines.length;
    return change;
  });
}

function toChange({ path, before, after, isCut }: FileEdit, maxLines: number): ApprovalChange {
  const { hunks, added, removed } = diffLines(before ?? "", after);
  const lines = hunks.flatMap(({ skipped, lines: inner }) => [
    ...(skipped > 0 ? [`@ ${skipped} ${skipped === 1 ? "line" : "lines"} as before`] : []),
    ...inner.map(({ kind, text }) => `${kind === "added" ? "+" : kind === "removed" ? "-" : " "}${shortened(text)}`),
  ]);
  const isLong = lines.length > maxLines || lines.some((line) => line.endsWith("…"));
  return { path, isNew: before === null, added, removed, lines: lines.slice(0, maxLines), isCut: isCut || isLong };
}

function shortened(text: string): string {
  return text.length > maxLineLength ? `${text.slice(0, maxLineLength)}…` : text;
}

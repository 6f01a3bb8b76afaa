import type { ReviewComment } from "../../../contract/features/reviews.ts";

type Told = Pick<ReviewComment, "path" | "side" | "line" | "lineText" | "text">;

/** Comments as one message to the agent: by file and line, each with the line it is about, then what else was to be said. */
export function commentMessage(comments: readonly Told[], text: string): string {
  const sorted = comments.toSorted((one, other) => one.path.localeCompare(other.path) || one.line - other.line);
  const intro =
    comments.length === 0
      ? []
      : [
          comments.length === 1
            ? "I have looked at your changes and have one comment. Please address it."
            : `I have looked at your changes and have ${comments.length} comments. Please address each of them.`,
        ];
  const parts = [...intro, ...sorted.map(commentPart), ...(text.trim() === "" ? [] : [text.trim()])];
  return parts.join("\n\n");
}

function commentPart({ path, side, line, lineText, text }: Told): string {
  const place = `${path}:${line}${side === "old" ? " (a line that was removed)" : ""}`;
  const fence = "`".repeat(Math.max(3, longestRun(lineText) + 1));
  return [`### ${place}`, `${fence}\n${lineText.replace(/\r$/, "")}\n${fence}`, text].join("\n");
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/** What the agent is asked when both sides have changed the same lines. */
export function upToDateMessage(baseBranch: string, conflicts: readonly string[]): string {
  const files = conflicts.map((path) => `- ${path}`).join("\n");
  return [
    `The branch ${baseBranch} has changed the same lines as your work, so that it cannot be merged.`,
    ...(files === "" ? [] : [`These files conflict:\n${files}`]),
    `Please merge the branch ${baseBranch} into your branch here, solve the conflicts so that both changes keep their meaning, and commit the merge. Change nothing else.`,
  ].join("\n\n");
}

import type { CodeChanges, Incident } from "../../../../contract/internal/autofixer.ts";
import { formatCount } from "../../lib/format.ts";
import type { Status } from "../../ui/status.ts";

/** The status of an incident in the panel's words. */
export const incidentStatus: Record<Incident["status"], Status> = {
  open: "being restarted",
  "gave-up": "given up",
  recovered: "recovered",
  stopped: "stopped",
  removed: "removed",
  dismissed: "dismissed",
};

/** "exit code 1", "killed by SIGKILL". */
export function exitText(exit: Incident["exit"]): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  return exit.code === null ? "exit code not known" : `exit code ${exit.code}`;
}

/** "Killed by SIGKILL", "Ended with exit code 1". */
export function endText(exit: Incident["exit"]): string {
  return exit.signal === null ? `Ended with ${exitText(exit)}` : `Killed by ${exit.signal}`;
}

/** How it ended, in one sentence; `null` when `reason` says so already. */
export function endSentence({ exit, reason }: Pick<Incident, "exit" | "reason">): string | null {
  const isSaid = [exit.signal, exit.code === null ? null : `exit code ${exit.code}`].some(
    (what) => what !== null && new RegExp(`\\b${what}\\b`, "i").test(reason),
  );
  return isSaid ? null : `${endText(exit)}.`;
}

/** What changed in git since the process last ran well, in one sentence. */
export function changesText(changes: CodeChanges | null): string {
  if (changes === null) return "Its folder is in no git repository.";
  const { ranWell, commits, files } = changes;
  if (ranWell === null) return "It was not seen running well before.";
  const edited = files.filter(({ isEditedSince }) => isEditedSince).length;
  if (commits.length === 0 && edited === 0) return "Nothing changed in git since it last ran well.";
  const parts = [
    ...(commits.length > 0 ? [formatCount(commits.length, "commit")] : []),
    ...(edited > 0 ? [formatCount(edited, "edited file")] : []),
  ];
  return `Since it last ran well: ${parts.join(" and ")}.`;
}

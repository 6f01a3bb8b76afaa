import type { EvidencePart } from "../../../../contract/features/evidence.ts";
import { formatBytes, formatCount } from "../../lib/format.ts";
import type { Confirmation } from "../../ui/confirm.ts";

export const mostKeepDays = 3_650;

/** What is wrong with a time to keep evidence for, as it was typed. */
export function keepDaysProblem(typed: number | string): string | null {
  const days = typeof typed === "number" ? typed : typed.trim() === "" ? Number.NaN : Number(typed);
  if (Number.isNaN(days)) return `must be a number of days from 1 to ${String(mostKeepDays)}`;
  if (!Number.isInteger(days)) return "must be whole days";
  if (days < 1) return "must be at least 1 day";
  return days > mostKeepDays ? `must be at most ${String(mostKeepDays)} days` : null;
}

/** What is asked before evidence goes for good; `null` when none would. */
export function removalQuestion(days: number, removed: EvidencePart): Omit<Confirmation, "answer"> | null {
  const { files, bytes, firstDay, lastDay } = removed;
  if (files === 0 || firstDay === null || lastDay === null) return null;
  const span = firstDay === lastDay ? `of ${firstDay}` : `from ${firstDay} to ${lastDay}`;
  const isOne = files === 1;
  return {
    title: `Keep evidence for ${formatCount(days, "day")} only?`,
    text: `The evidence ${span} will be removed for good a minute after this: ${formatCount(files, "file")}, ${formatBytes(bytes)}. Download the chain before, if ${isOne ? "it is" : "they are"} still needed.`,
    confirmLabel: isOne ? "Remove it" : "Remove them",
  };
}

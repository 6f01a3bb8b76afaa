import type { TaskReason } from "../../../../contract/features/tasks.ts";
import type { Tone } from "../../ui/status.ts";

/** Words of the decisions: what the log calls them. */
export const decisionWords: Record<TaskReason["code"], { label: string; tone: Tone }> = {
  chosen: { label: "Started", tone: "ok" },
  running: { label: "Running", tone: "info" },
  asks: { label: "Asks you", tone: "warn" },
  review: { label: "To review", tone: "warn" },
  ended: { label: "Ended", tone: "neutral" },
  slot: { label: "Waits for a slot", tone: "neutral" },
  dependency: { label: "Waits for a task", tone: "neutral" },
  "cool-down": { label: "Cools down", tone: "neutral" },
  "quiet-hours": { label: "Quiet hours", tone: "neutral" },
  budget: { label: "Budget", tone: "warn" },
  provider: { label: "No provider", tone: "warn" },
  limit: { label: "Limited", tone: "warn" },
  "loop-guard": { label: "Given up", tone: "bad" },
  panic: { label: "Everything stopped", tone: "bad" },
  off: { label: "Off", tone: "neutral" },
  draft: { label: "Draft", tone: "neutral" },
};

/** Codes in the order of the filter. */
export const decisionCodes = Object.keys(decisionWords) as TaskReason["code"][];

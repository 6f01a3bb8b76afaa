import type { ChiefSettings } from "../../../../contract/features/chief.ts";
import type { TaskReason } from "../../../../contract/features/tasks.ts";
import type { Tone } from "../../ui/status.ts";

/** What runs of tasks may do without asking, in one line each. */
export const autonomyLevels: readonly { value: ChiefSettings["autonomy"]; label: string; text: string }[] = [
  { value: "ask", label: "Ask for everything", text: "Every action waits for you, reading too." },
  { value: "ask-writes", label: "Ask for writes", text: "Reading is free; whatever changes something waits for you." },
  {
    value: "free-in-folder",
    label: "Free inside the worktree",
    text: "Whatever stays in the run's folder is free; the rest waits for you.",
  },
  { value: "free", label: "Free", text: "Nothing is asked. Choose it for work you would run unseen." },
];

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

import { manifest } from "../../../../contract/manifest.gen.ts";
import type { Status } from "../../ui/status.ts";

/** Outcomes of an action with their name and their place in the status vocabulary. */
export const outcomes = [
  { value: "done", label: "Done" },
  { value: "refused", label: "Refused" },
  { value: "failed", label: "Failed" },
] as const;

/** How an outcome looks: the history speaks the same vocabulary as everything else. */
export const outcomeStatus: Record<(typeof outcomes)[number]["value"], Status> = {
  done: "succeeded",
  refused: "refused",
  failed: "failed",
};

/** Parts of the panel whose actions are recorded, for the filter. */
export const historyFeatures = [...new Set(Object.keys(manifest).map((id) => id.split(".")[0] ?? ""))]
  .toSorted((a, b) => a.localeCompare(b))
  .map((value) => ({ value, label: value.charAt(0).toUpperCase() + value.slice(1) }));

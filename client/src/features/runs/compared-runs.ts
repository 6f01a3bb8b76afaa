import type { Run } from "../../../../contract/features/runs.ts";
import { columnName } from "./run-words.ts";

/** So many runs stand side by side when they were chosen one by one. */
export const mostChosen = 4;

/** Stands in the address while runs are being chosen and none is yet. */
const noneYet = "none";

/** Ids in an address ("run-a,run-b"), each once, in their order. What is no id stays in: it names a run that does not exist. */
export function chosenIds(text: string): string[] {
  const ids = text.split(",").map((id) => id.trim());
  return [...new Set(ids)].filter((id) => id !== "" && id !== noneYet);
}

/** The reverse, which also says that none is chosen yet. */
export function chosenText(ids: readonly string[]): string {
  return ids.length === 0 ? noneYet : ids.join(",");
}

/** The choice with one run more, or without it when it was chosen; unchanged when there is no room for more. */
export function toggleChosen(ids: readonly string[], id: string): readonly string[] {
  if (ids.includes(id)) return ids.filter((one) => one !== id);
  return ids.length >= mostChosen ? ids : [...ids, id];
}

/** Whether this can be the id of a run. */
export function isRunId(id: string): boolean {
  return /^run-[0-9a-z]{12,32}$/.test(id);
}

type Compared = Pick<Run, "title" | "attempts">;

function isSamePrompt(runs: readonly Compared[]): boolean {
  return runs.every(({ title }) => title === runs[0]?.title);
}

/** What a comparison is called: by the title the runs share, else by their number. */
export function comparisonTitle(runs: readonly Compared[]): string {
  const [first] = runs;
  if (first === undefined) return "Compare";
  return isSamePrompt(runs) ? `Compare: ${first.title}` : `Compare ${String(runs.length)} runs`;
}

/** What each column is called: by who was asked when all were asked the same, else by what was asked. Those of one name are numbered. */
export function columnNames(runs: readonly Compared[]): string[] {
  const isSame = isSamePrompt(runs);
  const names = runs.map((run, index) => (isSame ? columnName(run, index) : run.title));
  return names.map((name, index) =>
    names.filter((other) => other === name).length === 1 ? name : `${String(index + 1)} · ${name}`,
  );
}

/** What stands below each name: who was asked, where the name does not say it. */
export function columnHints(runs: readonly Compared[]): string[] {
  return isSamePrompt(runs) ? runs.map(() => "") : runs.map(columnName);
}

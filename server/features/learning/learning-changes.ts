import type { Belief } from "../../../contract/features/chief.ts";
import { type LearningFile, type Outcome, type Override, prune, type Verdict } from "./learning-file.ts";

/** An outcome as it is told; `id` is "<run>:<what>". */
export type NewOutcome = Omit<Outcome, "at" | "verdict">;

/** Takes an outcome in; one that is there already is replaced, one that was forgotten stays out. */
export function withOutcome(file: LearningFile, outcome: NewOutcome, at: string): LearningFile {
  const { outcomes, forgotten, told } = file;
  const known = outcomes.find(({ id }) => id === outcome.id);
  if (known) {
    const newer = { ...outcome, at: known.at, verdict: known.verdict };
    return { ...file, outcomes: outcomes.map((one) => (one === known ? newer : one)) };
  }
  if (told.includes(outcome.id) || forgotten.some(({ id }) => id === outcome.id)) return file;
  return prune({ ...file, outcomes: [...outcomes, { ...outcome, at, verdict: null }] });
}

/** Notes the user's judgement with whoever did the work of a run in the end; `null` takes it back. */
export function withVerdict(file: LearningFile, runId: string, verdict: Verdict | null): LearningFile {
  const ofRun = file.outcomes.filter(({ id }) => id === runId || id.startsWith(`${runId}:`));
  const judged = ofRun.findLast(({ isSuccess }) => isSuccess) ?? ofRun.at(-1);
  if (!judged || judged.verdict === verdict) return file;
  return { ...file, outcomes: file.outcomes.map((one) => (one === judged ? { ...one, verdict } : one)) };
}

/** Notes the user's word; `null` takes it back. */
export function withOverride(
  file: LearningFile,
  { type, providerId, model, appId }: Omit<Override, "override">,
  override: Belief["override"],
): LearningFile {
  const others = file.overrides.filter(
    (one) => one.type !== type || one.providerId !== providerId || one.model !== model || one.appId !== appId,
  );
  const own = override === null ? [] : [{ type, providerId, model, appId, override }];
  return prune({ ...file, overrides: [...others, ...own] });
}

/** Sets the outcomes of a kind of work aside, `null` those of all. */
export function withoutType(file: LearningFile, type: string | null): LearningFile {
  const forgotten = file.outcomes.filter((one) => type === null || one.type === type);
  if (forgotten.length === 0) return file; // done twice it must not lose what can be brought back
  return prune({
    ...file,
    outcomes: file.outcomes.filter((one) => !forgotten.includes(one)),
    told: [...file.told, ...file.forgotten.map(({ id }) => id)],
    forgotten,
  });
}

/** Takes back in what was set aside last. */
export function withForgotten(file: LearningFile): LearningFile {
  const outcomes = [...file.forgotten, ...file.outcomes].toSorted((a, b) => a.at.localeCompare(b.at));
  return prune({ ...file, outcomes, forgotten: [] });
}

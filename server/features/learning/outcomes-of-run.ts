import type { FailureKind } from "../../../contract/features/providers.ts";
import type { Attempt, Run } from "../../../contract/features/runs.ts";
import type { NewOutcome } from "./learning-changes.ts";

/**
 * Which failures say how good somebody is at the work. Who could not be asked, was stopped, or was given a wrong request has shown
 * nothing; that is a matter of health and fallbacks.
 */
const isAboutWork: Record<FailureKind, boolean> = {
  timeout: true,
  "bad-reply": true,
  crashed: true,
  refused: true,
  budget: true,
  transport: false,
  "rate-limit": false,
  "usage-limit": false,
  "server-error": false,
  "missing-model": false,
  "not-installed": false,
  "not-logged-in": false,
  "bad-request": false,
  cancelled: false,
};

/** What a run that ended teaches: one outcome for each provider and model that had a real try. */
export function outcomesOf(run: Run): NewOutcome[] {
  if (run.taskType === null || run.source.kind === "test") return [];
  if (run.state !== "succeeded" && run.state !== "failed") return [];
  const { id, taskType: type, appId } = run;
  const byCandidate = new Map<string, Attempt[]>();
  for (const attempt of run.attempts) {
    const key = JSON.stringify([attempt.providerId, attempt.model]);
    byCandidate.set(key, [...(byCandidate.get(key) ?? []), attempt]);
  }
  return [...byCandidate].flatMap(([key, attempts]) => {
    const last = attempts.at(-1);
    if (!last || last.endedAt === null) return [];
    if (last.failure !== null && (isStoppedFromOutside(last) || !isAboutWork[last.failure])) return [];
    const { providerId, model } = last;
    const isSuccess = last.failure === null;
    return [
      {
        id: `${id}:${key}`,
        type,
        providerId,
        model,
        appId,
        isSuccess,
        costUsd: sumOf(attempts, ({ usage }) => usage.costUsd),
        seconds: sumOf(attempts, ({ activeMs }) => (activeMs == null ? null : activeMs / 1_000)),
      },
    ];
  });
}

/** The own budget of a run says something of who used it up; that of a day or an automation hits whoever happens to be at work. */
function isStoppedFromOutside({ stoppedBy = null }: Attempt): boolean {
  return stoppedBy !== null && stoppedBy !== "run-budget";
}

/** `null` when one of them is not known: a part would look cheaper than the whole. */
function sumOf(attempts: readonly Attempt[], read: (attempt: Attempt) => number | null): number | null {
  return attempts.reduce<number | null>((sum, attempt) => {
    const value = read(attempt);
    return sum === null || value === null ? null : sum + value;
  }, 0);
}

import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";

/** Tells changes that matter from the many that do not: a run that streams its answer changes several times a second. */
export interface RunNews {
  isNews(run: Run): boolean;
}

/** An end is always news: who hears of it knows whether it was dealt with. */
export function createRunNews(): RunNews {
  const seen = new Map<string, string>();
  return {
    isNews(run) {
      const { id, state, message, attempts } = run;
      if (!isOpenState(state)) {
        seen.delete(id);
        return true;
      }
      const last = attempts.at(-1);
      const sign = JSON.stringify([state, message, attempts.length, last?.providerId]);
      if (seen.get(id) === sign) return false;
      seen.set(id, sign);
      return true;
    },
  };
}

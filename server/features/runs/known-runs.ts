import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";

export interface RunFilter {
  state?: Run["state"] | undefined;
  provider?: string | undefined;
  app?: string | undefined;
  group?: string | undefined;
  text?: string | undefined;
}

const maxEnded = 500;

/** Runs as last heard of, newest first, so that lists can be shown while portos-cos is away. Bounded; open ones always stay. */
export interface KnownRuns {
  get(id: string): Run | undefined;
  /** Takes a newer state in and answers what was known before; `null` when `run` is older than that. */
  put(run: Run): { before: Run | undefined } | null;
  remove(id: string): void;
  list(filter?: RunFilter): Run[];
}

export function createKnownRuns(): KnownRuns {
  const known = new Map<string, Run>();

  function prune(): void {
    if (known.size <= maxEnded * 2) return;
    const ended = [...known.values()].filter(({ state }) => !isOpenState(state)).toSorted(newestFirst);
    for (const { id } of ended.slice(maxEnded)) known.delete(id);
  }

  return {
    get: (id) => known.get(id),
    put(run) {
      const before = known.get(run.id);
      // A list asked for over HTTP may arrive after a message that is newer than it.
      if (before && before.eventCount > run.eventCount) return null;
      known.set(run.id, run);
      prune();
      return { before };
    },
    remove(id) {
      known.delete(id);
    },
    list: (filter = {}) => [...known.values()].filter((run) => matchesFilter(run, filter)).toSorted(newestFirst),
  };
}

function newestFirst(a: Run, b: Run): number {
  return b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);
}

/** Whether a run belongs into a list with this filter. */
export function matchesFilter(run: Run, { state, provider, app, group, text }: RunFilter): boolean {
  if (state !== undefined && run.state !== state) return false;
  if (app !== undefined && run.appId !== app) return false;
  if (group !== undefined && run.groupId !== group) return false;
  if (provider !== undefined && !run.attempts.some(({ providerId }) => providerId === provider)) return false;
  return text === undefined || run.title.toLowerCase().includes(text.toLowerCase());
}

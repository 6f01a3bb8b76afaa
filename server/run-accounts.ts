import type { Run } from "../contract/features/runs.ts";
import type { Learning } from "./features/learning/learning-service.ts";
import { outcomesOf } from "./features/learning/outcomes-of-run.ts";
import type { Providers } from "./features/providers/build-providers.ts";
import type { RunHooks } from "./features/runs/run-hooks.ts";
import type { UsageService } from "./features/usage/usage-service.ts";

interface Accounts {
  usage: Pick<UsageService, "record">;
  providers: Pick<Providers, "noteOutcome">;
  learning: Pick<Learning, "record">;
}

/** Each attempt that ended is counted once, and tells how its provider is; each run shows how good it is at its kind of work. */
export function accountRuns(hooks: RunHooks, { usage, providers, learning }: Accounts): void {
  const account = async (run: Run): Promise<void> => {
    for (const { providerId, model, failure, message, backAt } of await usage.record(run))
      providers.noteOutcome(providerId, failure, message, backAt ?? undefined, model);
  };
  hooks.onRunChanged(account); // an attempt ends before its run does when another provider is asked
  hooks.onRunEnded(account);
  hooks.onRunEnded(async (run) => {
    for (const outcome of outcomesOf(run)) await learning.record(outcome);
  });
}

import type { Run } from "../contract/features/runs.ts";
import type { Providers } from "./features/providers/build-providers.ts";
import type { RunHooks } from "./features/runs/run-hooks.ts";
import type { UsageService } from "./features/usage/usage-service.ts";

interface Accounts {
  usage: Pick<UsageService, "record">;
  providers: Pick<Providers, "noteOutcome">;
}

/** Each attempt that ended is counted once, and tells how its provider is. */
export function accountRuns(hooks: RunHooks, { usage, providers }: Accounts): void {
  const account = async (run: Run): Promise<void> => {
    for (const { providerId, failure, message, backAt } of await usage.record(run))
      providers.noteOutcome(providerId, failure, message, backAt ?? undefined);
  };
  hooks.onRunChanged(account); // an attempt ends before its run does when another provider is asked
  hooks.onRunEnded(account);
}

import { z } from "zod";

import { appIdSchema } from "../../../contract/features/apps.ts";
import { worktreeSetupSchema, type WorktreeSetup } from "../../../contract/features/worktrees.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";

const fileSchema = z.strictObject({ setups: z.record(appIdSchema, worktreeSetupSchema) });
export type WorktreeSetupsFile = z.output<typeof fileSchema>;

/** How `data/worktree-setups.json` is opened. */
export const worktreeSetupsFile = { schema: fileSchema, initial: { setups: {} }, version: 1 };

const nothing: WorktreeSetup = worktreeSetupSchema.parse({});

/** How worktrees of apps are made and checked. */
export interface WorktreeSetups {
  /** Nothing to do for an app that says nothing, and for work without an app. */
  of(appId: string | null): WorktreeSetup;
  /** Throws `not_found` for an app nobody knows. */
  read(appId: string): WorktreeSetup;
  put(appId: string, setup: WorktreeSetup): Promise<WorktreeSetup>;
}

export function createWorktreeSetups(
  store: JsonStore<WorktreeSetupsFile>,
  hasApp: (appId: string) => boolean,
): WorktreeSetups {
  const of = (appId: string | null): WorktreeSetup =>
    appId === null ? nothing : (store.get().setups[appId] ?? nothing);
  const check = (appId: string): void => {
    if (!hasApp(appId)) throw new AppError("not_found", "There is no such app");
  };
  return {
    of,
    read(appId) {
      check(appId);
      return of(appId);
    },
    put(appId, setup) {
      check(appId);
      return store.update(({ setups }) => ({ next: { setups: { ...setups, [appId]: setup } }, result: setup }));
    },
  };
}

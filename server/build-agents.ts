import type { App } from "../contract/features/apps.ts";
import type { Core } from "./app.ts";
import { buildApprovals } from "./features/approvals/build-approvals.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import { buildLearning } from "./features/learning/build-learning.ts";
import { candidatesOf } from "./features/learning/candidates.ts";
import { buildLocalModels } from "./features/local-models/build-local-models.ts";
import { buildPrompts } from "./features/prompts/build-prompts.ts";
import { buildProviders } from "./features/providers/build-providers.ts";
import { buildPush, type BuildPushOptions } from "./features/push/build-push.ts";
import { buildRuns } from "./features/runs/start-runs.ts";
import type { RunServiceOptions } from "./features/runs/run-starter.ts";
import { buildUsage } from "./features/usage/build-usage.ts";
import { usesInRuns } from "./prompt-uses.ts";
import { accountRuns } from "./run-accounts.ts";

export interface BuildAgentsOptions {
  appOf: (appId: string) => App | undefined;
  /** Who is asked for a run; replaced in tests. */
  resolveTargets?: RunServiceOptions["resolveTargets"];
  /** How devices are told; replaced in tests. */
  push?: Omit<BuildPushOptions, "notifications">;
}

/** Builds what gives work to models and agents and keeps hold of it. Nothing is asked or probed before `start()`. */
export async function buildAgents(
  { context, settings, notifications, errors }: Core,
  { appOf, resolveTargets, push }: BuildAgentsOptions,
): Promise<{ start(): Promise<void> }> {
  const prompts = await buildPrompts(context);
  const localModels = await buildLocalModels(context);
  const providers = await buildProviders(context);
  const usage = await buildUsage(context, {
    settings,
    nameOfApp: (appId) => appOf(appId)?.name,
  });
  const runs = await buildRuns(context, {
    notifications,
    errors,
    resolveTargets: resolveTargets ?? providers.resolveTargets,
    renderTemplate: (wish) => prompts.render(wish.promptId, wish.version ?? null, wish.values),
    folderOf: (appId) => appOf(appId)?.folder,
    checkBudget: () => usage.check(),
  });
  const providerList = () => providers.service.list().providers;
  const learning = await buildLearning(context, {
    weights: () => ({ success: 6, cost: 2, time: 2 }),
    candidates: () => candidatesOf(providerList()),
    nameOf: (id) => providerList().find((provider) => provider.id === id)?.name,
  });
  accountRuns(runs.hooks, { usage, providers, learning });
  const { runApprovals, log } = await buildApprovals(context, { runs: runs.runs, notifications, settings });
  context.onStop(startHistoryRetention({ history: log, logger: context.logger }, settings));
  runs.hooks.onRunChanged(runApprovals.hear);
  runs.hooks.onRunRemoved(runApprovals.forget);
  await buildPush(context, { notifications, ...push });
  prompts.addUses(usesInRuns(runs.runs));

  return {
    async start() {
      runs.start();
      await localModels.start();
      providers.start();
    },
  };
}

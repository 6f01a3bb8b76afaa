import type { App } from "../contract/features/apps.ts";
import type { McpRights } from "../contract/features/mcp.ts";
import type { PromptReference } from "../contract/features/prompts.ts";
import { AppError } from "../lib/app-error.ts";
import type { Core } from "./app.ts";
import { buildChiefOfStaff } from "./chief-of-staff.ts";
import { buildCrashRepairs, type CrashRepairParts } from "./crash-repairs.ts";
import type { ApprovalService } from "./features/approvals/approval-service.ts";
import { buildApprovals } from "./features/approvals/build-approvals.ts";
import type { ChiefParts } from "./features/chief/chief-parts.ts";
import type { Chief } from "./features/chief/chief-service.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import type { PanicSwitch } from "./features/chief/panic-switch.ts";
import { buildLearning } from "./features/learning/build-learning.ts";
import { candidatesOf } from "./features/learning/candidates.ts";
import { buildLocalModels } from "./features/local-models/build-local-models.ts";
import type { LendTools } from "./features/mcp/run-lender.ts";
import { buildPrompts, type Prompts } from "./features/prompts/build-prompts.ts";
import { buildProviders } from "./features/providers/build-providers.ts";
import { buildPush, type BuildPushOptions } from "./features/push/build-push.ts";
import type { BuiltRepairs } from "./features/repairs/build-repairs.ts";
import { buildReviews, type BuildReviewsOptions } from "./features/reviews/build-reviews.ts";
import { type BuiltRuns, buildRuns } from "./features/runs/start-runs.ts";
import type { RunServiceOptions } from "./features/runs/run-starter.ts";
import { buildTasks, type Tasks } from "./features/tasks/build-tasks.ts";
import { buildUsage } from "./features/usage/build-usage.ts";
import { buildWorktrees } from "./features/worktrees/build-worktrees.ts";
import { usesInAutomations, usesInRuns, usesInTasks } from "./prompt-uses.ts";
import { accountRuns } from "./run-accounts.ts";

export interface BuildAgentsOptions {
  /** The switch that stops everything. */
  panic: PanicSwitch;
  appOf: (appId: string) => App | undefined;
  /** What all tasks of an automation may use in a day. */
  automationBudget: ChiefParts["automationBudget"];
  /** What may be made from a prompt. */
  automations: Parameters<typeof usesInAutomations>[0];
  /** What runs get of PortOS to work with. */
  lend: LendTools;
  /** Crashes, and the processes they are of. */
  crashes: Pick<CrashRepairParts, "incidents" | "process" | "timing" | "command" | "sessions"> & {
    restart(appId: string, processName: string): Promise<unknown>;
  };
  /** Who is asked for a run; replaced in tests. */
  resolveTargets?: RunServiceOptions["resolveTargets"];
  /** How devices are told; replaced in tests. */
  push?: Omit<BuildPushOptions, "notifications">;
  /** What reviews run checks with; replaced in tests. */
  reviews?: Partial<Pick<BuildReviewsOptions, "checksOf" | "sessions" | "worktrees">>;
}

export interface BuiltAgents {
  approvals: ApprovalService;
  tasks: Tasks["service"];
  runs: BuiltRuns["runs"];
  runHooks: BuiltRuns["hooks"];
  /** See `RunTracker`. */
  onRunsComplete: BuiltRuns["onComplete"];
  knownRun: BuiltRuns["known"];
  /** What runs that ask a provider get of PortOS at most; `null`: what runs may in general. */
  toolsOfProvider(id: string): McpRights | null;
  /** Why a prompt cannot be filled with these values, each below `path`. */
  promptIssues: Prompts["issuesOf"];
  automationUse: Chief["automationUse"];
  /** Told of each change of a repair. */
  onRepairChanged: BuiltRepairs["onChanged"];
  start(): Promise<void>;
}

/** Builds what gives work to models and agents and keeps hold of it. Nothing is asked or probed before `start()`. */
export async function buildAgents(
  { context, settings, notifications, errors, cos }: Core,
  options: BuildAgentsOptions,
): Promise<BuiltAgents> {
  const { panic, appOf, automationBudget, automations, lend, crashes, resolveTargets, push } = options;
  const prompts = await buildPrompts(context);
  const localModels = await buildLocalModels(context, { panic });
  panic.addBrake("stoppedDownloads", (by) => localModels.stopDownloads(`Everything was stopped by ${by}`));
  const providers = await buildProviders(context, { panic });
  const nameOfApp = (appId: string) => appOf(appId)?.name;
  const usage = await buildUsage(context, { settings, nameOfApp });
  const worktrees = await buildWorktrees(context, { nameOfApp });
  const runs = await buildRuns(context, {
    setupOf: worktrees.setups.of,
    notifications,
    errors,
    resolveTargets: resolveTargets ?? providers.resolveTargets,
    renderTemplate: (wish) => prompts.render(wish.promptId, wish.version ?? null, wish.values),
    folderOf: (appId) => appOf(appId)?.folder,
    checkBudget: () => usage.check(openRuns()),
    checkAllowed: panic.check,
    lend,
  });
  const tasks = await buildTasks(context, {
    notifications,
    hasApp: (appId) => appOf(appId) !== undefined,
    hasProvider: (providerId) => providerList().some(({ id }) => id === providerId),
    stopRun: async (id, reason) => {
      await runs.runs.stop(id, reason).catch(unlessOver);
    },
    autonomy: () => chief.settings().autonomy,
    startTask: (id) => chief.startNow(id),
    incidentOf: (id) => crashes.incidents.get(id),
    prompts,
  });
  context.onStop(startHistoryRetention({ history: tasks.log, logger: context.logger }, settings));
  const openRuns = () => runs.open().runs.map(({ run }) => run);
  const providerList = () => providers.service.list().providers;
  const learning = await buildLearning(context, {
    weights: () => chief.settings().weights,
    candidates: () => candidatesOf(providerList()),
    nameOf: (id) => providerList().find((provider) => provider.id === id)?.name,
  });
  accountRuns(runs.hooks, { usage, providers, learning });
  const { approvals, runApprovals, log } = await buildApprovals(context, { runs: runs.runs, notifications, settings });
  context.onStop(startHistoryRetention({ history: log, logger: context.logger }, settings));
  runs.hooks.onRunChanged(runApprovals.hear);
  runs.hooks.onRunRemoved(runApprovals.forget);
  const devices = await buildPush(context, { notifications, ...push });
  prompts.addUses(usesInTasks(tasks.service));
  prompts.addUses(usesInAutomations(automations));
  prompts.addUses(usesInRuns(runs.runs));
  const reviews = await buildReviews(context, {
    runs: runs.runs,
    checksOf: (appId) => Promise.resolve(worktrees.setups.of(appId).checks),
    sessions: cos,
    notifications,
    panic,
    // A repair says itself when its work waits.
    isToldElsewhere: (runId) => repairs.hasRun(runId),
    ranElsewhere: (runId) => repairs.checksOn(runId),
    ...options.reviews,
  });
  panic.addBrake("stoppedChecks", () => reviews.stopAllChecks());
  runs.hooks.onRunChanged(reviews.hear);
  runs.hooks.onRunEnded(reviews.open);
  const parts = {
    panic,
    tasks: tasks.service,
    runs,
    approvals,
    providers,
    learning,
    usage,
    reviews,
    appOf,
    automationBudget,
    async fillPrompt({ promptId, version, values }: PromptReference) {
      const { text, ...versions } = await prompts.render(promptId, version, values);
      return { text, prompt: { id: promptId, ...versions } };
    },
  };
  const chief = await buildChiefOfStaff({ context, notifications, settings }, parts);
  const repairs = await buildCrashRepairs(
    { context, settings, notifications, cos },
    {
      ...parts,
      ...crashes,
      approvals,
      apps: { of: appOf, restart: crashes.restart },
      checksOf: (appId) => Promise.resolve(worktrees.setups.of(appId).checks),
    },
  );

  return {
    approvals,
    tasks: tasks.service,
    runs: runs.runs,
    runHooks: runs.hooks,
    onRunsComplete: runs.onComplete,
    knownRun: runs.known,
    toolsOfProvider: (id) => providerList().find((provider) => provider.id === id)?.tools ?? null,
    promptIssues: prompts.issuesOf,
    automationUse: chief.automationUse,
    onRepairChanged: repairs.onChanged,
    async start() {
      tasks.start();
      await reviews.start();
      await chief.start();
      worktrees.follow(runs.link);
      runs.start();
      await localModels.start();
      providers.start();
      devices.start();
      repairs.start();
    },
  };
}

/** A run that is over, or gone, needs no stopping. */
function unlessOver(error: unknown): void {
  if (!(error instanceof AppError) || (error.code !== "not_found" && error.code !== "conflict")) throw error;
}

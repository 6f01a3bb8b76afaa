import type { App } from "../contract/features/apps.ts";
import type { Run } from "../contract/features/runs.ts";
import { gitRoot } from "../lib/processes/git.ts";
import type { Core } from "./app.ts";
import type { ApprovalService } from "./features/approvals/approval-service.ts";
import { buildChief } from "./features/chief/build-chief.ts";
import type { ChiefParts } from "./features/chief/chief-parts.ts";
import type { Chief } from "./features/chief/chief-service.ts";
import type { PanicSwitch } from "./features/chief/panic-switch.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import type { Learning } from "./features/learning/learning-service.ts";
import type { Providers } from "./features/providers/build-providers.ts";
import type { ReviewService } from "./features/reviews/review-service.ts";
import type { BuiltRuns } from "./features/runs/start-runs.ts";
import type { TaskService } from "./features/tasks/task-service.ts";
import { createBudgetWatch } from "./features/usage/budget-watch.ts";
import type { UsageService } from "./features/usage/usage-service.ts";

interface Parts {
  panic: PanicSwitch;
  tasks: TaskService;
  runs: BuiltRuns;
  approvals: Pick<ApprovalService, "denyAll">;
  providers: Pick<Providers, "standing" | "onChange">;
  learning: Pick<Learning, "choose" | "feedback">;
  usage: Pick<UsageService, "exceeded">;
  reviews: Pick<ReviewService, "open" | "hasOpen" | "onDecided">;
  appOf(appId: string): App | undefined;
  automationBudget: ChiefParts["automationBudget"];
  fillPrompt: ChiefParts["fillPrompt"];
}

/** Who gives tasks to agents, and what it goes by. Nothing is started before `start()`, and not before it is turned on. */
export async function buildChiefOfStaff(
  { context, notifications, settings }: Pick<Core, "context" | "notifications" | "settings">,
  { panic, tasks, runs, approvals, providers, learning, usage, reviews, appOf, automationBudget, fillPrompt }: Parts,
): Promise<Chief> {
  const openRuns = (): Run[] => runs.open().runs.map(({ run }) => run);
  const { chief, log } = await buildChief(context, {
    tasks,
    runs: runs.runs,
    openRuns: runs.open,
    newRunId: runs.newId,
    providers: providers.standing,
    choose: learning.choose,
    dayBudget: () => usage.exceeded(openRuns()),
    automationBudget,
    folderOf: (appId) => appOf(appId)?.folder,
    fillPrompt,
    isRepository: async (folder) => (await gitRoot(folder)) !== null,
    async hasReview(run) {
      if (run.worktree !== null) await reviews.open(run);
      return reviews.hasOpen(run.id);
    },
    isReviewOpen: reviews.hasOpen,
    notifications,
    panic,
    setLimits: runs.setLimits,
    hooks: runs.hooks,
    onComplete: runs.onComplete,
    denyQuestions: (by, reason) => approvals.denyAll({ by, device: null }, reason),
  });
  providers.onChange(chief.evaluateSoon);
  reviews.onDecided(async ({ runId, state, by }) => {
    await chief.reviewed(runId, state, by);
    await learning.feedback(runId, state === "open" ? null : state);
  });
  const watchBudget = createBudgetWatch({
    usage,
    openRuns,
    stopRuns: (reason) => chief.stopRuns("day-budget", reason),
    stopOverdrawn: chief.stopOverdrawn,
    logger: context.logger.child("usage"),
  });
  runs.hooks.onRunChanged(watchBudget);
  context.onStop(startHistoryRetention({ history: log, logger: context.logger }, settings));
  return chief;
}

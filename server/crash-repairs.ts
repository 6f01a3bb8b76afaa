import type { ApprovalChange } from "../contract/features/approvals.ts";
import type { App } from "../contract/features/apps.ts";
import type { Process } from "../contract/features/processes.ts";
import type { Review, ReviewSummary } from "../contract/features/reviews.ts";
import type { WorktreeSetup } from "../contract/features/worktrees.ts";
import { internalWorktreesEndpoints } from "../contract/internal/worktrees.ts";
import { createInternalClient } from "../lib/internal-client.ts";
import { findRepository } from "../lib/processes/git-repository.ts";
import type { Core } from "./app.ts";
import type { ApprovalService } from "./features/approvals/approval-service.ts";
import type { PanicSwitch } from "./features/chief/panic-switch.ts";
import { startHistoryRetention } from "./features/history/retention.ts";
import { candidatesOf } from "./features/learning/candidates.ts";
import type { Learning } from "./features/learning/learning-service.ts";
import type { Providers } from "./features/providers/build-providers.ts";
import { buildRepairs, type BuiltRepairs } from "./features/repairs/build-repairs.ts";
import { isAnswering } from "./features/repairs/port-probe.ts";
import type { RepairTiming } from "./features/repairs/repair-engine.ts";
import type { RepairParts, RepairReview } from "./features/repairs/repair-parts.ts";
import type { ReviewService } from "./features/reviews/review-service.ts";
import type { BuiltRuns } from "./features/runs/start-runs.ts";

export interface CrashRepairParts {
  incidents: RepairParts["incidents"] & { onHeard(listener: () => void): void };
  apps: { of(appId: string): App | undefined; restart(appId: string, processName: string): Promise<unknown> };
  /** A process of PortOS's own PM2; "unknown" while that does not answer. */
  process(key: string): Pick<Process, "status" | "restarts"> | null | "unknown";
  panic: Pick<PanicSwitch, "isOn" | "get" | "countLate" | "onChange">;
  runs: Pick<BuiltRuns, "runs" | "hooks" | "newId">;
  approvals: ApprovalService;
  reviews: ReviewService;
  providers: Pick<Providers, "service">;
  learning: Pick<Learning, "choose" | "feedback">;
  checksOf(appId: string): Promise<WorktreeSetup["checks"]>;
  /** What a repair is timed by, and what runs its checks; replaced in tests. */
  timing?: RepairTiming | undefined;
  command?: RepairParts["command"] | undefined;
  sessions?: { get: RepairParts["session"]; kill: RepairParts["killSession"] } | undefined;
}

/** A command may have to wait for a set-up. */
const commandTimeoutMs = 30_000;
const maxFiles = 10;
const maxLinesOfFile = 300;

/** Repairs of crashes by agents, joined to everything they need. Nothing begins before `start()`. */
export async function buildCrashRepairs(
  { context, settings, notifications, cos }: Pick<Core, "context" | "settings" | "notifications" | "cos">,
  parts: CrashRepairParts,
): Promise<BuiltRepairs> {
  const { env } = context;
  const { incidents, apps, runs, approvals, reviews, panic } = parts;
  const worktrees = createInternalClient(internalWorktreesEndpoints, {
    baseUrl: `http://127.0.0.1:${env.ports.cos}`,
    name: "portos-cos",
  });
  const didNotHold = (runId: string): Promise<void> => parts.learning.feedback(runId, "discarded");
  const built = await buildRepairs(
    context,
    {
      incidents,
      apps: { find: apps.of, restart: apps.restart },
      process: parts.process,
      isAnswering,
      ownFolder: env.rootDir,
      isRepository: async (folder) => ((await findRepository(folder))?.head ?? null) !== null,
      agent: (appId) => chooseAgent(appId, () => built.repairs.settings().settings.choice, parts),
      runs: runs.runs,
      newRunId: runs.newId,
      checksOf: parts.checksOf,
      command:
        parts.command ??
        ((id, { name, command, timeoutMs }) =>
          worktrees.command({ params: { id }, body: { name, command, timeoutMs } }, { timeoutMs: commandTimeoutMs })),
      session: parts.sessions?.get ?? ((id) => cos.get(id)),
      killSession: parts.sessions?.kill ?? ((id) => cos.kill(id)),
      checksStopped: (count) => panic.countLate("stoppedChecks", count),
      reviews: reviewsOf(reviews),
      approvals,
      didNotHold,
      panic() {
        if (!panic.isOn()) return null;
        const { by } = panic.get();
        return `Everything is stopped${by === null ? "" : ` by ${by}`}.`;
      },
      notifications,
    },
    parts.timing,
  );
  const { repairs, nudge } = built;
  panic.onChange(() => {
    nudge();
  });
  incidents.onHeard(() => {
    repairs.hear(incidents.heard().active);
  });
  runs.hooks.onRunChanged(({ source }) => {
    if (source.kind === "incident") nudge();
  });
  reviews.onDecided(async ({ runId, state }) => {
    // Heard after everybody else for whom undone work is open again, and not judged.
    if (state === "open" && built.isTakenBack(runId)) await didNotHold(runId);
    nudge();
  });
  approvals.onSettled(({ subject }) => {
    if (subject.kind === "repair") nudge();
  });
  context.onStop(startHistoryRetention({ history: built.log, logger: context.logger }, settings));
  return built;
}

async function chooseAgent(
  appId: string | null,
  chosen: () => { providerId: string; model: string | null } | null,
  { providers, learning }: Pick<CrashRepairParts, "providers" | "learning">,
): ReturnType<RepairParts["agent"]> {
  const list = providers.service.list().providers;
  const nameOf = (id: string): string => list.find((provider) => provider.id === id)?.name ?? id;
  const own = chosen();
  if (own !== null && list.some(({ id, isEnabled }) => id === own.providerId && isEnabled))
    return { ...own, name: nameOf(own.providerId) };
  const candidates = candidatesOf(list);
  if (candidates.length === 0) return null;
  const { order } = await learning.choose({ type: "repair", appId }, candidates);
  const best = order[0];
  return best === undefined ? null : { ...best, name: nameOf(best.providerId) };
}

function reviewsOf(reviews: ReviewService): RepairParts["reviews"] {
  const summaryOf = (runId: string): ReviewSummary | undefined => {
    const { open, decided } = reviews.list();
    return [...open, ...decided].find((one) => one.runId === runId);
  };
  const read = async (runId: string): Promise<RepairReview | null> =>
    summaryOf(runId) === undefined ? null : toRepairReview(await reviews.get(runId));
  const decided = async (runId: string): Promise<RepairReview> => toRepairReview(await reviews.get(runId));
  return {
    async open(run) {
      await reviews.open(run);
      const review = await read(run.id);
      return review === null || review.files === 0 ? null : review;
    },
    peek(runId) {
      const found = summaryOf(runId);
      if (found === undefined) return null;
      return { state: found.state, by: found.decision?.by ?? null, commit: found.decision?.commit ?? null };
    },
    read,
    async changes(runId) {
      const { files } = await reviews.get(runId);
      const shown = await Promise.all(files.slice(0, maxFiles).map(({ path }) => reviews.file(runId, path)));
      return shown.map(toChange);
    },
    async merge(runId, { tree, message, by }) {
      await reviews.decide.merge(runId, { tree, message }, by);
      return decided(runId);
    },
    async undo(runId, by) {
      await reviews.decide.undo(runId, by);
      return decided(runId);
    },
  };
}

function toRepairReview({ state, tree, files, added, removed, decision }: Review): RepairReview {
  return {
    state,
    tree,
    files: files.length,
    added,
    removed,
    paths: files.map(({ path }) => path),
    by: decision?.by ?? null,
    commit: decision?.commit ?? null,
  };
}

function toChange({ file, hunks, isCut }: Awaited<ReturnType<ReviewService["file"]>>): ApprovalChange {
  const all = hunks.flatMap(({ heading, lines }, index) => [
    ...(index === 0 ? [] : [`@ ${heading}`.trimEnd()]),
    ...lines.filter((line) => !line.startsWith("\\")),
  ]);
  return {
    path: file.path,
    isNew: file.change === "added",
    added: file.added,
    removed: file.removed,
    lines: all.slice(0, maxLinesOfFile),
    isCut: isCut || all.length > maxLinesOfFile,
  };
}

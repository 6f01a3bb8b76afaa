import type { App, AppsEvent } from "../../../contract/features/apps.ts";
import type { Approval } from "../../../contract/features/approvals.ts";
import type { AutomationList } from "../../../contract/features/automations.ts";
import type { LocalServer } from "../../../contract/features/local-models.ts";
import type { Notification } from "../../../contract/features/notifications.ts";
import type { Process, ProcessesEvent, ProcessSnapshot } from "../../../contract/features/processes.ts";
import type { ProviderList } from "../../../contract/features/providers.ts";
import type { PromptList, PromptsEvent } from "../../../contract/features/prompts.ts";
import type { ReviewSummary } from "../../../contract/features/reviews.ts";
import type { FeedEvent, FeedSnapshot } from "./use-feed.ts";

/** Replaces the item with the same id in its place, so that no row moves; a new one goes to the end. */
export function putById<T>(list: readonly T[], item: T, idOf: (item: T) => string): T[] {
  const id = idOf(item);
  return list.some((other) => idOf(other) === id)
    ? list.map((other) => (idOf(other) === id ? item : other))
    : [...list, item];
}

/** The list of apps after an event of the `apps` feed. */
export function reduceApps(apps: readonly App[], event: AppsEvent): App[] {
  return event.type === "changed"
    ? putById(apps, event.app, (app) => app.id)
    : apps.filter((app) => app.id !== event.id);
}

/** The processes after an event of the `processes` feed. */
export function reduceProcesses(snapshot: ProcessSnapshot, event: ProcessesEvent): ProcessSnapshot {
  switch (event.type) {
    case "changed":
      return { ...snapshot, processes: putById(snapshot.processes, event.process, (process) => process.key) };
    case "removed":
      return { ...snapshot, processes: snapshot.processes.filter((process) => process.key !== event.key) };
    case "home":
      return { ...snapshot, homes: putById(snapshot.homes, event.home, (home) => home.home) };
    case "samples":
      break;
  }
  const samples = new Map(event.samples.map(([key, cpuPercent, memoryBytes]) => [key, { cpuPercent, memoryBytes }]));
  return {
    ...snapshot,
    processes: snapshot.processes.map((process) => ({ ...process, ...samples.get(process.key) })),
  };
}

/** CPU and memory of an app: the sum over its processes. */
export function appUsage(processes: readonly Process[], appId: string): { cpuPercent: number; memoryBytes: number } {
  const own = processes.filter(({ owner }) => owner.kind === "app" && owner.appId === appId);
  return {
    cpuPercent: own.reduce((sum, process) => sum + process.cpuPercent, 0),
    memoryBytes: own.reduce((sum, process) => sum + process.memoryBytes, 0),
  };
}

/** The automations after an event of their feed; events about single runs change nothing here. */
export function reduceAutomations(list: AutomationList, event: FeedEvent<"automations">): AutomationList {
  switch (event.kind) {
    case "changed":
      return { ...list, automations: putById(list.automations, event.view, (view) => view.automation.id) };
    case "state":
      return {
        ...list,
        automations: list.automations.map((view) =>
          view.automation.id === event.state.id ? { ...view, state: event.state } : view,
        ),
      };
    case "removed":
      return { ...list, automations: list.automations.filter((view) => view.automation.id !== event.id) };
    case "paused":
      return { ...list, pausedAt: event.pausedAt };
    case "problems":
      return { ...list, problems: event.problems };
    case "occurrence":
    case "output":
      break;
  }
  return list;
}

/** The providers after an event of their feed. */
export function reduceProviders(list: ProviderList, event: FeedEvent<"providers">): ProviderList {
  switch (event.kind) {
    case "changed":
      return { ...list, providers: putById(list.providers, event.provider, ({ id }) => id) };
    case "health":
      return { ...list, health: putById(list.health, event.health, ({ id }) => id) };
    case "removed":
      return {
        ...list,
        providers: list.providers.filter(({ id }) => id !== event.id),
        health: list.health.filter(({ id }) => id !== event.id),
      };
    case "problems":
      break;
  }
  return { ...list, problems: event.problems };
}

/** The notifications, newest first, after an event of their feed. */
export function reduceNotifications(list: readonly Notification[], event: FeedEvent<"notifications">): Notification[] {
  switch (event.kind) {
    case "removed":
      return list.filter((item) => item.id !== event.id);
    case "allRead":
      return list.map((item) => ({ ...item, isRead: true }));
    case "put":
      break;
  }
  const others = list.filter((item) => item.id !== event.notification.id);
  return [event.notification, ...others].toSorted((a, b) => b.at.localeCompare(a.at));
}

/** The prompts by title after an event of their feed. */
export function reducePrompts(list: PromptList, event: PromptsEvent): PromptList {
  switch (event.kind) {
    case "problems":
      return { ...list, problems: event.problems };
    case "removed":
      return { ...list, prompts: list.prompts.filter(({ id }) => id !== event.id) };
    case "changed":
      break;
  }
  const prompts = putById(list.prompts, event.summary, ({ id }) => id);
  return { ...list, prompts: prompts.toSorted((a, b) => a.title.localeCompare(b.title, "en")) };
}

/** The model servers after an event of their feed. */
export function reduceLocalModels(list: readonly LocalServer[], event: FeedEvent<"localModels">): LocalServer[] {
  switch (event.kind) {
    case "changed":
      return putById(list, event.server, ({ kind }) => kind);
    case "seen":
      return list.map((server) => (server.kind === event.server ? { ...server, asOf: event.asOf } : server));
    case "job":
      break;
  }
  return list.map((server) => {
    if (server.kind !== event.server) return server;
    const isKnown = server.jobs.some(({ id }) => id === event.job.id);
    const jobs = isKnown ? putById(server.jobs, event.job, ({ id }) => id) : [event.job, ...server.jobs];
    return { ...server, jobs };
  });
}

/** Questions that wait, oldest first, and those settled last, newest first. */
export interface ApprovalLists {
  pending: Approval[];
  recent: Approval[];
}

const maxRecent = 50;

/** The questions after an event of the `approvals` feed. */
export function reduceApprovals(lists: ApprovalLists, event: FeedEvent<"approvals">): ApprovalLists {
  if (event.kind === "rules-changed") return lists;
  const { pending, recent } = lists;
  const { approval } = event;
  const isPending = approval.state === "pending";
  return {
    pending: isPending ? putById(pending, approval, ({ id }) => id) : pending.filter(({ id }) => id !== approval.id),
    recent: isPending ? recent : [approval, ...recent.filter(({ id }) => id !== approval.id)].slice(0, maxRecent),
  };
}

/** Work that waits to be looked at, newest first, and what was decided last. */
export interface ReviewLists {
  open: ReviewSummary[];
  decided: ReviewSummary[];
}

const maxDecided = 100;

/** The reviews after an event of the `reviews` feed. */
export function reduceReviews({ open, decided }: ReviewLists, { review }: FeedEvent<"reviews">): ReviewLists {
  const isOpen = review.state === "open";
  const others = decided.filter(({ runId }) => runId !== review.runId);
  return {
    open: isOpen ? putFirst(open, review) : open.filter(({ runId }) => runId !== review.runId),
    decided: isOpen ? others : putFirst(decided, review).slice(0, maxDecided),
  };
}

/** One that is known keeps its place. */
function putFirst(list: readonly ReviewSummary[], review: ReviewSummary): ReviewSummary[] {
  return list.some(({ runId }) => runId === review.runId)
    ? putById(list, review, ({ runId }) => runId)
    : [review, ...list];
}

/** The worktrees after an event of the `worktrees` feed, newest first. */
export function reduceWorktrees(
  list: FeedSnapshot<"worktrees">,
  event: FeedEvent<"worktrees">,
): FeedSnapshot<"worktrees"> {
  const { worktrees } = list;
  if (event.kind === "up") return { ...list, isUp: event.isUp };
  if (event.kind === "removed") return { ...list, worktrees: worktrees.filter(({ runId }) => runId !== event.runId) };
  const { worktree } = event;
  const isKnown = worktrees.some(({ runId }) => runId === worktree.runId);
  return {
    ...list,
    worktrees: isKnown ? putById(worktrees, worktree, ({ runId }) => runId) : [worktree, ...worktrees],
  };
}

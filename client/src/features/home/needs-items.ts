import type { App } from "../../../../contract/features/apps.ts";
import type { Notification } from "../../../../contract/features/notifications.ts";
import type { DataProblem } from "../../../../contract/features/system.ts";

/** One thing that waits for a decision. */
export type NeedsItem =
  | { kind: "app"; key: string; app: App }
  | { kind: "notification"; key: string; notification: Notification }
  | { kind: "data"; key: string; problem: DataProblem };

/**
 * What waits for the user: damaged data first, then apps that do not run though they should, then notifications. A
 * notification about an app that is listed already is not said twice.
 */
export function needsItems(
  apps: readonly App[],
  notifications: readonly Notification[],
  problems: readonly DataProblem[],
): NeedsItem[] {
  const errored = apps.filter((app) => app.status === "errored" && !app.isArchived);
  const links = new Set(errored.map((app) => `/apps/${app.id}`));
  const others = notifications.filter((item) => item.needsYou && !links.has((item.link ?? "").split("?")[0] ?? ""));
  return [
    ...problems.map((problem): NeedsItem => ({ kind: "data", key: `data:${problem.file}`, problem })),
    ...errored.map((app): NeedsItem => ({ kind: "app", key: `app:${app.id}`, app })),
    ...others.map((notification): NeedsItem => ({ kind: "notification", key: `n:${notification.id}`, notification })),
  ];
}

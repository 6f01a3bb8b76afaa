import type { App } from "../../../../contract/features/apps.ts";
import type { Notification } from "../../../../contract/features/notifications.ts";
import type { Incident } from "../../../../contract/internal/autofixer.ts";
import type { DataProblem } from "../../../../contract/features/system.ts";

/** One thing that waits for a decision. */
export type NeedsItem =
  | { kind: "app"; key: string; app: App; trouble: AppTrouble }
  | { kind: "notification"; key: string; notification: Notification }
  | { kind: "question"; key: string; approvalId: string; notification: Notification }
  | { kind: "data"; key: string; problem: DataProblem };

/** `down`: it does not run though it should. `looping`: it is up at times, but ends again and again. */
export interface AppTrouble {
  kind: "down" | "looping";
  /** Its crash as the autofixer follows it; the newest one. */
  incident: Incident | null;
}

/** Ends within one unsettled incident, which a minute without a crash settles, from which on a restart is no cure. */
const loopingAfter = 3;

/** What is wrong with an app; `null` when nothing is, or when a single crash is being dealt with. */
export function appTrouble(app: App, incidents: readonly Incident[]): AppTrouble | null {
  if (app.isArchived) return null;
  const own = incidents.filter(({ process }) => process.appId === app.id);
  const incident = own.toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))[0] ?? null;
  if (app.status === "errored") return { kind: "down", incident };
  if (app.status === "stopped") return null;
  const isLooping =
    app.processes.some(({ live }) => live?.isCrashLooping === true) ||
    own.some(({ crashes, attempts, status }) => crashes >= loopingAfter || attempts.length > 0 || status === "gave-up");
  return isLooping ? { kind: "looping", incident } : null;
}

/**
 * What waits for the user: questions of agents first, which hold work up, then damaged data, then apps that do not run though they should or keep crashing, then
 * notifications. A notification about an app that is listed already, or about its crash, is not said twice.
 */
export function needsItems(
  apps: readonly App[],
  notifications: readonly Notification[],
  problems: readonly DataProblem[],
  incidents: readonly Incident[],
): NeedsItem[] {
  const troubled = apps.flatMap((app) => {
    const trouble = appTrouble(app, incidents);
    return trouble === null ? [] : [{ app, trouble }];
  });
  const pages = new Set(troubled.map(({ app }) => `/apps/${app.id}`));
  const told = new Set(
    incidents.filter(({ process }) => pages.has(`/apps/${process.appId ?? ""}`)).map(({ id }) => `incident:${id}`),
  );
  const others = notifications.filter(
    ({ needsYou, link, key }) => needsYou && !pages.has((link ?? "").split("?")[0] ?? "") && !told.has(key ?? ""),
  );
  const questions = others.flatMap((notification): NeedsItem[] => {
    const approvalId = askedIn(notification);
    return approvalId === null ? [] : [{ kind: "question", key: `q:${notification.id}`, approvalId, notification }];
  });
  const rest = others.filter((notification) => askedIn(notification) === null);
  return [
    ...questions,
    ...problems.map((problem): NeedsItem => ({ kind: "data", key: `data:${problem.file}`, problem })),
    ...troubled.map(({ app, trouble }): NeedsItem => ({ kind: "app", key: `app:${app.id}`, app, trouble })),
    ...rest.map((notification): NeedsItem => ({ kind: "notification", key: `n:${notification.id}`, notification })),
  ];
}

const questionPrefix = "approval:";

/** The question it is about; `null` for any other notification. */
function askedIn({ key }: Notification): string | null {
  return key?.startsWith(questionPrefix) === true ? key.slice(questionPrefix.length) : null;
}

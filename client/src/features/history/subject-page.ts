import type { HistoryEntry } from "../../../../contract/features/history.ts";

/** Ids of what exists now; a page of anything else would be empty. */
export interface KnownSubjects {
  apps: ReadonlySet<string>;
  automations: ReadonlySet<string>;
  terminal: ReadonlySet<string>;
}

/** What the user calls the thing an action was about: its name then, else its id. */
export function subjectLabel({ subject, subjectName }: Pick<HistoryEntry, "subject" | "subjectName">): string | null {
  return subjectName ?? subject;
}

/** Address of the page of the thing an action was about; `null` once it is gone, or when it has no page. */
export function subjectPage(
  { action, subject }: Pick<HistoryEntry, "action" | "subject">,
  known: KnownSubjects,
): string | null {
  const part = action.split(".")[0];
  if (part === "settings") return "/system?tab=settings";
  if (part === "backups") return "/system?tab=backups";
  if (part === "trust" || part === "outbox") return `/connectors?tab=${part === "trust" ? part : "queue"}`;
  if (part === "hooks") return "/connectors?tab=webhooks";
  if (subject === null) return part === "connectors" ? "/connectors" : null;
  const id = encodeURIComponent(subject);
  if (part === "apps") return known.apps.has(subject) ? `/apps/${id}` : null;
  if (part === "automations") return known.automations.has(subject) ? `/automations/${id}` : null;
  if (part === "terminal") return known.terminal.has(subject) ? `/terminal?session=${id}` : null;
  // Its page says so when it was deleted; a group of runs is known by its title and has none.
  if (part === "runs") return subject.startsWith("run-") ? `/agents/${id}` : null;
  // Its page says so when there is no such connector any more; targets that were left alone have none.
  if (part === "connectors") return /^[a-z][a-z0-9-]*$/.test(subject) ? `/connectors/${id}` : "/connectors";
  if (part === "incidents") return `/system?tab=incidents&incident=${id}`;
  return part === "processes" ? "/system" : null;
}

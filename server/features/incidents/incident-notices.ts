import type { Incident } from "../../../contract/internal/autofixer.ts";
import type { ProcessName } from "../../../contract/ports.ts";

/** What the notification centre is told. */
export interface IncidentNotice {
  level: "success" | "warning" | "error";
  title: string;
  message: string;
  link: string;
  key: string;
  needsYou: boolean;
}

/** Key under which the notifications of an incident replace each other. */
export function incidentKey(id: string): string {
  return `incident:${id}`;
}

/** Key of the notification about one of our own processes that has fallen. */
export function fallenKey(name: ProcessName): string {
  return `fallen:${name}`;
}

/** Page of an incident inside the panel. */
export function incidentLink(id: string): string {
  return `/system?tab=incidents&incident=${id}`;
}

/** What the user is told about an incident in its present state; `null` when there is nothing left to say. */
export function incidentNotice(incident: Incident): IncidentNotice | null {
  const { id, status, reason, process } = incident;
  const base = { message: reason, link: incidentLink(id), key: incidentKey(id) };
  const notices: Record<Incident["status"], IncidentNotice | null> = {
    open: { ...base, level: "warning", title: `${process.name} crashed`, needsYou: false },
    "gave-up": { ...base, level: "error", title: `${process.name} stays down`, needsYou: true },
    recovered: { ...base, level: "success", title: `${process.name} runs again`, needsYou: false },
    stopped: null,
    removed: null,
    dismissed: null,
  };
  return notices[status];
}

/** What the user is told about one of our own processes that PM2 does not restart any more. */
export function fallenNotice(name: ProcessName): IncidentNotice {
  return {
    level: "error",
    title: `${name} stays down`,
    message: "PM2 has given up restarting it. Look at its log, then restart it on the System page.",
    link: "/system",
    key: fallenKey(name),
    needsYou: true,
  };
}

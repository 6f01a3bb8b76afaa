import type { Run } from "../../../contract/features/runs.ts";
import type { NewNotification } from "../notifications/notification-service.ts";

/** Key under which what is said about the state of a run replaces itself. */
export function runKey(id: string): string {
  return `run:${id}`;
}

/** Page of a run inside the panel. */
export function runLink(id: string): string {
  return `/agents/${id}`;
}

/** What the user is told about the end of a run; `null` when there is nothing to say. */
export function endNotice({ id, title, state, message, source }: Run): NewNotification | null {
  const base = { message: message ?? "", link: runLink(id), key: runKey(id) };
  // Whoever pressed a test button looks at its result; what becomes of a task or of a repair is told by who gave it to an agent.
  if (source.kind === "test" || source.kind === "task" || source.kind === "incident") return null;
  if (state === "succeeded") return { ...base, level: "success", title: `${title} is done`, needsYou: false };
  // The automation says that it has failed, and why.
  if (state === "failed" && source.kind === "automation") return null;
  if (state === "failed") return { ...base, level: "error", title: `${title} failed`, needsYou: true };
  if (state === "interrupted") return { ...base, level: "warning", title: `${title} was interrupted`, needsYou: true };
  return null;
}

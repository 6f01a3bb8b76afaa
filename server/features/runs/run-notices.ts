import type { Run } from "../../../contract/features/runs.ts";
import type { NewNotification } from "../notifications/notification-service.ts";

/** Key under which what is said about the state of a run replaces itself. */
export function runKey(id: string): string {
  return `run:${id}`;
}

/** Key under which a question of a run waits; the page knows the run by it. */
export function questionKey(id: string): string {
  return `run-question:${id}`;
}

/** Page of a run inside the panel. */
export function runLink(id: string): string {
  return `/agents/${id}`;
}

/** What the user is told about a run that waits for an answer; `null` when it does not. */
export function questionNotice({ id, title, pending }: Run): NewNotification | null {
  const [first, ...more] = pending;
  if (!first) return null;
  return {
    level: "warning",
    title: `${title} asks you`,
    message: more.length === 0 ? first.call.title : `${first.call.title} (and ${more.length} more)`,
    link: runLink(id),
    key: questionKey(id),
    needsYou: true,
  };
}

/** What the user is told about the end of a run; `null` when there is nothing to say. */
export function endNotice({ id, title, state, message, source }: Run): NewNotification | null {
  const base = { message: message ?? "", link: runLink(id), key: runKey(id) };
  // Whoever pressed a test button looks at its result.
  if (source.kind === "test") return null;
  if (state === "succeeded") return { ...base, level: "success", title: `${title} is done`, needsYou: false };
  if (state === "failed") return { ...base, level: "error", title: `${title} failed`, needsYou: true };
  if (state === "interrupted") return { ...base, level: "warning", title: `${title} was interrupted`, needsYou: true };
  return null;
}

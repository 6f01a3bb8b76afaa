import type { Task } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";
import type { ChiefParts, Teller, WriteDecision } from "./chief-parts.ts";

/** Changes of tasks by the chief of staff; each new reason becomes a decision. */
export function createTeller(tasks: Pick<ChiefParts["tasks"], "change" | "changeAll">, write: WriteDecision): Teller {
  async function writeDown(before: Task | null, after: Task, detail: string | null): Promise<void> {
    const { at, code, text } = after.reason;
    if (before?.reason.code === code && before.reason.text === text) return;
    await write({ at, taskId: after.id, taskTitle: redact(after.title), code, text: redact(text), detail });
  }

  return {
    async tell(taskId, change, detail = null) {
      const seen: { before: Task | null } = { before: null };
      try {
        const after = await tasks.change(taskId, (task) => {
          seen.before = task;
          return change(task);
        });
        await writeDown(seen.before, after, detail);
        return after;
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return null;
        throw error;
      }
    },
    async tellAll(taskIds, change) {
      const changed = await tasks.changeAll(taskIds, change);
      // Begun together: they share one write.
      await Promise.all(changed.map(({ before, after }) => writeDown(before, after, null)));
    },
  };
}

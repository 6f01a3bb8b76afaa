import type { Task } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ChiefParts, Teller, WriteDecision } from "./chief-parts.ts";

/** Changes of tasks by the chief of staff; each new reason becomes a decision. */
export function createTeller(tasks: Pick<ChiefParts["tasks"], "change">, write: WriteDecision): Teller {
  return {
    async tell(taskId, change, detail = null) {
      const seen: { before: Task | null } = { before: null };
      try {
        const after = await tasks.change(taskId, (task) => {
          seen.before = task;
          return change(task);
        });
        const said = seen.before?.reason;
        const isNews = said?.code !== after.reason.code || said.text !== after.reason.text;
        if (isNews)
          await write({
            at: after.reason.at,
            taskId,
            taskTitle: after.title,
            code: after.reason.code,
            text: after.reason.text,
            detail,
          });
        return after;
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return null;
        throw error;
      }
    },
  };
}

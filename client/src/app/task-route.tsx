import type { RunState } from "../../../contract/features/run-events.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { TaskDecisions } from "../features/chief/task-decisions.tsx";
import { runStatus } from "../ui/status.ts";
import { TaskPage } from "../features/tasks/task-page.tsx";

const words = { status: (state: RunState) => runStatus(state) };

function decisionsOf({ id }: Pick<Task, "id">) {
  return <TaskDecisions taskId={id} />;
}

/** A task with its runs, in the words of runs. */
export function TaskRoute() {
  return <TaskPage words={words} more={decisionsOf} />;
}

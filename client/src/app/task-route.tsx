import type { RunState } from "../../../contract/features/run-events.ts";
import { permissionModes, runStatus } from "../features/runs/run-words.ts";
import { TaskPage } from "../features/tasks/task-page.tsx";

const words = { status: (state: RunState) => runStatus(state), permissionModes };

/** A task with its runs, in the words of runs. */
export function TaskRoute() {
  return <TaskPage words={words} />;
}

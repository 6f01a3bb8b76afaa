import { tasksEndpoints } from "../../../contract/features/tasks.ts";
import type { IncidentDetail } from "../../../contract/internal/autofixer.ts";
import type { Mount } from "../../http/mount.ts";
import { incidentTask } from "./incident-task.ts";
import type { TaskBook } from "./task-book.ts";
import type { TaskHistory } from "./task-history.ts";
import type { TaskService } from "./task-service.ts";
import type { TasksFileSync } from "./tasks-file-sync.ts";

interface Dependencies {
  tasks: TaskService;
  book: TaskBook;
  history: TaskHistory;
  file: TasksFileSync;
  /** Starts a task now. */
  start(id: string): Promise<unknown>;
  incidentOf(id: string): Promise<IncidentDetail>;
}

const byUser = { source: { kind: "user", id: "user" } } as const;

/** Mounts the endpoints of tasks. */
export function mountTasks(mount: Mount, { tasks, book, history, file, start, incidentOf }: Dependencies): void {
  mount(
    "tasks",
    tasksEndpoints,
  )({
    list: () => ({ tasks: tasks.list(), file: file.state() }),
    history: ({ query }) => history.page(query),
    removed: () => [...book.file().removed],
    async fromIncident({ body: { incidentId } }) {
      const incident = await incidentOf(incidentId);
      const source = { kind: "incident", id: incidentId } as const;
      return tasks.create(incidentTask(incident), { source, state: "draft", isOnlyOne: true });
    },
    settleFile: ({ body }) => file.resolve(body.choice),
    get: ({ params }) => tasks.find(params.id),
    create: ({ body: { state, key, ...input } }) => tasks.create(input, { ...byUser, state, key }),
    update: ({ params, body }) => tasks.update(params.id, body),
    move: ({ params, body }, { caller }) => tasks.move(params.id, body, caller.name),
    async start({ params }) {
      await start(params.id);
      return tasks.get(params.id);
    },
    cancel: ({ params }, { caller }) => tasks.cancel(params.id, caller.name),
    remove: ({ params }, { caller }) => tasks.remove(params.id, caller.name),
    restore: ({ params }) => tasks.restore(params.id),
  });
}

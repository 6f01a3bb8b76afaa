import { isDeepStrictEqual } from "node:util";

import type { PromptReference } from "../../../contract/features/prompts.ts";
import type { PermissionMode } from "../../../contract/features/runs.ts";
import { type Task, type TaskInput, tasksEndpoints } from "../../../contract/features/tasks.ts";
import type { IncidentDetail } from "../../../contract/internal/autofixer.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Mount } from "../../http/mount.ts";
import { incidentTask } from "./incident-task.ts";
import type { TaskBook } from "./task-book.ts";
import type { TaskHistory } from "./task-history.ts";
import type { TaskService } from "./task-service.ts";
import { shownTask, withKeptTitle } from "./task-view.ts";
import type { TasksFileSync } from "./tasks-file-sync.ts";

interface Dependencies {
  tasks: TaskService;
  book: TaskBook;
  history: TaskHistory;
  file: TasksFileSync;
  /** What runs of a task without a mode of its own may do. */
  autonomy(): PermissionMode;
  /** Starts a task now. */
  start(id: string): Promise<unknown>;
  incidentOf(id: string): Promise<IncidentDetail>;
  /** Why a prompt cannot be filled with these values, each below `path`. */
  promptIssues(reference: PromptReference, path: string): Promise<{ path: string; message: string }[]>;
}

/** What a run is told, by whom it is done and where; the rest is when and how much. */
const workFields = ["title", "instructions", "template", "appId", "choice", "isolation", "attachments"] as const;

function isSameWork(one: TaskInput, other: TaskInput): boolean {
  return workFields.every((field) => isDeepStrictEqual(one[field], other[field]));
}

const byUser = { source: { kind: "user", id: "user" } } as const;

/** Mounts the endpoints of tasks. */
export function mountTasks(mount: Mount, dependencies: Dependencies): void {
  const { tasks, book, history, file, autonomy, start, incidentOf } = dependencies;
  const isFree = ({ permissionMode }: TaskInput): boolean => (permissionMode ?? autonomy()) === "free";

  /** Told while it is being written, and not only when it is started. */
  async function checkTemplate(template: Task["template"], before: Task["template"]): Promise<void> {
    if (template === null || JSON.stringify(template) === JSON.stringify(before)) return;
    const issues = await dependencies.promptIssues(template, "body.template");
    if (issues.length === 0) return;
    throw new AppError("invalid_request", issues.map(({ message }) => message).join("; "), { issues });
  }

  mount(
    "tasks",
    tasksEndpoints,
  )({
    list: () => ({ tasks: tasks.list().map(shownTask), file: file.state() }),
    async history({ query }) {
      const { items, ...rest } = await history.page(query);
      return { ...rest, items: items.map(shownTask) };
    },
    removed: () => book.file().removed.map(({ task, ...rest }) => ({ ...rest, task: shownTask(task) })),
    async fromIncident({ body: { incidentId } }) {
      const incident = await incidentOf(incidentId);
      const source = { kind: "incident", id: incidentId } as const;
      return shownTask(await tasks.create(incidentTask(incident), { source, state: "draft", isOnlyOne: true }));
    },
    settleFile: ({ body }) => file.resolve(body.choice),
    get: async ({ params }) => shownTask(await tasks.find(params.id)),
    async create({ body: { state, key, ...input } }, { demand }) {
      if (isFree(input)) demand("allow");
      await checkTemplate(input.template, null);
      return shownTask(await tasks.create(input, { ...byUser, state, key }));
    },
    async update({ params, body }, { demand }) {
      const before = await tasks.find(params.id);
      const input = withKeptTitle(body, before);
      if (isFree(input) && !(isFree(before) && isSameWork(before, input))) demand("allow");
      await checkTemplate(input.template, before.template);
      return shownTask(await tasks.update(params.id, input));
    },
    async move({ params, body }, { caller, demand }) {
      const before = await tasks.find(params.id);
      if (body.state === "ready" && before.state !== "ready" && isFree(before)) demand("allow");
      return shownTask(await tasks.move(params.id, body, caller.name));
    },
    async start({ params }, { demand }) {
      if (isFree(await tasks.find(params.id))) demand("allow");
      await start(params.id);
      return shownTask(tasks.get(params.id));
    },
    cancel: async ({ params }, { caller }) => shownTask(await tasks.cancel(params.id, caller.name)),
    remove: async ({ params }, { caller }) => shownTask(await tasks.remove(params.id, caller.name)),
    async restore({ params }, { demand }) {
      const removed = book.file().removed.find(({ task }) => task.id === params.id)?.task;
      if (removed?.state === "ready" && isFree(removed)) demand("allow");
      return shownTask(await tasks.restore(params.id));
    },
  });
}

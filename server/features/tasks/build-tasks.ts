import { dirname, join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import type { PermissionMode } from "../../../contract/features/runs.ts";
import { type Task, taskSchema, tasksFeed } from "../../../contract/features/tasks.ts";
import type { IncidentDetail } from "../../../contract/internal/autofixer.ts";
import { systemDisk } from "../../../lib/durable-file.ts";
import { watchFile } from "../../../lib/watch-file.ts";
import type { AppContext } from "../../app-context.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import { createFileNotices } from "./file-notices.ts";
import { createPromptChecks, type PromptChecks, type TaskPrompts } from "./prompt-checks.ts";
import { mountTasks } from "./routes.ts";
import { createTaskBook } from "./task-book.ts";
import { createTaskHistory } from "./task-history.ts";
import { tasksFile, type TasksFile } from "./task-record.ts";
import { liveRunOf } from "./task-rules.ts";
import { createTaskService, type TaskService } from "./task-service.ts";
import { shownTask } from "./task-view.ts";
import { createTasksFileDisk } from "./tasks-file.ts";
import { createTasksFileSync } from "./tasks-file-sync.ts";

interface Dependencies {
  notifications: Pick<NotificationService, "notify" | "settle">;
  hasApp(appId: string): boolean;
  hasProvider(providerId: string): boolean;
  /** Stops a run. */
  stopRun(runId: string, reason: string): Promise<void>;
  /** What runs of a task without a mode of its own may do. */
  autonomy(): PermissionMode;
  /** Starts a task now, whatever else would be next. */
  startTask(id: string): Promise<unknown>;
  /** What is known of a crash. Throws `not_found`. */
  incidentOf(id: string): Promise<IncidentDetail>;
  prompts: TaskPrompts;
}

export interface Tasks {
  service: TaskService;
  /** Ended tasks, for the retention of histories. */
  log: { prune(keepDays: number): Promise<void> };
  /** From now on `TASKS.md` is followed. */
  start(): void;
}

/** Opens the tasks, mounts endpoints and feed. `TASKS.md` is neither read nor written before `start()`. */
export async function buildTasks(context: AppContext, dependencies: Dependencies): Promise<Tasks> {
  const { clock, env, mount, realtime } = context;
  const { notifications, hasApp, hasProvider, stopRun, autonomy, startTask, incidentOf, prompts } = dependencies;
  const logger = context.logger.child("tasks");
  const path = join(env.dataDir, dataFiles.tasksMarkdown.path);
  const book = createTaskBook(await context.openStore<TasksFile>("tasks", tasksFile));
  const log = await context.openLog<Task>("taskHistory", {
    schema: taskSchema,
    dayOf: (task) => task.endedAt ?? task.updatedAt,
  });
  const history = createTaskHistory({ book, log, logger });
  const tasks = createTaskService({ book, history, clock, hasApp, hasProvider, stopRun });
  const notices = createFileNotices({ notifications, path, clock });
  const file = createTasksFileSync({
    path,
    disk: createTasksFileDisk({
      disk: systemDisk,
      path,
      folder: join(env.dataDir, dirname(dataFiles.taskHistory.path)),
    }),
    book,
    history,
    clock,
    logger,
    named: { hasApp, hasPrompt: prompts.has },
    async onAdopted(adoption) {
      for (const task of [...adoption.removed, ...adoption.ended]) {
        const runId = liveRunOf(task);
        if (runId !== null) safely("stop a run", stopRun(runId, `"${task.title}" was ended by hand in TASKS.md.`));
      }
      await notices.adopted(adoption);
    },
    onTooLate: notices.tooLate,
    onState(state) {
      feed.publish({ kind: "file", file: state });
      safely("tell of TASKS.md", notices.problem(state.choices.length > 0 ? state.problem : null));
    },
  });
  const feed = createFeed(realtime, tasksFeed, {
    snapshot: () => ({ tasks: tasks.list().map(shownTask), file: file.state() }),
  });
  mountTasks(mount, {
    tasks,
    book,
    history,
    file,
    autonomy,
    start: startTask,
    incidentOf,
    promptIssues: prompts.issuesOf,
  });
  context.names.add("tasks", ({ id = "" }) => nameOf(id));

  let stopWatching: (() => void) | undefined;
  let checks: PromptChecks | undefined;
  book.onChange((task) => {
    feed.publish({ kind: "changed", task: shownTask(task) });
    file.touch();
    checks?.touch();
  });
  book.onGone(({ id }) => {
    feed.publish({ kind: "removed", id });
    file.touch();
  });
  context.onStop(async () => {
    stopWatching?.();
    await checks?.stop();
    await file.stop();
    await history.stop();
  });
  return {
    service: tasks,
    log: history,
    start() {
      history.start();
      checks = createPromptChecks({ book, prompts, logger, onPromptsChanged: file.touch });
      checks.touch();
      stopWatching = watchFile(path, file.touch, logger);
      file.touch();
    },
  };

  function nameOf(id: string): string | undefined {
    const { removed } = book.file();
    const named = book.find(id) ?? removed.find(({ task }) => task.id === id)?.task;
    return named && shownTask(named).title;
  }

  function safely(what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      logger.error(`Failed to ${what}`, {}, error);
    });
  }
}

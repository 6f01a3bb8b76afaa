import type { Task, TaskInput } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { missingTask, type TaskBook } from "./task-book.ts";
import type { TaskHistory } from "./task-history.ts";
import { foundAgain, madeBefore, withKey, type MadeBefore, type TaskMark } from "./task-keys.ts";
import type { TasksFile } from "./task-record.ts";
import { byUrgency, endPosition, place } from "./task-order.ts";
import { asRestored, checkDependencies, firstReason, isEnded, liveRunOf, withState } from "./task-rules.ts";
import { cleanInstructions, cleanTitle, newTaskId } from "./task-text.ts";

/** Where a task comes from and whether it may be started. */
export interface TaskOrigin extends TaskMark {
  state: "draft" | "ready";
}

export interface TaskService {
  /** Those that have not ended and those that ended last, in their order. */
  list(): Task[];
  /** Throws `not_found`, also for one that is only in the history. */
  get(id: string): Task;
  /** Looks in the history, too. Throws `not_found`. */
  find(id: string): Promise<Task>;
  create(input: TaskInput, origin: TaskOrigin): Promise<Task>;
  update(id: string, input: TaskInput): Promise<Task>;
  /** To another state, another place, or both; `by` names who wants it. Its run is stopped when it ends by this. */
  move(
    id: string,
    to: { state?: "draft" | "ready" | "done" | "cancelled" | undefined; before: string | null },
    by: string,
  ): Promise<Task>;
  /** Cancels it and stops its run. */
  cancel(id: string, by: string): Promise<Task>;
  /** Deletes it and stops its run; `restore` brings it back. */
  remove(id: string, by: string): Promise<Task>;
  restore(id: string): Promise<Task>;
  /**
   * What the chief of staff sets: `change` gets the task as it is and must have no effects, for it may be called again.
   * The end of a task is dated here, and a reason that says the same keeps its time.
   */
  change(id: string, change: (task: Task) => Task): Promise<Task>;
  /** The same of many in one write; those that are not here are left out. Resolves with those that changed, as they were and as they are. */
  changeAll(ids: Iterable<string>, change: (task: Task) => Task): Promise<{ before: Task; after: Task }[]>;
  /** Told after each change is on disk, whoever made it: page, file or chief of staff. */
  onChange(listener: (task: Task) => void): () => void;
  /** Told after a task was deleted. */
  onRemoved(listener: (task: Task) => void): () => void;
  /** Those that may be started, by priority, then as they stand. */
  orderedReady(): Task[];
  /** Tasks it still waits for. `null` stands for one that is gone. */
  openDependencies(task: Task): (Task | null)[];
}

export interface TaskServiceOptions {
  book: TaskBook;
  history: TaskHistory;
  clock: Clock;
  hasApp(appId: string): boolean;
  hasProvider(providerId: string): boolean;
  /** Stops a run; one that is over or gone is no failure. */
  stopRun(runId: string, reason: string): Promise<void>;
}

const maxRemoved = 200;

/** Tasks as the user and the chief of staff handle them. */
export function createTaskService(options: TaskServiceOptions): TaskService {
  const { book, history, clock, stopRun } = options;
  const now = (): string => new Date(clock.now()).toISOString();

  /** One that is only in the history comes back among those that ended last, so that it can be changed. */
  async function present(id: string): Promise<Task> {
    const here = book.find(id);
    if (here) return here;
    const past = await history.find(id);
    if (!past) throw missingTask();
    await book.update((file) => {
      if (file.tasks.some((task) => task.id === id)) return { next: file, result: null };
      const hidden = [...file.hidden, { id, endedAt: past.endedAt ?? past.updatedAt }];
      return { next: { ...file, tasks: [...file.tasks, past], hidden }, result: null };
    });
    return past;
  }

  async function stopLiveRun(before: Task | null, reason: string): Promise<void> {
    const runId = before && liveRunOf(before);
    if (runId !== null) await stopRun(runId, reason);
  }

  async function setState(
    id: string,
    { state, before }: Parameters<TaskService["move"]>[1],
    by: string,
    isPlaced: boolean,
  ): Promise<Task> {
    await present(id);
    let former: Task | null = null;
    const changed = await book.change(id, (task, file) => {
      former = task;
      const next = state === undefined ? task : withState(task, state, now(), by);
      const stated = next === task ? task : { ...next, updatedAt: now() };
      return isPlaced ? place(file.tasks, stated, before) : stated;
    });
    if (isEnded(changed.state)) await stopLiveRun(former, changed.reason.text);
    return changed;
  }

  return {
    list: () => [...book.all()],
    get(id) {
      const task = book.find(id);
      if (!task) throw missingTask();
      return task;
    },
    async find(id) {
      const task = book.find(id) ?? (await history.find(id));
      if (!task) throw missingTask();
      return task;
    },
    async create(input, origin) {
      checkApp(input, null, options);
      if (origin.source.kind === "user") checkProvider(input, null, options);
      const cleaned = clean(input);
      const made = await book.update<Task | MadeBefore>((file) => {
        const known = madeBefore(file, origin, clock.now());
        if (known) return { next: file, result: known };
        const task = newTask(cleaned, origin, clock.now(), endPosition(file.tasks));
        checkDependencies(file.tasks, task, []);
        const tasks = place(file.tasks, task, null);
        const next = { ...file, tasks, made: withKey(file.made, origin.key, task) };
        return { next, result: tasks.find(({ id }) => id === task.id) ?? task };
      });
      return "madeId" in made ? foundAgain(made, history) : made;
    },
    async update(id, input) {
      const before = await present(id);
      checkApp(input, before, options);
      checkProvider(input, before, options);
      const cleaned = clean(input);
      return book.change(id, (task, file) => {
        const changed = { ...task, ...cleaned, updatedAt: now() };
        checkDependencies(file.tasks, changed, task.dependsOn);
        return changed;
      });
    },
    move: (id, to, by) => setState(id, to, by, true),
    cancel: (id, by) => setState(id, { state: "cancelled", before: null }, by, false),
    async remove(id, by) {
      await present(id);
      const task = await book.update((file) => {
        const found = file.tasks.find((each) => each.id === id);
        if (!found) throw missingTask();
        const removed = [{ removedAt: now(), task: found }, ...file.removed].slice(0, maxRemoved);
        return { next: { ...file, tasks: file.tasks.filter((each) => each !== found), removed }, result: found };
      });
      await stopLiveRun(task, `Its task was deleted by ${by}.`);
      return task;
    },
    restore: (id) =>
      book.update((file) => {
        const found = file.removed.find(({ task }) => task.id === id);
        if (!found) {
          const here = file.tasks.find((task) => task.id === id);
          if (here) return { next: file, result: here };
          throw new AppError("not_found", "This task can no longer be brought back");
        }
        const task = asRestored(found.task, now());
        const removed = file.removed.filter((each) => each !== found);
        return { next: { ...file, tasks: [...file.tasks, task], removed }, result: task };
      }),
    change: (id, change) => book.change(id, (task) => settled(task, change(task), now())),
    changeAll: (ids, change) => book.update((file) => changeAll(file, new Set(ids), change, now())),
    onChange: (listener) => book.onChange(listener),
    onRemoved: (listener) =>
      book.onGone((task, isDeleted) => {
        if (isDeleted) listener(task);
      }),
    orderedReady: () => readyOf(book.all()),
    openDependencies: (task) =>
      task.dependsOn.flatMap((id) => {
        const other = book.find(id);
        return other?.state === "done" ? [] : [other ?? null];
      }),
  };
}

function readyOf(tasks: readonly Task[]): Task[] {
  return tasks.filter(({ state }) => state === "ready").toSorted(byUrgency);
}

/** Throws `invalid_request` for an app that is not there, unless it was named before. */
function checkApp(
  { appId }: Pick<Task, "appId">,
  before: Pick<Task, "appId"> | null,
  { hasApp }: Pick<TaskServiceOptions, "hasApp">,
): void {
  if (appId === null || appId === before?.appId || hasApp(appId)) return;
  throw new AppError("invalid_request", `There is no app "${appId}"`, {
    issues: [{ path: "body.appId", message: "is not an app" }],
  });
}

/** The same for a provider. Whom a user names has to be there; a task of an automation says itself why it waits. */
function checkProvider(
  { choice }: Pick<Task, "choice">,
  before: Pick<Task, "choice"> | null,
  { hasProvider }: Pick<TaskServiceOptions, "hasProvider">,
): void {
  if (choice.kind !== "provider" || hasProvider(choice.providerId)) return;
  if (before?.choice.kind === "provider" && before.choice.providerId === choice.providerId) return;
  throw new AppError("invalid_request", `There is no provider "${choice.providerId}"`, {
    issues: [{ path: "body.choice.providerId", message: "is not a provider" }],
  });
}

function newTask(input: TaskInput, { source, state }: TaskOrigin, nowMs: number, position: number): Task {
  const at = new Date(nowMs).toISOString();
  return {
    ...input,
    id: newTaskId(nowMs),
    state,
    position,
    source,
    createdAt: at,
    updatedAt: at,
    endedAt: null,
    reason: firstReason(state, at),
    runs: [],
    notBefore: null,
    review: null,
    promptProblem: null,
  };
}

function changeAll(file: TasksFile, ids: ReadonlySet<string>, change: (task: Task) => Task, at: string) {
  const changed: { before: Task; after: Task }[] = [];
  const tasks = file.tasks.map((before) => {
    const after = ids.has(before.id) ? settled(before, change(before), at) : before;
    if (after !== before) changed.push({ before, after });
    return after;
  });
  return { next: changed.length === 0 ? file : { ...file, tasks }, result: changed };
}

function settled(before: Task, after: Task, at: string): Task {
  if (after === before) return before;
  const { reason } = before;
  const isSameReason =
    reason.code === after.reason.code && reason.text === after.reason.text && reason.until === after.reason.until;
  const isReasonOnly = Object.keys(after).every(
    (key) => key === "reason" || after[key as keyof Task] === before[key as keyof Task],
  );
  if (isSameReason && isReasonOnly) return before;
  return {
    ...after,
    reason: isSameReason ? reason : after.reason,
    endedAt: isEnded(after.state) ? (after.endedAt ?? at) : null,
    updatedAt: isReasonOnly ? before.updatedAt : at,
  };
}

function clean(input: TaskInput): TaskInput {
  const title = cleanTitle(input.title);
  if (title === "")
    throw new AppError("invalid_request", "A task needs a title", {
      issues: [{ path: "body.title", message: "must not be empty" }],
    });
  return { ...input, title, instructions: cleanInstructions(input.instructions) };
}

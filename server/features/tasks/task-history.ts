import type { Task } from "../../../contract/features/tasks.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { Logger } from "../../../lib/logger.ts";
import { redact } from "../../../lib/redact.ts";
import type { TaskBook } from "./task-book.ts";
import type { TasksFile } from "./task-record.ts";
import { isEnded } from "./task-rules.ts";

export interface TaskQuery {
  before?: string | undefined;
  limit: number;
  app?: string | undefined;
  type?: string | undefined;
  text?: string | undefined;
}

/** Ended tasks: the newest stand among the others, the older ones are rows of a log. */
export interface TaskHistory {
  page(query: TaskQuery): Promise<{ items: Task[]; next: string | null }>;
  /** An older one by its id. */
  find(id: string): Promise<Task | undefined>;
  /** Removes days of rows older than `keepDays`, and what was remembered of rows that are gone. */
  prune(keepDays: number): Promise<void>;
  /** Takes up what ended before the last stop, and from now on what ends. */
  start(): void;
  /** Resolves when what was begun is on disk. */
  stop(): Promise<void>;
}

export interface TaskHistoryOptions {
  book: TaskBook;
  log: JsonLog<Task>;
  logger: Logger;
  /** So many that ended last stay among the others. */
  kept?: number;
}

/** So many may end before the oldest are moved: not one write for each. */
const slack = 20;
const shownPrefix = "t";
const logPrefix = "r";

/** The history over the open files. */
export function createTaskHistory({ book, log, logger, kept = 100 }: TaskHistoryOptions): TaskHistory {
  let tail: Promise<void> = Promise.resolve();
  let isMoving = false;
  let stopListening: (() => void) | undefined;

  /** Rows go to disk first: after a crash in between they are in both places, and shown once. */
  async function moveOldest(): Promise<void> {
    const surplus = surplusOf(book.file(), kept);
    if (surplus.length === 0) return;
    const written = new Set((await log.page({ limit: surplus.length + slack })).items.map(keyOf));
    for (const task of surplus) if (!written.has(keyOf(task))) await log.append(task);
    await book.update((file) => {
      // What was changed meanwhile stays; its row counts no longer.
      const isMoved = (task: Task): boolean => surplus.includes(task);
      const changed = surplus.filter((task) => !file.tasks.includes(task));
      const hidden = [...file.hidden, ...changed.map((task) => ({ id: task.id, endedAt: endOf(task) }))];
      return { next: { ...file, tasks: file.tasks.filter((task) => !isMoved(task)), hidden }, result: null };
    });
  }

  /** Looked at once for all that changes together. */
  function moveSoon(): void {
    if (isMoving) return;
    isMoving = true;
    tail = tail
      .then(async () => {
        if (surplusOf(book.file(), kept).length >= slack) await moveOldest();
      })
      .catch((error: unknown) => {
        logger.error("Ended tasks could not be moved to the history", {}, error);
      })
      .finally(() => {
        isMoving = false;
      });
  }

  function isRow(): (task: Task) => boolean {
    const { tasks, hidden } = book.file();
    const present = new Set(tasks.map(({ id }) => id));
    const gone = new Set(hidden.map(hiddenKey));
    return (task) => !present.has(task.id) && !gone.has(keyOf(task));
  }

  return {
    async page({ before, limit, ...filter }) {
      const matches = matcherOf(filter);
      const items: Task[] = [];
      let row = before?.startsWith(`${logPrefix}:`) ? before.slice(logPrefix.length + 1) : undefined;
      const last = before?.startsWith(`${shownPrefix}:`) ? before.slice(shownPrefix.length + 1) : undefined;
      if (row === undefined) {
        const ended = book
          .file()
          .tasks.filter(({ state }) => isEnded(state))
          .toSorted(newestFirst)
          .filter((task) => last === undefined || orderOf(task) < last);
        items.push(...ended.filter(matches).slice(0, limit));
        const end = items.at(-1);
        if (end && items.length === limit) return { items, next: `${shownPrefix}:${orderOf(end)}` };
      }
      const isOlder = (task: Task): boolean => row !== undefined || last === undefined || orderOf(task) < last;
      const counts = isRow();
      const page = await log.page({
        limit: limit - items.length,
        match: (task) => isOlder(task) && counts(task) && matches(task),
        ...(row === undefined ? {} : { before: row }),
      });
      items.push(...page.items.map(({ rowId: _rowId, ...task }) => task));
      return { items, next: page.next === null ? null : `${logPrefix}:${page.next}` };
    },
    async find(id) {
      const counts = isRow();
      for (let before: string | undefined; ;) {
        const page = await log.page({
          limit: 1,
          match: (task) => task.id === id && counts(task),
          ...(before === undefined ? {} : { before }),
        });
        const [found] = page.items;
        if (found) {
          const { rowId: _rowId, ...task } = found;
          return task;
        }
        if (page.next === null) return undefined;
        before = page.next;
      }
    },
    async prune(keepDays) {
      await log.prune(keepDays);
      const wanted = new Set(book.file().hidden.map(hiddenKey));
      const found = await findRows(log, wanted);
      await book.update((file) => {
        const needed = new Map(
          file.hidden
            .filter((one) => !wanted.has(hiddenKey(one)) || found.has(hiddenKey(one)))
            .map((one) => [hiddenKey(one), one]),
        );
        const hidden = [...needed.values()];
        return { next: hidden.length === file.hidden.length ? file : { ...file, hidden }, result: null };
      });
    },
    start() {
      stopListening = book.onChange(moveSoon);
      moveSoon();
    },
    async stop() {
      stopListening?.();
      await tail;
    },
  };
}

/** Those of the keys that have a row. */
async function findRows(log: JsonLog<Task>, wanted: ReadonlySet<string>): Promise<Set<string>> {
  const found = new Set<string>();
  let before: string | undefined;
  while (found.size < wanted.size) {
    const page = await log.page({
      limit: 1_000,
      match: (task) => wanted.has(keyOf(task)),
      ...(before === undefined ? {} : { before }),
    });
    for (const task of page.items) found.add(keyOf(task));
    if (page.next === null) break;
    before = page.next;
  }
  return found;
}

/** Those that ended longest ago beyond what is kept; none that an open task waits for. */
function surplusOf(file: TasksFile, kept: number): Task[] {
  const needed = new Set(file.tasks.filter(({ state }) => !isEnded(state)).flatMap(({ dependsOn }) => dependsOn));
  return file.tasks
    .filter(({ state }) => isEnded(state))
    .toSorted(newestFirst)
    .slice(kept)
    .filter(({ id }) => !needed.has(id))
    .toReversed();
}

function matcherOf({ app, type, text }: Omit<TaskQuery, "before" | "limit">): (task: Task) => boolean {
  const wanted = text?.trim().toLowerCase() ?? "";
  const isIn = (title: string): boolean =>
    title.toLowerCase().includes(wanted) && redact(title).toLowerCase().includes(wanted);
  return (task) =>
    (app === undefined || task.appId === app) &&
    (type === undefined || task.type === type) &&
    (wanted === "" || isIn(task.title) || task.instructions.toLowerCase().includes(wanted));
}

function endOf(task: Task): string {
  return task.endedAt ?? task.updatedAt;
}

function hiddenKey({ id, endedAt }: TasksFile["hidden"][number]): string {
  return `${id} ${endedAt}`;
}

function keyOf(task: Task): string {
  return `${task.id} ${endOf(task)}`;
}

function orderOf(task: Task): string {
  return `${endOf(task)} ${task.id}`;
}

function newestFirst(one: Task, other: Task): number {
  return orderOf(other) < orderOf(one) ? -1 : 1;
}

import { setTimeout as sleep } from "node:timers/promises";

import type { Task, TasksFileState } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { fileTime } from "../../../lib/file-problems.ts";
import type { Logger } from "../../../lib/logger.ts";
import { type Adoption, adoptFile, type MissingTasks } from "./adopt-file.ts";
import { createFileVersions, type FileVersion } from "./file-versions.ts";
import type { TaskBook } from "./task-book.ts";
import { itemsOf, parseDocument, type TaskDocument } from "./task-document.ts";
import type { TaskHistory } from "./task-history.ts";
import { isEnded } from "./task-rules.ts";
import { maxTitle, newTaskId } from "./task-text.ts";
import { ChangedMeanwhile, type TasksFileDisk } from "./tasks-file.ts";
import { entriesOf, writeTasks } from "./write-tasks.ts";

export type FileChoice = "put-back" | "accept";

/** Keeps `TASKS.md` and the tasks in step, both ways. */
export interface TasksFileSync {
  state(): TasksFileState;
  /** Something may have changed, there or here. */
  touch(): void;
  /** Settles what needed the user: writes what is missing, or takes the file as it is. */
  resolve(choice: FileChoice): Promise<TasksFileState>;
  stop(): Promise<void>;
}

export interface TasksFileSyncOptions {
  path: string;
  disk: TasksFileDisk;
  book: TaskBook;
  history: Pick<TaskHistory, "find">;
  clock: Clock;
  logger: Logger;
  hasApp(appId: string): boolean;
  /** What a hand edit brought about. */
  onAdopted(adoption: Adoption): Promise<void>;
  onState(state: TasksFileState): void;
  /** What a program wrote into a file that was replaced twice since: it cannot be brought in any more. */
  onTooLate(text: string): Promise<void>;
  /** Pause before tasks that are missing in a file just written count as deleted. */
  settleMs?: number;
}

/** Changes of one moment are written together. */
const pauseMs = 30;
const retryMs = 5_000;
/** How long a program that opened the file before it was replaced may still write into the old content. */
const lateMs = [200, 2_000];
const maxRounds = 20;

interface Text {
  text: string;
  /** What is on disk now; `null`: there is no file. */
  onDisk: string | null;
  modifiedMs: number;
  /** What it was made from, when that is known for certain. */
  origin?: FileVersion;
}

/** Nothing is read before the first `touch()`. */
export function createTasksFileSync(options: TasksFileSyncOptions): TasksFileSync {
  const { path, disk, book, clock, logger, settleMs = 500 } = options;
  const versions = createFileVersions();
  let current: TasksFileState = { path, syncedAt: book.file().file.syncedAt, problem: null, choices: [] };
  let timer: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let lateTimers: NodeJS.Timeout[] = [];
  let running: Promise<void> | null = null;
  let isDirty = false;
  let isStopped = false;
  /** What the last text was made from, should more come into its old content. */
  let beforeLast: FileVersion | undefined;

  function tell(problem: string | null, choices: FileChoice[] = []): void {
    const next = { path, syncedAt: book.file().file.syncedAt, problem, choices };
    if (JSON.stringify(next) === JSON.stringify(current)) return;
    if (problem !== null && problem !== current.problem) logger.warn(problem, { path });
    current = next;
    options.onState(next);
  }

  function touch(delayMs = pauseMs): void {
    if (isStopped) return;
    isDirty = true;
    clearTimeout(timer);
    timer = setTimeout(() => void run(), delayMs);
  }

  function run(): Promise<void> {
    clearTimeout(timer);
    running ??= work().finally(() => {
      running = null;
      if (isDirty) touch();
    });
    return running;
  }

  async function work(choice: FileChoice | null = null): Promise<void> {
    isDirty = false;
    clearTimeout(retry);
    try {
      for (let round = 1; !(await pass(choice)); round += 1)
        if (round === maxRounds) throw new AppError("conflict", "TASKS.md is being changed all the time.");
    } catch (error) {
      if (!(error instanceof AppError)) logger.error("TASKS.md could not be brought in step", { path }, error);
      tell(error instanceof AppError ? error.message : "TASKS.md could not be brought in step with the board.");
      if (!isStopped) retry = setTimeout(touch, retryMs, 0).unref();
    }
  }

  /** Whether file and tasks agree now, or nothing more can be done. */
  async function pass(choice: FileChoice | null): Promise<boolean> {
    const found = await read(choice);
    if (found === null) return true;
    const adopted = await adopt(found, choice);
    return adopted === null || write(found, adopted);
  }

  async function read(choice: FileChoice | null): Promise<Text | null> {
    const late = beforeLast && (await disk.readLate());
    const reading = await disk.read();
    if (late !== undefined && late !== null && beforeLast) {
      const isUntouched = reading.kind === "text" && reading.text === versions.newest()?.text;
      if (isUntouched) return { text: late, onDisk: reading.text, modifiedMs: 0, origin: beforeLast };
      await options.onTooLate(late);
    }
    if (reading.kind === "text") return { ...reading, onDisk: reading.text };
    if (reading.kind === "bad") {
      if (choice !== "put-back" || !reading.canReplace) {
        tell(reading.problem, reading.canReplace ? ["put-back"] : []);
        return null;
      }
      await disk.setAside(`damaged-${fileTime(clock)}`);
      return { text: "", onDisk: null, modifiedMs: 0 };
    }
    const wasThere = book.file().file.entries.some(({ id }) => isOpen(book.find(id)));
    if (wasThere && choice !== "put-back") {
      await sleep(settleMs);
      if ((await disk.read()).kind !== "missing") return read(choice);
      tell("TASKS.md is gone. The tasks are kept here; nothing is written until you say so.", ["put-back"]);
      return null;
    }
    return { text: "", onDisk: null, modifiedMs: 0 };
  }

  /** `null` when nothing may be written. */
  async function adopt(found: Text, choice: FileChoice | null): Promise<FileVersion | null> {
    const { text } = found;
    const newest = versions.newest();
    if (!found.origin && newest && newest.text === text && choice === null) return newest;
    const document = parseDocument(text);
    const origin = found.origin ?? versions.originOf(text);
    const missing: MissingTasks = choice === "put-back" ? "keep" : choice === "accept" ? "remove" : "guard";
    const past = await pastOf(document);
    const judge = (file: ReturnType<TaskBook["file"]>): Adoption =>
      adoptFile({
        document,
        file,
        entries: !origin || origin === newest ? file.file.entries : origin.entries,
        past,
        at: new Date(clock.now()).toISOString(),
        newId: () => newTaskId(clock.now()),
        missing,
      });

    const preview = judge(book.file());
    if ((preview.removed.length > 0 || preview.lost) && choice === null && (await isBeingWritten(found))) return null;
    if (preview.lost) {
      tell(
        `TASKS.md has lost ${preview.lost.missing} of ${preview.lost.of} open tasks. They are kept here; nothing is changed until you say what is meant.`,
        ["put-back", "accept"],
      );
      return null;
    }
    const adoption = await book.update((file) => {
      const result = judge(file);
      return result.lost ? { next: file, result: null } : { next: result.next, result };
    });
    if (!adoption) return adopt(found, choice);
    await options.onAdopted(adoption);
    const version = { text, ids: adoption.ids, entries: book.file().file.entries };
    versions.add(version);
    return version;
  }

  /** A program may write a file piece by piece: one in which something is missing is looked at again when it is quiet. */
  async function isBeingWritten({ text, onDisk, modifiedMs }: Text): Promise<boolean> {
    if (onDisk !== text) return false;
    const age = Date.now() - modifiedMs;
    if (age < 0 || age >= settleMs) return false;
    await sleep(settleMs - age);
    const again = await disk.read();
    if (again.kind === "text" && again.text === text) return false;
    touch(0);
    return true;
  }

  async function pastOf(document: TaskDocument): Promise<Map<string, Task>> {
    const past = new Map<string, Task>();
    const removed = new Set(book.file().removed.map(({ task }) => task.id));
    for (const { id, mark } of itemsOf(document)) {
      if (id === null || book.find(id) || removed.has(id) || (mark !== " " && mark !== "~")) continue;
      const task = await options.history.find(id);
      if (task) past.set(id, task);
    }
    return past;
  }

  /** Whether it is written, or need not be. */
  async function write(found: Text, version: FileVersion): Promise<boolean> {
    const tasks = book.all();
    const written = writeTasks({ ...version, tasks });
    const { text, ids } = written;
    if (text === (found.onDisk ?? "")) {
      tell(warningOf(version));
      return true;
    }
    const entries = entriesOf(written, tasks);
    try {
      await disk.write(text, found.onDisk);
    } catch (error) {
      if (error instanceof ChangedMeanwhile) return false;
      throw error;
    }
    await book.update((file) => ({
      next: { ...file, file: { syncedAt: new Date(clock.now()).toISOString(), entries } },
      result: null,
    }));
    versions.add({ text, ids, entries });
    beforeLast = version;
    for (const late of lateTimers) clearTimeout(late);
    lateTimers = lateMs.map((delay) => setTimeout(() => void run(), delay).unref());
    return false;
  }

  /** What is in force but cannot be meant so. */
  function warningOf({ text, ids }: FileVersion): string | null {
    const items = itemsOf(parseDocument(text)).filter((_, index) => ids[index] !== null && ids[index] !== undefined);
    const stranger = items.find(({ appId }) => appId !== null && !options.hasApp(appId));
    if (stranger)
      return `Line ${stranger.line} of TASKS.md names an app that does not exist: @${stranger.appId}. A backslash before the @ makes it part of the title.`;
    const long = items.find(({ title }) => title.length > maxTitle);
    return long
      ? `Line ${long.line} of TASKS.md is longer than ${maxTitle} characters; here its beginning is used.`
      : null;
  }

  return {
    state: () => current,
    touch: () => {
      touch();
    },
    async resolve(choice) {
      await running;
      running = work(choice).finally(() => {
        running = null;
      });
      await running;
      return current;
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      clearTimeout(retry);
      for (const late of lateTimers) clearTimeout(late);
      await running;
    },
  };
}

function isOpen(task: Task | undefined): boolean {
  return task !== undefined && !isEnded(task.state);
}

import type { TasksFileState } from "../../../contract/features/tasks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import { type Adoption, adoptFile, type MissingTasks } from "./adopt-file.ts";
import { createFileTurns } from "./file-turns.ts";
import { createFileVersions, type FileVersion } from "./file-versions.ts";
import type { TaskBook } from "./task-book.ts";
import { parseDocument } from "./task-document.ts";
import type { TaskHistory } from "./task-history.ts";
import { withLostLines } from "./merge-lines.ts";
import { newTaskId } from "./task-text.ts";
import { ChangedMeanwhile, type TasksFileDisk } from "./tasks-file.ts";
import { createTasksReader, type FileChoice, type FoundText, type Named, pastOf, warningOf } from "./tasks-reader.ts";
import { entriesOf, writeTasks } from "./write-tasks.ts";

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
  named: Named;
  /** What a hand edit brought about. */
  onAdopted(adoption: Adoption): Promise<void>;
  onState(state: TasksFileState): void;
  /** What a program wrote into a file that was replaced twice since: it cannot be brought in any more. */
  onTooLate(text: string): Promise<void>;
  /** Pause before tasks that are missing in a file just written count as deleted. */
  settleMs?: number;
}

/** Nothing is read before the first `touch()`. */
export function createTasksFileSync(options: TasksFileSyncOptions): TasksFileSync {
  const { path, disk, book, clock, logger, settleMs = 500 } = options;
  const versions = createFileVersions();
  const reader = createTasksReader({ disk, book, versions, clock, settleMs, tell, onTooLate: options.onTooLate });
  let current: TasksFileState = { path, syncedAt: book.file().file.syncedAt, problem: null, choices: [] };
  /** What the last text was made from, should more come into its old content. */
  let beforeLast: FileVersion | undefined;

  function tell(problem: string | null, choices: FileChoice[] = []): void {
    const next = { path, syncedAt: book.file().file.syncedAt, problem, choices };
    if (JSON.stringify(next) === JSON.stringify(current)) return;
    if (problem !== null && problem !== current.problem) logger.warn(problem, { path });
    current = next;
    options.onState(next);
  }

  const turns = createFileTurns(pass, (error) => {
    if (!(error instanceof AppError)) logger.error("TASKS.md could not be brought in step", { path }, error);
    tell(error instanceof AppError ? error.message : "TASKS.md could not be brought in step with the board.");
  });

  /** Whether file and tasks agree now, or nothing more can be done. */
  async function pass(choice: FileChoice | null): Promise<boolean> {
    const read = await reader.read(choice, beforeLast);
    if (read === null) return true;
    const found = choice === "put-back" ? await withWhatWasLost(read) : read;
    const adopted = await adopt(found, choice);
    return adopted === null || write(found, adopted);
  }

  /** Put back are the lines of the user, too, where they were. */
  async function withWhatWasLost(found: FoundText): Promise<FoundText> {
    const agreed = versions.newest()?.text ?? (await disk.readAgreed());
    return agreed === null ? found : { ...found, text: withLostLines(agreed, found.text) };
  }

  /** `null` when nothing may be written. */
  async function adopt(found: FoundText, choice: FileChoice | null): Promise<FileVersion | null> {
    const { text } = found;
    const newest = versions.newest();
    if (!found.origin && newest && newest.text === text && choice === null) return newest;
    const document = parseDocument(text);
    const origin = found.origin ?? versions.originOf(text);
    const missing: MissingTasks = choice === "put-back" ? "keep" : choice === "accept" ? "remove" : "guard";
    const past = await pastOf(document, book, options.history);
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
    if ((preview.removed.length > 0 || preview.lost) && choice === null && (await reader.isBeingWritten(found))) {
      turns.touch(0);
      return null;
    }
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
    await disk.keepAgreed(text);
    return version;
  }

  /** Whether it is written, or need not be. */
  async function write(found: FoundText, version: FileVersion): Promise<boolean> {
    const tasks = book.all();
    const written = writeTasks({ ...version, tasks });
    const { text, ids } = written;
    if (text === (found.onDisk ?? "")) {
      tell(warningOf(version, options.named));
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
    await disk.keepAgreed(text);
    beforeLast = version;
    turns.touchLate();
    return false;
  }

  return {
    state: () => current,
    touch: () => {
      turns.touch();
    },
    async resolve(choice) {
      await turns.take(choice);
      return current;
    },
    stop: turns.stop,
  };
}

import { setTimeout as sleep } from "node:timers/promises";

import type { Task } from "../../../contract/features/tasks.ts";
import type { Clock } from "../../../lib/clock.ts";
import { fileTime } from "../../../lib/file-problems.ts";
import type { FileVersion, FileVersions } from "./file-versions.ts";
import type { TaskBook } from "./task-book.ts";
import { itemsOf, parseDocument, type TaskDocument } from "./task-document.ts";
import type { TaskHistory } from "./task-history.ts";
import { isEnded } from "./task-rules.ts";
import { maxTitle } from "./task-text.ts";
import type { TasksFileDisk } from "./tasks-file.ts";

/** What the user says to a file that looks like an accident. */
export type FileChoice = "put-back" | "accept";

/** A text to bring in. */
export interface FoundText {
  text: string;
  /** What is on disk now; `null`: there is no file. */
  onDisk: string | null;
  modifiedMs: number;
  /** What it was made from, when that is known for certain. */
  origin?: FileVersion;
}

interface ReaderOptions {
  disk: TasksFileDisk;
  book: TaskBook;
  versions: FileVersions;
  clock: Clock;
  settleMs: number;
  tell(problem: string, choices?: FileChoice[]): void;
  onTooLate(text: string): Promise<void>;
}

export interface TasksReader {
  /** The text to bring in next; `null` when there is none to be used, which was then told. */
  read(choice: FileChoice | null, beforeLast: FileVersion | undefined): Promise<FoundText | null>;
  /** A program may write a file piece by piece: one in which something is missing is looked at again when it is quiet. */
  isBeingWritten(found: FoundText): Promise<boolean>;
}

/** Reads `TASKS.md` and says what is wrong with it. */
export function createTasksReader({
  disk,
  book,
  versions,
  clock,
  settleMs,
  tell,
  onTooLate,
}: ReaderOptions): TasksReader {
  async function read(choice: FileChoice | null, beforeLast: FileVersion | undefined): Promise<FoundText | null> {
    const late = beforeLast && (await disk.readLate());
    const reading = await disk.read();
    if (late !== undefined && late !== null && beforeLast) {
      const isUntouched = reading.kind === "text" && reading.text === versions.newest()?.text;
      if (isUntouched) return { text: late, onDisk: reading.text, modifiedMs: 0, origin: beforeLast };
      await onTooLate(late);
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
      if ((await disk.read()).kind !== "missing") return read(choice, beforeLast);
      tell("TASKS.md is gone. The tasks are kept here; nothing is written until you say so.", ["put-back"]);
      return null;
    }
    return { text: "", onDisk: null, modifiedMs: 0 };
  }

  return {
    read,
    async isBeingWritten({ text, onDisk, modifiedMs }) {
      const age = Date.now() - modifiedMs;
      if (onDisk !== text || age < 0 || age >= settleMs) return false;
      await sleep(settleMs - age);
      const again = await disk.read();
      return again.kind !== "text" || again.text !== text;
    },
  };
}

/** Tasks of the history that the file says are open again. */
export async function pastOf(
  document: TaskDocument,
  book: TaskBook,
  history: Pick<TaskHistory, "find">,
): Promise<Map<string, Task>> {
  const past = new Map<string, Task>();
  const removed = new Set(book.file().removed.map(({ task }) => task.id));
  for (const { id, mark } of itemsOf(document)) {
    if (id === null || book.find(id) || removed.has(id) || (mark !== " " && mark !== "~")) continue;
    const task = await history.find(id);
    if (task) past.set(id, task);
  }
  return past;
}

/** What a file can name. */
export interface Named {
  hasApp(appId: string): boolean;
  hasPrompt(promptId: string): boolean;
}

/** What is in force but cannot be meant so. */
export function warningOf({ text, ids }: FileVersion, { hasApp, hasPrompt }: Named): string | null {
  const items = itemsOf(parseDocument(text)).filter((_item, index) => typeof ids[index] === "string");
  const stranger = items.find(({ appId }) => appId !== null && !hasApp(appId));
  if (stranger) return unknownName(stranger.line, "an app", `@${stranger.appId}`);
  const unwritten = items.find(({ prompt }) => prompt !== null && !hasPrompt(prompt));
  if (unwritten) return unknownName(unwritten.line, "a prompt", `%${unwritten.prompt}`);
  const long = items.find(({ title }) => title.length > maxTitle);
  return long
    ? `Line ${long.line} of TASKS.md is longer than ${maxTitle} characters; here its beginning is used.`
    : null;
}

function unknownName(line: number, what: string, word: string): string {
  return `Line ${line} of TASKS.md names ${what} that does not exist: ${word}. A backslash before the ${word.slice(0, 1)} makes it part of the title.`;
}

function isOpen(task: Task | undefined): boolean {
  return task !== undefined && !isEnded(task.state);
}

import { type Adoption, adoptFile } from "../adopt-file.ts";
import { parseDocument } from "../task-document.ts";
import type { FileEntry, TasksFile } from "../task-record.ts";
import { entriesOf, type WrittenTasks, writeTasks } from "../write-tasks.ts";
import { sampleTime } from "./sample-task.ts";

let made = 0;
const newId = (): string => `task-new${String((made += 1)).padStart(8, "0")}`;

/** What the tasks become by this text. */
export function adopt(text: string, file: TasksFile, entries: readonly FileEntry[] = file.file.entries): Adoption {
  const document = parseDocument(text);
  return adoptFile({ document, file, entries, past: new Map(), at: sampleTime, newId, missing: "guard" });
}

function write(text: string, { next, ids }: Adoption): WrittenTasks {
  return writeTasks({ text, ids, entries: next.file.entries, tasks: next.tasks });
}

/** Both at once: what the tasks become, what the file becomes. */
export function sync(text: string, file: TasksFile, entries?: readonly FileEntry[]) {
  const adoption = adopt(text, file, entries);
  const written = write(text, adoption);
  const agreed = written.text === text ? adoption.next.file.entries : entriesOf(written, adoption.next.tasks);
  return { adoption, text: written.text, file: { ...adoption.next, file: { syncedAt: sampleTime, entries: agreed } } };
}

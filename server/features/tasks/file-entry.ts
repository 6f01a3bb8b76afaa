import type { Task } from "../../../contract/features/tasks.ts";
import { lineDefaults } from "../../../contract/task-line.ts";
import type { TaskItem } from "./task-document.ts";
import { stateOfMark } from "./task-marks.ts";
import type { FileEntry } from "./task-record.ts";
import { cleanInstructions, cleanTitle, plainInstructions } from "./task-text.ts";
import { type ToldPrompt, toldPrompt } from "./told-prompt.ts";

/** Fields of a task that stand in one line. */
export type LineFields = Pick<Task, "title" | "type" | "priority" | "appId">;
/** Everything a file tells of a task, but for its state and its place. */
export type ToldFields = LineFields & Pick<Task, "instructions"> & ToldPrompt;

export const lineFields = ["title", "type", "priority", "appId"] as const;

/** What a check box says, as it is remembered. With `task`, what the task says instead. */
export function toEntry(id: string, item: TaskItem, task?: Task): FileEntry {
  const said = task ? { ...task, ...toldPrompt(task.template), mark: markBefore(task, item) } : item;
  return {
    id,
    hasId: item.id === id,
    mark: said.mark,
    title: said.title,
    type: said.type ?? lineDefaults.type,
    priority: said.priority ?? lineDefaults.priority,
    appId: said.appId,
    prompt: said.prompt,
    values: said.values,
    instructions: task ? plainInstructions(task.instructions) : item.instructions,
  };
}

/** A task whose line was not known: another mark than its own was made by hand. */
function markBefore(task: Task, item: TaskItem): string {
  return stateOfMark(item.mark) === task.state ? item.mark : "\0";
}

/** Fields of a task, or of an entry, as a file can tell them. */
export function toldFields(
  fields: LineFields & Pick<Task, "instructions"> & (ToldPrompt | Pick<Task, "template">),
): ToldFields {
  const { prompt, values } = "template" in fields ? toldPrompt(fields.template) : fields;
  return {
    title: cleanTitle(fields.title),
    type: fields.type,
    priority: fields.priority,
    appId: fields.appId,
    prompt,
    values,
    instructions: plainInstructions(cleanInstructions(fields.instructions)),
  };
}

/** Whether a task still is what was agreed on. */
export function isAsAgreed(task: Task, entry: FileEntry): boolean {
  const isSaidTheSame = JSON.stringify(toldFields(task)) === JSON.stringify(toldFields(entry));
  return isSaidTheSame && stateOfMark(entry.mark) === task.state;
}

/** Whether a check box still says what was agreed on. */
export function isSameEntry(entry: FileEntry, item: TaskItem): boolean {
  const said = toEntry(entry.id, item);
  return JSON.stringify({ ...said, hasId: true }) === JSON.stringify({ ...entry, hasId: true });
}

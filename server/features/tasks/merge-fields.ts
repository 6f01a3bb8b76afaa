import type { Task } from "../../../contract/features/tasks.ts";
import { lineFields, toEntry, toldFields, type ToldFields } from "./file-entry.ts";
import { mergeLines } from "./merge-lines.ts";
import type { TaskItem } from "./task-document.ts";
import type { FileEntry } from "./task-record.ts";
import { cleanInstructions } from "./task-text.ts";
import type { ToldPrompt } from "./told-prompt.ts";

/** A sentence on something that was changed on both sides. */
export interface Clash {
  id: string;
  text: string;
}

const fieldNames = { title: "title", type: "type", priority: "priority", appId: "app" } as const;

/** The task with what was changed of it in the file; the same object when nothing was. Of what changed on both sides the file counts. */
export function withFields(task: Task, item: TaskItem, entry: FileEntry, clashes: Clash[]): Task {
  const said = toEntry(task.id, item);
  const [now, agreed, told] = [toldFields(task), toldFields(entry), toldFields(said)];
  const changes: Partial<Task> = {};
  const clash = (what: string, here: string | null | undefined): void => {
    clashes.push({
      id: task.id,
      text: `The ${what} of "${told.title}" was changed in TASKS.md and on the board at once. TASKS.md counts; the board said: ${here ?? "none"}`,
    });
  };
  for (const field of lineFields) {
    if (said[field] === entry[field] || told[field] === now[field]) continue;
    Object.assign(changes, { [field]: told[field] });
    if (now[field] !== agreed[field]) clash(fieldNames[field], now[field]);
  }
  const template = withPrompt(task.template, { now, agreed, told }, clash);
  if (template !== task.template) changes.template = template;
  if (said.instructions !== entry.instructions && told.instructions !== now.instructions)
    changes.instructions =
      now.instructions === agreed.instructions
        ? told.instructions
        : cleanInstructions(mergeLines(agreed.instructions, told.instructions, now.instructions));
  return Object.keys(changes).length === 0 ? task : { ...task, ...changes };
}

/** The prompt of a task a file brings in. */
export function promptOf({ prompt, values }: ToldPrompt): Task["template"] {
  return prompt === null ? null : { promptId: prompt, version: null, values };
}

/** `now`: as the task is; `agreed`: as both were last; `told`: as the file has it. */
interface Sides {
  now: ToldFields;
  agreed: ToldFields;
  told: ToldFields;
}

function withPrompt(
  template: Task["template"],
  { now, agreed, told }: Sides,
  clash: (what: string, here: string | null | undefined) => void,
): Task["template"] {
  const names = new Set([...Object.keys(told.values), ...Object.keys(agreed.values)]);
  const changed = [...names].filter((name) => told.values[name] !== agreed.values[name]);
  const isNamedAnew = told.prompt !== agreed.prompt;
  if (told.prompt === null) {
    if (!isNamedAnew || template === null) return template;
    if (now.prompt !== agreed.prompt) clash("prompt", now.prompt);
    return null;
  }
  // A prompt taken away on the board stays when a value of it was changed by hand meanwhile.
  const isMeant = isNamedAnew || (now.prompt === null && changed.length > 0);
  const promptId = isMeant ? told.prompt : now.prompt;
  if (promptId === null) return template;
  if (promptId !== now.prompt && now.prompt !== agreed.prompt) clash("prompt", now.prompt);
  const values = new Map(Object.entries(template === null ? told.values : template.values));
  for (const name of changed) {
    const value = told.values[name];
    if (value === now.values[name]) continue;
    if (template !== null && now.values[name] !== agreed.values[name]) clash(`value ${name}`, now.values[name]);
    if (value === undefined) values.delete(name);
    else values.set(name, value);
  }
  const version = template?.promptId === promptId ? template.version : null;
  const next = { promptId, version, values: Object.fromEntries(values) };
  return template !== null && JSON.stringify(next) === JSON.stringify(template) ? template : next;
}

import type { Task } from "../../../contract/features/tasks.ts";
import { isAsAgreed, isSameEntry, toEntry, toldFields } from "./file-entry.ts";
import { matchItems } from "./match-items.ts";
import { type Clash, promptOf, withFields } from "./merge-fields.ts";
import { mergeOrder, withRisingPositions } from "./merge-order.ts";
import { itemsOf, type TaskDocument, type TaskItem } from "./task-document.ts";
import { stateByHand, stateOfMark } from "./task-marks.ts";
import { byPosition } from "./task-order.ts";
import type { FileEntry, TasksFile } from "./task-record.ts";
import { asRestored, firstReason, isEnded, withState } from "./task-rules.ts";

export interface AdoptionOptions {
  document: TaskDocument;
  /** The tasks as they are now. */
  file: TasksFile;
  /** What file and tasks agreed on when this text was begun. */
  entries: readonly FileEntry[];
  /** Ended tasks of the history whose ids stand in the file. */
  past: ReadonlyMap<string, Task>;
  /** ISO 8601. */
  at: string;
  newId(): string;
  missing: MissingTasks;
}

/** Tasks whose lines are gone: deleted unless that looks like an accident, deleted in any case, or kept. */
export type MissingTasks = "guard" | "remove" | "keep";

export interface Adoption {
  /** The tasks as they are to be; the same object when nothing changes. */
  next: TasksFile;
  /** For each check box of the file the task it stands for; `null` for those that are none of ours. */
  ids: (string | null)[];
  removed: Task[];
  /** As they were before they were ended by hand. */
  ended: Task[];
  /** Sentences on what was changed on both sides. */
  clashes: Clash[];
  /** So many tasks are missing that it looks like an accident; nothing is adopted then. */
  lost: { missing: number; of: number } | null;
}

const byHand = "hand in TASKS.md";
/** Brings what was changed in the file by hand into the tasks. What was changed in the tasks stays, to be written later. */
export function adoptFile(options: AdoptionOptions): Adoption {
  const { document, file, entries, past, at, newId } = options;
  const items = itemsOf(document);
  const ids = matchItems(items, entries);
  const entryOf = new Map(entries.map((entry) => [entry.id, entry]));
  const tasks = new Map(file.tasks.map((task) => [task.id, task]));
  const removedBefore = new Map(file.removed.map(({ task }) => [task.id, task]));
  const result: Adoption = { next: file, ids, removed: [], ended: [], clashes: [], lost: null };
  const hidden = [...file.hidden];
  const restored = new Set<string>();
  const agreed: FileEntry[] = [];

  for (const [index, item] of items.entries()) {
    const id = ids[index] ?? null;
    const entry = id === null ? undefined : entryOf.get(id);
    const here = id === null ? undefined : tasks.get(id);
    if (here) {
      adoptItem(here, item, entry);
      continue;
    }
    const isAsBefore = entry !== undefined && isSameEntry(entry, item);
    const gone = id === null ? undefined : removedBefore.get(id);
    const wanted = stateOfMark(item.mark);
    const isOpen = wanted === "ready" || wanted === "draft";
    const former = id === null ? undefined : past.get(id);
    if (isAsBefore) {
      // Deleted or moved to the history meanwhile, and not touched by hand: its line goes.
      agreed.push(entry);
    } else if (gone) {
      restored.add(gone.id);
      adoptItem(asRestored(gone, at), item, entry ?? toEntry(gone.id, item, gone));
    } else if (isOpen && former) {
      hidden.push({ id: former.id, endedAt: former.endedAt ?? former.updatedAt });
      adoptItem(former, item, entry ?? toEntry(former.id, item, former));
    } else if (isOpen) {
      const taskId = id ?? newId();
      ids[index] = taskId;
      agreed.push(toEntry(taskId, item));
      tasks.set(taskId, newTask(taskId, item, wanted, at));
    } else ids[index] = null;
  }

  const present = new Set(ids);
  const openBefore = entries.filter(({ id }) => isOpenTask(tasks.get(id)));
  const missing = options.missing === "keep" ? [] : openBefore.filter(({ id }) => !present.has(id));
  const isBlank = document.parts.every(({ raw }) => raw.trim() === "");
  if (
    options.missing === "guard" &&
    missing.length > 0 &&
    (isBlank || (missing.length > 2 && missing.length * 2 > openBefore.length))
  )
    return { ...result, lost: { missing: missing.length, of: openBefore.length } };

  for (const entry of missing) {
    const task = tasks.get(entry.id);
    if (!task) continue;
    if (isAsAgreed(task, entry)) {
      tasks.delete(entry.id);
      result.removed.push(task);
    } else
      result.clashes.push({
        id: task.id,
        text: `"${task.title}" was deleted in TASKS.md while it changed on the board: it stays.`,
      });
  }

  const order = mergeOrder(
    [...tasks.values()].toSorted(byPosition).map(({ id }) => id),
    entries.map(({ id }) => id),
    ids.filter((id): id is string => id !== null && tasks.has(id)),
  );
  const ordered = withRisingPositions(order.flatMap((id) => tasks.get(id) ?? []));
  const unchanged = new Set(file.tasks);
  const isChanged =
    ordered.length !== file.tasks.length ||
    ordered.some((task) => !unchanged.has(task)) ||
    JSON.stringify(agreed) !== JSON.stringify(file.file.entries);
  if (!isChanged) return result;
  const removed = [...result.removed.map((task) => ({ removedAt: at, task })), ...file.removed];
  result.next = {
    ...file,
    tasks: ordered,
    removed: removed.filter(({ task }) => !restored.has(task.id)).slice(0, 200),
    hidden,
    file: { syncedAt: at, entries: agreed },
  };
  return result;

  function adoptItem(before: Task, item: TaskItem, entry: FileEntry | undefined): void {
    agreed.push(toEntry(before.id, item));
    const agreedOn = entry ?? toEntry(before.id, item, before);
    let task = withFields(before, item, agreedOn, result.clashes);
    const state = stateOfMark(item.mark) === stateOfMark(agreedOn.mark) ? null : stateByHand(task, item.mark);
    if (state !== null) task = withState(task, state, at, byHand);
    if (isEnded(task.state) && !isEnded(before.state)) result.ended.push(before);
    tasks.set(before.id, task === before ? before : { ...task, updatedAt: at });
  }
}

function isOpenTask(task: Task | undefined): boolean {
  return task !== undefined && !isEnded(task.state);
}

function newTask(id: string, item: TaskItem, state: "ready" | "draft", at: string): Task {
  const { prompt, values, ...told } = toldFields(toEntry(id, item));
  return {
    ...told,
    id,
    state,
    position: 0,
    template: promptOf({ prompt, values }),
    promptProblem: null,
    choice: { kind: "best" },
    isolation: null,
    permissionMode: null,
    attachments: [],
    budget: { costUsd: null, tokens: null, turns: null, minutes: null },
    needsReview: true,
    dependsOn: [],
    source: { kind: "file", id: "TASKS.md" },
    createdAt: at,
    updatedAt: at,
    endedAt: null,
    reason: firstReason(state, at),
    runs: [],
    notBefore: null,
    review: null,
  };
}

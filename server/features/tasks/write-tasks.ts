import type { Task } from "../../../contract/features/tasks.ts";
import { formatTaskLine } from "../../../contract/task-line.ts";
import { lineFields, toEntry, toldFields, type ToldFields } from "./file-entry.ts";
import { keptInOrder } from "./merge-order.ts";
import { type DocumentPart, formatDocument, itemsOf, parseDocument, type TaskItem } from "./task-document.ts";
import { markOf, stateOfMark } from "./task-marks.ts";
import { byPosition } from "./task-order.ts";
import type { FileEntry } from "./task-record.ts";
import { isEnded } from "./task-rules.ts";
import { joinValues, readBelow } from "./told-prompt.ts";

/** Beginning of a file that did not exist. */
const preface = `# Tasks

<!-- Boxes: [ ] ready · [~] draft · [/] running · [?] waits for you · [>] to be reviewed · [x] done · [!] failed · [-] cancelled.
     Last words of a line: #type !priority @app %prompt. Indented lines below a task are its instructions;
     with a prompt, lines "%name: value" before them are its values. -->

`;

interface Source {
  text: string;
  /** For each check box the task it stands for. */
  ids: readonly (string | null)[];
  entries: readonly FileEntry[];
  tasks: readonly Task[];
}

export interface WrittenTasks {
  text: string;
  /** For each check box of it the task it stands for. */
  ids: (string | null)[];
}

interface Place extends DocumentPart {
  id: string | null;
  /** Whether the file ends with it. */
  isLast: boolean;
}

/**
 * The text in which every task stands as it is now. Only lines of tasks that differ from what was agreed on are changed;
 * everything else stays as it is, to the byte. The same text when nothing differs.
 */
export function writeTasks({ text, ids, entries, tasks }: Source): WrittenTasks {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const entryOf = new Map(entries.map((entry) => [entry.id, entry]));
  const isNew = text === "" && entries.length === 0;
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? "\n";
  const isUnended = text !== "" && !/[\r\n]$/.test(text);
  const document = parseDocument(isNew ? preface : isUnended ? text + eol : text);
  let index = 0;
  const places: Place[] = document.parts.map((part, at) => {
    const id = part.item ? (ids[index] ?? null) : null;
    if (part.item) index += 1;
    return { ...part, id, isLast: at === document.parts.length - 1 };
  });

  const current = places.flatMap((place) => {
    const task = place.id === null ? undefined : byId.get(place.id);
    if (place.id === null || !place.item) return [place];
    if (!task) return entryOf.has(place.id) ? [] : [place];
    return [{ ...place, raw: changedLines(task, place.item) }];
  });
  const listed = new Set(current.flatMap(({ id }) => id ?? []));
  const wanted = tasks
    .filter((task) => listed.has(task.id) || !isEnded(task.state))
    .toSorted(byPosition)
    .map(({ id }) => id);
  const arranged = arrange(current, wanted, (id, near) => newPlace(byId.get(id), near, eol));

  const isChanged =
    arranged.length !== places.length ||
    arranged.some((place, at) => place.raw !== places[at]?.raw || hasForeignId(place));
  if (!isChanged) return { text, ids: [...ids] };
  const named = arranged.map((place) => (byId.has(place.id ?? "") ? { ...place, raw: withId(place) } : place));
  const whole = formatDocument({ bom: document.bom, parts: named });
  const last = named.at(-1);
  const isStillUnended = isUnended && last !== undefined && (last.isLast || last.id !== null) && whole.endsWith(eol);
  return {
    text: isStillUnended ? whole.slice(0, -eol.length) : whole,
    ids: named.flatMap((place) => (place.item ? [place.id] : [])),
  };
}

/** What is agreed on once this is on disk. Throws when it does not say what the tasks are: then it must not be written. */
export function entriesOf({ text, ids }: WrittenTasks, tasks: readonly Task[]): FileEntry[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const items = itemsOf(parseDocument(text));
  if (items.length !== ids.length) throw new Error("TASKS.md would have lines that are no tasks");
  return items.flatMap((item, index) => {
    const task = byId.get(ids[index] ?? "");
    if (!task) return [];
    const entry = toEntry(task.id, item);
    const isSame = JSON.stringify(toldFields(entry)) === JSON.stringify(toldFields(task));
    if (!isSame || !entry.hasId || stateOfMark(entry.mark) !== task.state)
      throw new Error(`TASKS.md would say ${task.id} wrongly`);
    return [entry];
  });
}

/** A line that was copied with its id is a task of its own and needs an id of its own. */
function hasForeignId({ item, id }: Place): boolean {
  return item !== null && id !== null && item.id !== null && item.id !== id;
}

function changedLines(task: Task, item: TaskItem): string {
  const said = toldFields(toEntry(task.id, item));
  const told = toldFields(task);
  const mark = stateOfMark(item.mark) === task.state ? item.mark : markOf(task.state);
  const fields = [...lineFields, "prompt" as const].filter((field) => said[field] !== told[field]);
  const body =
    fields.length === 0
      ? item.body
      : ` ${formatTaskLine({ ...told, title: fields.includes("title") ? told.title : item.title })} <!-- ${task.id} -->`;
  const first = `${item.indent}${item.bullet}[${mark}]${body}${item.lineEnd}`;
  const { values, instructions } = told;
  const isSameBelow = JSON.stringify(readBelow(item.below, told.prompt)) === JSON.stringify({ values, instructions });
  return isSameBelow ? first + item.below : first + linesBelow(told, item);
}

function linesBelow(
  told: ToldFields,
  { indent, bullet, lineEnd }: Pick<TaskItem, "indent" | "bullet" | "lineEnd">,
): string {
  const text = joinValues(told, told.instructions);
  if (text === "") return "";
  const space = indent + " ".repeat(bullet.length);
  return text
    .split("\n")
    .map((line) => (line === "" ? lineEnd : space + line + lineEnd))
    .join("");
}

/** The lines of a place, its first one with the id of its task at the end. */
function withId({ raw, item, id }: Place): string {
  const [line = "", end = ""] = /^([^\r\n]*)(\r\n|\n|\r|$)/.exec(raw)?.slice(1) ?? [];
  const rest = raw.slice(line.length + end.length);
  const comment = `<!-- ${id} -->`;
  const own = /<!--[ \t]{0,9}(task-[0-9a-z]{8,32})[ \t]{0,9}-->[ \t]*$/.exec(line.slice(line.lastIndexOf("<!--")));
  if (item && line.includes("<!--") && own) {
    if (own[1] === id) return raw;
    return `${line.slice(0, line.lastIndexOf("<!--")).trimEnd()} ${comment}${end}${rest}`;
  }
  return `${line}${/[ \t]$/.test(line) ? "" : " "}${comment}${end}${rest}`;
}

/** The lines of a task that is not in the file, as those next to it are. */
function newPlace(task: Task | undefined, near: Place | null, eol: string): Place | null {
  if (!task) return null;
  const { indent, bullet } = { indent: near?.item?.indent ?? "", bullet: near?.item?.bullet ?? "- " };
  const lineEnd = near?.item?.lineEnd === "" ? eol : (near?.item?.lineEnd ?? eol);
  const look = { indent, bullet: /^\d/.test(bullet) ? "- " : bullet, lineEnd };
  const told = toldFields(task);
  const first = `${indent}${look.bullet}[${markOf(task.state)}] ${formatTaskLine(told)} <!-- ${task.id} -->${lineEnd}`;
  const raw = first + linesBelow(told, look);
  return { raw, item: parseDocument(raw).parts[0]?.item ?? null, id: task.id, isLast: false };
}

/** Moves as few places as possible so that tasks stand in the wanted order, and puts in those that are missing. */
function arrange(
  places: readonly Place[],
  wanted: readonly string[],
  make: (id: string, near: Place | null) => Place | null,
): Place[] {
  const rank = new Map(wanted.map((id, index) => [id, index]));
  const present = places.filter(({ id }) => id !== null && rank.has(id));
  const kept = keptInOrder(present, ({ id }) => rank.get(id ?? "") ?? 0);
  if (kept.size === wanted.length) return [...places];
  const placeOf = new Map(present.map((place) => [place.id, place]));
  const arranged = places.filter(
    (place) => kept.has(place) || !placeOf.has(place.id) || placeOf.get(place.id) !== place,
  );
  let previous: Place | null = null;
  for (const id of wanted) {
    const found = placeOf.get(id);
    if (found && kept.has(found)) {
      previous = found;
      continue;
    }
    const next: Place | null = previous === null ? (arranged.find((place) => kept.has(place)) ?? null) : null;
    const place: Place | null = found ? asNear(found, previous ?? next) : make(id, previous ?? next);
    if (!place) continue;
    const at: number = previous ? arranged.indexOf(previous) + 1 : next ? arranged.indexOf(next) : arranged.length;
    arranged.splice(at, 0, place);
    previous = place;
  }
  return arranged;
}

/** A place moved next to another one takes its indentation, else what follows could become part of it. */
function asNear(place: Place, near: Place | null): Place {
  const [from, to] = [place.item?.indent, near?.item?.indent];
  if (from === undefined || to === undefined || from === to || !place.item) return place;
  const raw = place.raw
    .split(/(?<=\r\n|\n|\r(?!\n))/)
    .map((line) => (line.startsWith(from) ? to + line.slice(from.length) : line))
    .join("");
  return { ...place, raw, item: { ...place.item, indent: to } };
}

import { parseTaskLine, type TaskLine } from "../../../contract/task-line.ts";
import { cleanTitle } from "./task-text.ts";
import { readBelow, type ToldPrompt } from "./told-prompt.ts";

/** A check box with what belongs to it, as it stands in the file. */
export interface TaskItem extends TaskLine, ToldPrompt {
  /** White space before the bullet. */
  indent: string;
  /** Bullet and the space behind it. */
  bullet: string;
  /** What stands in the box. */
  mark: string;
  /** Everything behind the box, as it is. */
  body: string;
  /** End of its first line; empty at the end of a file without a last newline. */
  lineEnd: string;
  /** Indented lines below, as they are. */
  below: string;
  /** The same without indentation and without values of its prompt: "" when there are none. */
  instructions: string;
  id: string | null;
  /** Number of its line, the first is 1. */
  line: number;
}

/** A line of the file, or a task with the lines that belong to it. */
export interface DocumentPart {
  raw: string;
  item: TaskItem | null;
}

/** A Markdown file taken apart so that putting the parts together again gives the same bytes. */
export interface TaskDocument {
  /** Byte order mark, or nothing. */
  bom: string;
  parts: DocumentPart[];
}

interface Line {
  text: string;
  end: string;
}

const bomCharacter = "\uFEFF";
const itemPattern = /^([ \t]*)((?:[-*+]|\d{1,9}[.)])[ \t]+)\[([^\r\n])\]([ \t][^\r\n]*)$/u;
const idPattern = /^<!--[ \t]{0,9}(task-[0-9a-z]{8,32})[ \t]{0,9}-->[ \t]*$/;
const longestFence = 20;
const fencePattern = /^[ \t]*(`{3,}|~{3,})/;

/** Takes a file apart. Whatever is no task is kept line by line. */
export function parseDocument(text: string): TaskDocument {
  const bom = text.startsWith(bomCharacter) ? bomCharacter : "";
  const lines = splitLines(text.slice(bom.length));
  const endOfQuote = createQuoteFinder(lines);
  const parts: DocumentPart[] = [];
  let quoteEnd = -1;
  for (let index = 0; index < lines.length;) {
    const line = lines[index];
    if (!line) break;
    const item = toItem(line, index + 1);
    // What is only shown as an example, or commented out, is no task unless it has been one.
    if (!item || (item.id === null && index <= quoteEnd)) {
      if (index > quoteEnd) quoteEnd = endOfQuote(index);
      parts.push({ raw: line.text + line.end, item: null });
      index += 1;
      continue;
    }
    const count = linesBelow(lines, index, item.indent);
    const below = lines.slice(index + 1, index + 1 + count);
    item.below = below.map((each) => each.text + each.end).join("");
    Object.assign(item, readBelow(item.below, item.prompt));
    parts.push({ raw: line.text + line.end + item.below, item });
    index += 1 + count;
  }
  return { bom, parts };
}

/** Puts a file together again. */
export function formatDocument({ bom, parts }: TaskDocument): string {
  return bom + parts.map(({ raw }) => raw).join("");
}

/** The tasks of a file, in order. */
export function itemsOf({ parts }: TaskDocument): TaskItem[] {
  return parts.flatMap(({ item }) => item ?? []);
}

function splitLines(text: string): Line[] {
  const lines: Line[] = [];
  const pattern = /\r\n|\n|\r/g;
  let from = 0;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    lines.push({ text: text.slice(from, found.index), end: found[0] });
    from = found.index + found[0].length;
  }
  if (from < text.length) lines.push({ text: text.slice(from), end: "" });
  return lines;
}

function toItem(line: Line, number: number): TaskItem | null {
  const [, indent = "", bullet = "", mark = "", body = ""] = itemPattern.exec(line.text) ?? [];
  if (mark === "") return null;
  const comment = body.lastIndexOf("<!--");
  const id = comment < 0 ? undefined : idPattern.exec(body.slice(comment))?.[1];
  const said = parseTaskLine(id === undefined ? body : body.slice(0, comment));
  if (cleanTitle(said.title) === "") return null;
  return {
    ...said,
    indent,
    bullet,
    mark,
    body,
    lineEnd: line.end,
    below: "",
    values: {},
    instructions: "",
    id: id ?? null,
    line: number,
  };
}

/** Number of lines after `index` that are deeper than `indent`; empty ones only between such. */
function linesBelow(lines: readonly Line[], index: number, indent: string): number {
  const width = widthOf(indent);
  let count = 0;
  for (let next = index + 1; next < lines.length; next += 1) {
    const text = lines[next]?.text ?? "";
    const space = /^[ \t]*/.exec(text)?.[0] ?? "";
    if (space.length === text.length) continue;
    if (widthOf(space) <= width) break;
    count = next - index;
  }
  return count;
}

/** Columns of white space; a tab goes on to the next multiple of four. */
function widthOf(space: string): number {
  let width = 0;
  for (const character of space) width = character === "\t" ? width - (width % 4) + 4 : width + 1;
  return width;
}

/**
 * Finds the last line of the code fence or comment of several lines that a line begins; -1 when it begins none, or one that
 * has no end. Lines of tasks that have an id begin and end nothing, so that writing tasks makes no others appear or vanish.
 */
function createQuoteFinder(lines: readonly Line[]): (start: number) => number {
  const owned = new Set<number>();
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index];
    const item = line && toItem(line, index + 1);
    if (!item || item.id === null) continue;
    const end = index + linesBelow(lines, index, item.indent);
    for (; index <= end; index += 1) owned.add(index);
    index = end;
  }
  /** Beginnings known to have no end: what is looked for in vain is not looked for again. */
  const open = new Set<string>();
  return (start) => {
    const quote = quoteStart(lines[start]?.text ?? "");
    if (quote === null || open.has(quote)) return -1;
    for (let end = start + 1; end < lines.length; end += 1)
      if (!owned.has(end) && isQuoteEnd(lines[end]?.text ?? "", quote)) return end;
    open.add(quote);
    return -1;
  };
}

function quoteStart(text: string): string | null {
  const fence = fencePattern.exec(text)?.[1];
  if (fence !== undefined) return fence.slice(0, longestFence);
  return /^[ \t]*<!--/.test(text) && !text.includes("-->") ? "<!--" : null;
}

function isQuoteEnd(text: string, start: string): boolean {
  if (start === "<!--") return text.includes("-->");
  return text.includes(start) && /^[ \t]*[`~]+[ \t]*$/.test(text);
}

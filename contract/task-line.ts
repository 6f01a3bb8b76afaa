import type { Task, TaskPriority } from "./features/tasks.ts";

/** What one line says of a task; `null` for what it does not say. */
export interface TaskLine {
  title: string;
  type: string | null;
  priority: TaskPriority | null;
  appId: string | null;
  /** Id of the prompt that says what is to be done. */
  prompt: string | null;
}

/** What a line means that says nothing of it. */
export const lineDefaults = { type: "feature", priority: "normal", appId: null, prompt: null } as const;

type WholeLine = Pick<Task, "title" | "type" | "priority" | "appId"> & Pick<TaskLine, "prompt">;

type TagKind = Exclude<keyof TaskLine, "title">;

const tagPatterns: Record<TagKind, RegExp> = {
  type: /^#([a-z][a-z0-9-]{0,29})$/,
  priority: /^!(urgent|high|normal|low)$/,
  appId: /^@([a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?)$/,
  prompt: /^%([a-z0-9][a-z0-9-]{0,59})$/,
};
const tagKinds = Object.keys(tagPatterns) as TagKind[];

/**
 * Reads "Fix the login #fix !high @shop %repair": type, priority, app and prompt are the last words, each at most once, in any
 * order. A last word of the title that would be taken for one of them stands behind a backslash.
 */
export function parseTaskLine(text: string): TaskLine {
  const found: TaskLine = { title: "", type: null, priority: null, appId: null, prompt: null };
  let rest = text.trim();
  for (;;) {
    const word = wordAtEnd(rest);
    const before = withoutEnd(rest, word).trimEnd();
    const tag = tagOf(word);
    if (!tag || found[tag.kind] !== null || before === "") break;
    Object.assign(found, { [tag.kind]: tag.value });
    rest = before;
  }
  return { ...found, title: unescaped(rest.trim()) };
}

/** The line of a task, without what goes without saying. `parseTaskLine` reads the same out of it. */
export function formatTaskLine({ title, type, priority, appId, prompt }: WholeLine): string {
  return [
    escaped(title),
    ...(type === lineDefaults.type ? [] : [`#${type}`]),
    ...(priority === lineDefaults.priority ? [] : [`!${priority}`]),
    ...(appId === null ? [] : [`@${appId}`]),
    ...(prompt === null ? [] : [`%${prompt}`]),
  ].join(" ");
}

function tagOf(word: string): { kind: TagKind; value: string } | null {
  for (const kind of tagKinds) {
    const value = tagPatterns[kind].exec(word)?.[1];
    if (value !== undefined) return { kind, value };
  }
  return null;
}

function escaped(title: string): string {
  const word = wordAtEnd(title);
  return tagOf(word.replace(/^\\+/, "")) ? `${withoutEnd(title, word)}\\${word}` : title;
}

function unescaped(title: string): string {
  const word = wordAtEnd(title);
  const isEscaped = word.startsWith("\\") && tagOf(word.replace(/^\\+/, "")) !== null;
  return isEscaped ? withoutEnd(title, word) + word.slice(1) : title;
}

function wordAtEnd(text: string): string {
  return text.slice(Math.max(text.lastIndexOf(" "), text.lastIndexOf("\t")) + 1);
}

function withoutEnd(text: string, end: string): string {
  return text.slice(0, text.length - end.length);
}

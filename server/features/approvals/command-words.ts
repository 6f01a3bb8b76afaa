import { shellLine } from "../../../lib/shell-line.ts";

/** A command as an agent asks for it. */
export interface AskedCommand {
  /** As it was written. */
  text: string;
  /** Its arguments; `null` when only a shell can tell what it does. */
  words: string[] | null;
}

const shells = /^(?:.*\/)?(?:ba|z|da|k)?sh$/;

/** The command in the arguments of a tool call (JSON, or the command itself); `null` when there is none. */
export function askedCommand(input: string | null): AskedCommand | null {
  if (input === null) return null;
  const value = parsed(input);
  if (value === undefined) return fromText(input);
  if (typeof value === "string") return fromText(value);
  if (isWords(value)) return fromWords(value);
  if (typeof value !== "object" || value === null) return null;
  const { command, cmd, args } = value as Record<string, unknown>;
  const named = command ?? cmd;
  if (isWords(named)) return fromWords(named);
  if (typeof named !== "string" || named.trim() === "") return null;
  return isWords(args) ? fromWords([named, ...args]) : fromText(named);
}

/**
 * The arguments of a simple command line, quotes resolved. `null` for everything in which a shell would do more than run one
 * program with these arguments: operators, variables, substitutions, patterns, escapes, comments, several lines.
 */
export function simpleWords(text: string): string[] | null {
  const words: string[] = [];
  const pattern = /[ \t]+|'([^'\n]*)'|"([^"\\$`!\n]*)"|([\w@%+=:,./^-]+)/y;
  let current: string | null = null;
  for (let at = 0; at < text.length; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    const part = found[1] ?? found[2] ?? found[3];
    if (part !== undefined) current = (current ?? "") + part;
    else if (current !== null) {
      words.push(current);
      current = null;
    }
  }
  if (current !== null) words.push(current);
  return words.length === 0 || isAssignment(words[0] ?? "") ? null : words;
}

/** `NAME=value program` runs the program with another environment, which may change what it does. */
function isAssignment(word: string): boolean {
  return /^\w+\+?=/.test(word);
}

function fromText(text: string): AskedCommand | null {
  const trimmed = text.trim();
  return trimmed === "" ? null : { text: trimmed, words: simpleWords(trimmed) };
}

function fromWords(words: string[]): AskedCommand | null {
  const [program = "", flag = "", script] = words;
  if (program === "") return null;
  if (words.length === 3 && shells.test(program) && /^-l?c$/.test(flag) && script !== undefined)
    return { text: script.trim(), words: simpleWords(script.trim()) };
  return { text: shellLine(words), words };
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === "string");
}

/** `undefined` when it is no JSON. */
function parsed(input: string): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return undefined;
  }
}

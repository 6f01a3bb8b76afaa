import { isDeepStrictEqual } from "node:util";

import {
  Document,
  isMap,
  isScalar,
  isSeq,
  Pair,
  type ParsedNode,
  parseDocument,
  Scalar,
  visit,
  YAMLMap,
  YAMLSeq,
} from "yaml";

import { BrokenFile } from "./broken-file.ts";

/** A Markdown file in the parts it is put together from; joined again they are the file, byte for byte. */
export interface MarkdownParts {
  /** Byte order mark and opening line; empty without front matter. */
  open: string;
  /** YAML between the lines of dashes. */
  head: string;
  close: string;
  /** Empty lines between front matter and text. */
  gap: string;
  body: string;
  /** The newline that ends the file. */
  end: string;
}

/** A front matter key and the value it is to have. */
export type FrontMatterEdit = readonly [key: string, value: unknown];

/** Takes a file apart. Throws `BrokenFile` when the front matter has no end. */
export function splitMarkdown(text: string): MarkdownParts {
  const opening = /^\uFEFF?---[ \t]*\r?\n/.exec(text);
  if (!opening) return { open: "", head: "", close: "", ...splitBody(text) };
  const [open] = opening;
  const rest = text.slice(open.length);
  const closing = /^(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/m.exec(rest);
  if (!closing) throw new BrokenFile("The front matter has no end: a line with --- is missing");
  const [close] = closing;
  const after = rest.slice(closing.index + close.length);
  return { open, head: rest.slice(0, closing.index), close, ...splitBody(after) };
}

function splitBody(text: string): Pick<MarkdownParts, "gap" | "body" | "end"> {
  const [gap = ""] = /^(?:[ \t]*\r?\n)*/.exec(text) ?? [];
  const rest = text.slice(gap.length);
  const [end = ""] = /\r?\n$/.exec(rest) ?? [];
  return { gap, body: rest.slice(0, rest.length - end.length), end };
}

/** Puts a file together again. */
export function joinMarkdown({ open, head, close, gap, body, end }: MarkdownParts): string {
  return open + head + close + gap + body + end;
}

/** The front matter as plain values. Throws `BrokenFile` naming the line of the file. */
export function readFrontMatter(head: string): Record<string, unknown> {
  const document = parseDocument(head);
  const [error] = document.errors;
  if (error) {
    const line = (error.linePos?.[0].line ?? 1) + 1; // the opening line counts too
    throw new BrokenFile(`Line ${line}: the front matter is not YAML (${firstLine(error.message)})`);
  }
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return {};
  if (!isMap(contents)) throw new BrokenFile("The front matter must be a list of keys with their values");
  try {
    return document.toJS({ maxAliasCount: 50 }) as Record<string, unknown>;
  } catch (cause) {
    throw new BrokenFile(`The front matter cannot be read (${cause instanceof Error ? cause.message : String(cause)})`);
  }
}

/**
 * The front matter with some keys changed. Every other key, comment and empty line stays as it is, byte for byte; inside a
 * changed list of records those keys that nobody knows keep their values. Throws `BrokenFile` when that cannot be done.
 */
export function editFrontMatter(head: string, edits: readonly FrontMatterEdit[]): string {
  if (edits.length === 0) return head;
  const before = readFrontMatter(head);
  for (const attempt of [editInPlace, editWhole]) {
    const edited = attempt(head, edits);
    if (edited !== null && reads(edited, before, edits)) return edited;
  }
  throw new BrokenFile("Its front matter is written in a way that only its author can change, in a text editor");
}

/** Replaces the text of the changed entries alone; not for a front matter in braces. */
function editInPlace(head: string, edits: readonly FrontMatterEdit[]): string | null {
  const { contents } = parseDocument(head);
  const entries = isMap(contents) ? contents : null;
  if (contents !== null && (entries === null || entries.flow === true)) return null;
  const eol = head.includes("\r\n") ? "\r\n" : "\n";
  const changes: { from: number; to: number; text: string }[] = [];
  let added = "";
  for (const [key, value] of edits) {
    const pair = entries?.items.find((item) => isScalar(item.key) && item.key.value === key);
    const text = entryText(key, value, pair?.value ?? null).replaceAll("\n", eol);
    const place = pair ? placeOf(head, pair.key, pair.value) : null;
    if (place) changes.push({ ...place, text });
    else added += text + eol;
  }
  let result = head;
  for (const { from, to, text } of changes.toSorted((a, b) => b.from - a.from))
    result = result.slice(0, from) + text + result.slice(to);
  const isOpenEnded = result !== "" && !result.endsWith("\n");
  return added === "" ? result : result + (isOpenEnded ? eol : "") + added;
}

/** Where an entry stands: from its key to the last sign of its value. */
function placeOf(head: string, key: ParsedNode, value: ParsedNode | null): { from: number; to: number } {
  const [from, keyEnd] = key.range;
  const to = value?.range[1] ?? keyEnd;
  const text = head.slice(from, Math.max(to, keyEnd));
  const isEmpty = value === null || (isScalar(value) && value.source === "");
  // an empty value ends before its colon does
  const tail = isEmpty ? (/^[ \t]*:/.exec(head.slice(keyEnd))?.[0].length ?? 0) : 0;
  return { from, to: from + text.trimEnd().length + tail };
}

/** Writes the whole front matter anew: all values and comments stay, their layout may change. */
function editWhole(head: string, edits: readonly FrontMatterEdit[]): string | null {
  const document = parseDocument(head);
  if (!isMap(document.contents)) return null;
  for (const [key, value] of edits) document.set(key, toNode(value, document.get(key, true) ?? null));
  try {
    return document.toString({ lineWidth: 0 });
  } catch {
    return null; // an alias whose anchor is gone
  }
}

function entryText(key: string, value: unknown, before: unknown): string {
  const document = new Document<YAMLMap>(new YAMLMap());
  document.contents?.items.push(new Pair(new Scalar(key), toNode(value, before)));
  return document.toString({ lineWidth: 0, blockQuote: "literal" }).trimEnd();
}

/** A list of records takes over, by name, what its predecessor knew besides; everything else is made anew. */
function toNode(value: unknown, before: unknown): unknown {
  if (!Array.isArray(value) || value.length === 0 || !isSeq(before)) return nodeOf(value);
  const list = new YAMLSeq();
  if (before.commentBefore) list.commentBefore = before.commentBefore;
  for (const entry of value as unknown[]) {
    const old = before.items.find((item) => isMap(item) && isRecord(entry) && item.get("name") === entry["name"]);
    if (!isMap(old) || !isRecord(entry)) {
      list.items.push(nodeOf(entry));
      continue;
    }
    const kept = old.clone() as YAMLMap;
    const plain = kept.toJSON() as Record<string, unknown>;
    for (const [key, item] of Object.entries(entry))
      if (item === undefined) kept.delete(key);
      else if (!isDeepStrictEqual(plain[key], item)) kept.set(key, nodeOf(item));
    list.items.push(kept);
  }
  return list;
}

/** Several lines are written as such where nothing of them can be lost: empty lines at their end would be. */
function nodeOf(value: unknown): unknown {
  const node = new Document(value).contents;
  visit(node, {
    Scalar(_key, scalar) {
      if (typeof scalar.value !== "string" || !scalar.value.includes("\n")) return;
      scalar.type = /^\S[^]*\S$/.test(scalar.value) ? Scalar.BLOCK_LITERAL : Scalar.QUOTE_DOUBLE;
    },
  });
  return node;
}

/** Whether the front matter now says what it should, and everything else it said before. */
function reads(edited: string, before: Record<string, unknown>, edits: readonly FrontMatterEdit[]): boolean {
  let found: Record<string, unknown>;
  try {
    found = readFrontMatter(edited);
  } catch (error) {
    if (error instanceof BrokenFile) return false;
    throw error;
  }
  const changed = new Map(edits);
  return [...new Set([...Object.keys(before), ...Object.keys(found), ...changed.keys()])].every((key) =>
    changed.has(key) ? agrees(changed.get(key), found[key]) : isDeepStrictEqual(before[key], found[key]),
  );
}

/** Whether a value was written; a record may have kept keys nobody knows. */
function agrees(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(found) && found.length === wanted.length && wanted.every((item, at) => agrees(item, found[at]))
    );
  if (!isRecord(wanted)) return isDeepStrictEqual(wanted, found);
  return isRecord(found) && Object.entries(wanted).every(([key, item]) => agrees(item, found[key]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function firstLine(text: string): string {
  return (text.split("\n")[0] ?? "").replace(/ at line .*$/, "").replace(/[:.]$/, "");
}

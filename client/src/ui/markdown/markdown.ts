/** A piece of a line of text. There is no piece for HTML: what looks like it is text. */
export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "strong" | "emphasis" | "struck"; readonly content: readonly Inline[] }
  | { readonly kind: "link"; readonly href: string; readonly content: readonly Inline[] }
  | { readonly kind: "break" };

export interface ListItem {
  /** `null` without a box to tick. */
  readonly isDone: boolean | null;
  readonly content: readonly MarkdownBlock[];
}

/** A block of a document. */
export type MarkdownBlock =
  | { readonly kind: "paragraph"; readonly content: readonly Inline[] }
  | { readonly kind: "heading"; readonly level: number; readonly content: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "quote"; readonly content: readonly MarkdownBlock[] }
  | { readonly kind: "list"; readonly start: number | null; readonly items: readonly ListItem[] }
  | {
      readonly kind: "table";
      readonly head: readonly (readonly Inline[])[];
      readonly rows: readonly (readonly (readonly Inline[])[])[];
    }
  | { readonly kind: "rule" };

const maxDepth = 8;
const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`]*)$/;
const heading = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const rule = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const item = /^( *)([-*+]|\d{1,9}[.)])(?:\s+|$)(.*)$/;
const quote = /^ {0,3}> ?(.*)$/;
const tableRule = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/**
 * Reads the Markdown that models write: headings, paragraphs, fenced code, lists with boxes, quotes, tables, rules. An
 * unfinished text is read as far as it goes, so that an answer can be shown while it is written.
 */
export function parseMarkdown(text: string): MarkdownBlock[] {
  return parseBlocks(text.replaceAll("\r\n", "\n").split("\n"), 0);
}

function parseBlocks(lines: readonly string[], depth: number): MarkdownBlock[] {
  const blocks: MarkdownBlock[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const read = readFence(lines, at) ?? readSimple(line, at) ?? readTable(lines, at) ?? readNested(lines, at, depth);
    const { block, next } = read ?? readParagraph(lines, at);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

interface Read {
  block: MarkdownBlock;
  /** Line behind it. */
  next: number;
}

function readFence(lines: readonly string[], at: number): Read | null {
  const open = fence.exec(lines[at] ?? "");
  if (!open) return null;
  const [, marks = "```", language = ""] = open;
  const indent = /^ */.exec(lines[at] ?? "")?.[0].length ?? 0;
  const content: string[] = [];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const close = fence.exec(line);
    if (close?.[2] === "" && close[1]?.startsWith(marks) === true) break;
    content.push(line.slice(Math.min(indent, /^ */.exec(line)?.[0].length ?? 0)));
  }
  return {
    block: { kind: "code", language: language.trim().split(/\s/)[0] ?? "", text: content.join("\n") },
    next: next + 1,
  };
}

function readSimple(line: string, at: number): Read | null {
  const title = heading.exec(line);
  if (title) {
    return {
      block: { kind: "heading", level: title[1]?.length ?? 1, content: parseInline(title[2] ?? "") },
      next: at + 1,
    };
  }
  return rule.test(line) ? { block: { kind: "rule" }, next: at + 1 } : null;
}

function readTable(lines: readonly string[], at: number): Read | null {
  const [head = "", under = ""] = [lines[at], lines[at + 1]];
  if (!head.includes("|") || !under.includes("-") || !tableRule.test(under)) return null;
  const columns = cells(head);
  if (cells(under).length !== columns.length) return null;
  const rows: Inline[][][] = [];
  let next = at + 2;
  for (; (lines[next] ?? "").includes("|"); next += 1) {
    const row = cells(lines[next] ?? "");
    rows.push(columns.map((_, index) => parseInline(row[index] ?? "")));
  }
  return { block: { kind: "table", head: columns.map((cell) => parseInline(cell)), rows }, next };
}

function cells(line: string): string[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

function readNested(lines: readonly string[], at: number, depth: number): Read | null {
  if (depth >= maxDepth) return null;
  const line = lines[at] ?? "";
  if (quote.test(line)) return readQuote(lines, at, depth);
  return item.test(line) ? readList(lines, at, depth) : null;
}

function readQuote(lines: readonly string[], at: number, depth: number): Read {
  const content: string[] = [];
  let next = at;
  for (; next < lines.length; next += 1) {
    const inner = quote.exec(lines[next] ?? "");
    if (!inner) break;
    content.push(inner[1] ?? "");
  }
  return { block: { kind: "quote", content: parseBlocks(content, depth + 1) }, next };
}

function readList(lines: readonly string[], at: number, depth: number): Read {
  const first = item.exec(lines[at] ?? "");
  const base = first?.[1]?.length ?? 0;
  const isNumbered = /\d/.test(first?.[2] ?? "");
  const items: string[][] = [];
  let next = at;
  let width = 0;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    const found = item.exec(line);
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    if (found && indent < base + 2 && indent >= base - 1 && !rule.test(line)) {
      if (/\d/.test(found[2] ?? "") !== isNumbered) break;
      width = (found[1]?.length ?? 0) + (found[2]?.length ?? 1) + 1;
      items.push([found[3] ?? ""]);
    } else if (line.trim() === "") {
      if (!continuesAfterBlank(lines, next, base)) break;
      items.at(-1)?.push("");
    } else if (indent > base) items.at(-1)?.push(line.slice(Math.min(indent, width)));
    else if (startsBlock(line) || (lines[next - 1] ?? "").trim() === "") break;
    else items.at(-1)?.push(line.trim());
  }
  return {
    block: {
      kind: "list",
      start: isNumbered ? Number.parseInt(first?.[2] ?? "1", 10) : null,
      items: items.map((content) => toItem(content, depth)),
    },
    next,
  };
}

function continuesAfterBlank(lines: readonly string[], at: number, base: number): boolean {
  let next = at;
  while (next < lines.length && (lines[next] ?? "").trim() === "") next += 1;
  const following = lines[next];
  if (following === undefined) return false;
  const indent = /^ */.exec(following)?.[0].length ?? 0;
  return indent > base || (indent === base && item.test(following));
}

function toItem(content: readonly string[], depth: number): ListItem {
  const box = /^\[([ xX])\]\s+/.exec(content[0] ?? "");
  const lines = box ? [(content[0] ?? "").slice(box[0].length), ...content.slice(1)] : content;
  return { isDone: box ? box[1] !== " " : null, content: parseBlocks(lines, depth + 1) };
}

function startsBlock(line: string): boolean {
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);
}

function readParagraph(lines: readonly string[], at: number): Read {
  const content = [lines[at] ?? ""];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const line = lines[next] ?? "";
    if (line.trim() === "" || startsBlock(line)) break;
    content.push(line);
  }
  return {
    block: { kind: "paragraph", content: parseInline(content.map((line) => line.trimStart()).join("\n")) },
    next,
  };
}

const marks = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "struck"],
  ["*", "emphasis"],
  ["_", "emphasis"],
] as const;
const special = /[\\`*_~[\n!]|https?:\/\//;

/** A longer paragraph is no prose: it is shown as it is. */
const maxParagraph = 20_000;
/** How far the end of a mark or a link is looked for, so that a flood of beginnings costs no more than any other text. */
const maxSpan = 1_000;

/** Reads marks, code, links and hard line breaks of one paragraph. */
export function parseInline(text: string, depth = 0): Inline[] {
  if (text.length > maxParagraph) return [{ kind: "text", text }];
  const out: Inline[] = [];
  let rest = text;
  let before = "";
  const say = (piece: string): void => {
    const last = out.at(-1);
    if (last?.kind === "text") out[out.length - 1] = { kind: "text", text: last.text + piece };
    else if (piece !== "") out.push({ kind: "text", text: piece });
  };
  while (rest !== "") {
    const at = rest.search(special);
    if (at < 0) {
      say(rest);
      break;
    }
    if (at > 0) {
      say(rest.slice(0, at));
      before = rest[at - 1] ?? "";
      rest = rest.slice(at);
    }
    const read = depth < maxDepth ? readInline(rest, before, depth) : null;
    if (read?.piece.kind === "text") say(read.piece.text);
    else if (read) out.push(read.piece);
    else say(rest[0] ?? "");
    const length = read?.length ?? 1;
    before = rest[length - 1] ?? "";
    rest = rest.slice(length);
  }
  return out;
}

interface InlineRead {
  piece: Inline;
  length: number;
}

function readInline(rest: string, before: string, depth: number): InlineRead | null {
  const first = rest[0] ?? "";
  if (first === "\\" && /[!-/:-@[-`{-~]/.test(rest[1] ?? ""))
    return { piece: { kind: "text", text: rest[1] ?? "" }, length: 2 };
  if (first === "\n") return { piece: { kind: "break" }, length: 1 };
  const near = rest.slice(0, maxSpan);
  if (first === "`") return readCode(near);
  if (first === "[" || rest.startsWith("![")) return readLink(near, depth);
  if (first === "h") return readAddress(near);
  return readMark(near, before, depth);
}

function readCode(rest: string): InlineRead | null {
  const open = /^`+/.exec(rest)?.[0] ?? "`";
  const close = new RegExp(`(?<!\`)${open}(?!\`)`).exec(rest.slice(open.length));
  if (!close) return { piece: { kind: "text", text: open }, length: open.length };
  const inner = rest.slice(open.length, open.length + close.index);
  const text = /^ .*[^ ].* $/s.test(inner) ? inner.slice(1, -1) : inner;
  return { piece: { kind: "code", text }, length: open.length * 2 + inner.length };
}

/** `[text](address)`; a picture is a link to it, nothing is loaded. An address that could run something is left out. */
function readLink(rest: string, depth: number): InlineRead | null {
  const found =
    /^!?\[((?:[^[\]\\]|\\.|\[[^\]]*\])*)\]\(\s*<?([^\s<>()]*(?:\([^\s()]*\)[^\s<>()]*)*)>?(?:\s+["'][^"']*["'])?\s*\)/.exec(
      rest,
    );
  if (!found) return null;
  const [whole, label = "", address = ""] = found;
  const content = parseInline(label === "" ? address : label, depth + 1);
  const href = safeAddress(address);
  if (href === null) return { piece: { kind: "text", text: label === "" ? address : label }, length: whole.length };
  return { piece: { kind: "link", href, content }, length: whole.length };
}

function readAddress(rest: string): InlineRead | null {
  const found = /^https?:\/\/[^\s<>"'`\])}]*[^\s<>"'`\])}.,;:!?*_~]/.exec(rest)?.[0];
  const href = found === undefined ? null : safeAddress(found);
  if (found === undefined || href === null) return null;
  return { piece: { kind: "link", href, content: [{ kind: "text", text: found }] }, length: found.length };
}

function readMark(rest: string, before: string, depth: number): InlineRead | null {
  for (const [mark, kind] of marks) {
    if (!rest.startsWith(mark) || /^\s/.test(rest.slice(mark.length)) || rest.length === mark.length) continue;
    // snake_case is no emphasis.
    if (mark.startsWith("_") && /\w/.test(before)) continue;
    const end = endOfMark(rest, mark);
    if (end < 0) continue;
    return {
      piece: { kind, content: parseInline(rest.slice(mark.length, end), depth + 1) },
      length: end + mark.length,
    };
  }
  return null;
}

function endOfMark(rest: string, mark: string): number {
  for (let end = rest.indexOf(mark, mark.length + 1); end >= 0; end = rest.indexOf(mark, end + 1)) {
    const isInWord = mark.startsWith("_") && /\w/.test(rest[end + mark.length] ?? "");
    const isDouble = mark.length === 1 && (rest[end + 1] === mark || rest[end - 1] === mark);
    if (/\s/.test(rest[end - 1] ?? "") || isInWord || isDouble) continue;
    // "**bold *both***": the first star of three ends what began last.
    return mark.length === 2 && rest[end + 2] === mark[0] ? end + 1 : end;
  }
  return -1;
}

/** The address as the browser would open it, if it is one that only shows something. */
export function safeAddress(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, href } = new URL(address);
  return protocol === "http:" || protocol === "https:" || protocol === "mailto:" ? href : null;
}

const minPart = 1_200;

/**
 * Cuts a document between blocks into parts of about a screen, so that a long answer need not be in the page as a whole.
 * Joined with line breaks the parts are the document; a part that has another behind it never changes again.
 */
export function cutMarkdown(text: string): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let length = 0;
  let open: string | null = null;
  let previous = "";
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    // The last line may still be growing, and become part of what is before it.
    const isWhole = index < lines.length - 1;
    const isNewBlock =
      isWhole &&
      open === null &&
      previous.trim() === "" &&
      line.trim() !== "" &&
      !/^[\s>|]/.test(line) &&
      !item.test(line);
    if (isNewBlock && length >= minPart) {
      parts.push(part.join("\n"));
      part = [];
      length = 0;
    }
    const found = fence.exec(line);
    if (open === null) open = found?.[1] ?? null;
    else if (found?.[2] === "" && found[1]?.startsWith(open) === true) open = null;
    part.push(line);
    length += line.length + 1;
    previous = line;
  }
  return [...parts, part.join("\n")];
}

import { readTag, type Tag } from "./html-tag.ts";

/** What a page may have at most before it is read; more is left out. */
export interface TameLimits {
  /** Characters that are looked at. */
  maxChars: number;
  maxElements: number;
  maxDepth: number;
}

export interface TamedHtml {
  html: string;
  /** A limit was reached, so that something is missing. */
  isCut: boolean;
}

export const usualTameLimits: TameLimits = { maxChars: 1_000_000, maxElements: 8_000, maxDepth: 60 };

/** Left out with everything in them. */
const removed = new Set(
  "script style noscript iframe object embed svg math template xmp plaintext noembed noframes".split(" "),
);
/** Their content is text whatever it looks like. */
const textOnly = new Set(["title", "textarea"]);
const voids = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** What ends when the same or its like begins, and the elements beyond which that does not reach. */
const siblings: readonly { names: Set<string>; within: Set<string> }[] = [
  { names: new Set(["li"]), within: new Set(["ul", "ol", "menu"]) },
  { names: new Set(["dt", "dd"]), within: new Set(["dl"]) },
  { names: new Set(["td", "th"]), within: new Set(["tr", "table"]) },
  { names: new Set(["tr"]), within: new Set(["table", "tbody", "thead", "tfoot"]) },
  { names: new Set(["tbody", "thead", "tfoot"]), within: new Set(["table"]) },
  { names: new Set(["option"]), within: new Set(["select"]) },
];
const endsParagraph = new Set(
  "address article aside blockquote div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul".split(
    " ",
  ),
);

/**
 * Makes any HTML small, shallow and well-formed, in time that grows with its length alone, so that parsers whose time grows with
 * the square of depth or of unclosed tags can be let at it. Scripts (but for JSON-LD), styles, comments and frames are gone.
 * It makes nothing safe to show: that is for whoever shows it.
 */
export function tameHtml(html: string, limits: TameLimits = usualTameLimits): TamedHtml {
  const source = html.length > limits.maxChars ? html.slice(0, limits.maxChars) : html;
  const writer = new Writer(limits);
  let at = 0;
  while (at < source.length && !writer.isFull) {
    const open = source.indexOf("<", at);
    writer.text(source.slice(at, open === -1 ? undefined : open));
    if (open === -1) break;
    at = readMarkup(source, open, writer);
  }
  return { html: writer.finish(), isCut: source.length < html.length || writer.isCut };
}

/** Reads what begins with "<"; returns where to go on. */
function readMarkup(source: string, at: number, writer: Writer): number {
  if (source.startsWith("<!--", at)) return after(source, "-->", at + 4);
  if (/[!?]/.test(source[at + 1] ?? "")) return after(source, ">", at + 1);
  const tag = readTag(source, at);
  if (tag === null) {
    writer.text("<");
    return at + 1;
  }
  if (tag.isEnd) writer.close(tag.name);
  else if (removed.has(tag.name)) return readRemoved(source, tag, writer);
  else if (textOnly.has(tag.name)) return readText(source, tag, writer);
  else writer.open(tag);
  return tag.end;
}

function after(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  return found === -1 ? source.length : found + end.length;
}

function readRemoved(source: string, tag: Tag, writer: Writer): number {
  if (tag.isSelfClosing || voids.has(tag.name)) return tag.end;
  const { content, next } = contentOf(source, tag);
  const isData = tag.name === "script" && /\btype="application\/ld\+json"/i.test(tag.attributes);
  if (isData && content.length < 100_000) writer.raw(`<script type="application/ld+json">${content}</script>`);
  return next;
}

function readText(source: string, tag: Tag, writer: Writer): number {
  const { content, next } = contentOf(source, tag);
  writer.raw(`<${tag.name}>${escapeText(content)}</${tag.name}>`);
  return next;
}

function contentOf(source: string, { name, end }: Tag): { content: string; next: number } {
  const closing = new RegExp(`</${name}(?![a-z0-9-])`, "gi");
  closing.lastIndex = end;
  const found = closing.exec(source)?.index ?? source.length;
  return { content: source.slice(end, found), next: after(source, ">", found) };
}

function escapeText(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

class Writer {
  readonly #limits: TameLimits;
  readonly #parts: string[] = [];
  readonly #stack: string[] = [];
  #elements = 0;
  /** Opened too deep: their ends are still to come. */
  #skipped = 0;
  isCut = false;

  constructor(limits: TameLimits) {
    this.#limits = limits;
  }

  get isFull(): boolean {
    return this.#elements >= this.#limits.maxElements;
  }

  text(text: string): void {
    if (text !== "") this.#parts.push(escapeText(text));
  }

  raw(html: string): void {
    this.#elements += 1;
    this.#parts.push(html);
  }

  open({ name, attributes }: Tag): void {
    this.#endSiblings(name);
    const isVoid = voids.has(name);
    if (this.#stack.length >= this.#limits.maxDepth) {
      this.isCut = true;
      if (!isVoid) this.#skipped += 1;
      return;
    }
    this.raw(`<${name}${attributes}>`);
    if (this.isFull) this.isCut = true;
    if (!isVoid) this.#stack.push(name);
  }

  close(name: string): void {
    if (this.#skipped > 0) {
      this.#skipped -= 1;
      return;
    }
    const at = this.#stack.lastIndexOf(name);
    if (at !== -1) this.#popTo(at);
  }

  finish(): string {
    this.#popTo(0);
    return this.#parts.join("");
  }

  #endSiblings(name: string): void {
    if (endsParagraph.has(name) && this.#stack.at(-1) === "p") this.#popTo(this.#stack.length - 1);
    const family = siblings.find(({ names }) => names.has(name));
    if (!family) return;
    const open = this.#stack.findLastIndex((one) => family.names.has(one));
    const border = this.#stack.findLastIndex((one) => family.within.has(one));
    if (open > border) this.#popTo(open);
  }

  #popTo(depth: number): void {
    while (this.#stack.length > depth) this.#parts.push(`</${this.#stack.pop() ?? ""}>`);
  }
}

import { readFeedText } from "./feed-text.ts";
import { readXmlTag, safeText, type XmlTag } from "./xml-tag.ts";

/** A feed in XML that is small, shallow and well-formed. */
export interface TamedFeed {
  root: "rss" | "feed" | "rdf";
  xml: string;
  /** The source is no well-formed XML. */
  isMended: boolean;
  /** It ends before the feed does. */
  isTorn: boolean;
  /** A limit was reached, so that something is missing. */
  isCut: boolean;
  /** It declares entities of its own; they are left out. */
  hasEntities: boolean;
}

const maxChars = 4_000_000;
const maxEntries = 1_000;
const maxElements = 60_000;
/** Other texts are never as long as this; those with names of people are looked at again and again by who splits them. */
const maxLeafChars = 2_000;
const maxPersonChars = 150;
/** Elements that were not closed are looked at twice so many times. */
const maxSecondLooks = 10;

const holders = new Set("rss feed rdf channel item entry author contributor group".split(" "));
const entries = new Set(["item", "entry"]);
const texts = new Set("title description summary content encoded subtitle tagline".split(" "));
const people = new Set("author contributor name email creator".split(" "));
const leaves = new Set(
  "link language guid pubdate category enclosure id updated published name email uri creator date subject modified issued created ttl".split(
    " ",
  ),
);
const keptAttributes = new Set(
  "version ispermalink href rel type length url about resource base lang label term text src".split(" "),
);

/**
 * Writes anew what a reader needs of a feed in XML, in time that grows with its length alone, so that any parser can be let at it:
 * the known elements, with CDATA, comments, declarations and markup within texts resolved. What is not closed is closed. `null` where
 * there is no feed.
 */
export function tameFeed(text: string): TamedFeed | null {
  const start = findRoot(text);
  if (start === null) return null;
  const source = text.slice(0, maxChars);
  const writer = new FeedWriter();
  let at = start.index;
  while (at < source.length && !writer.isDone) {
    const open = source.indexOf("<", at);
    writer.text(source.slice(at, open === -1 ? undefined : open));
    if (open === -1) break;
    at = readMarkup(source, open, writer);
  }
  const isTorn = !writer.isDone && text.length <= maxChars;
  return {
    root: start.root,
    xml: writer.finish(),
    isMended: writer.isMended,
    isTorn,
    isCut: writer.isCut || text.length > maxChars,
    hasEntities: start.hasEntities,
  };
}

function findRoot(text: string): { index: number; root: TamedFeed["root"]; hasEntities: boolean } | null {
  const head = text.slice(0, 200_000);
  const found = /<(?:[A-Za-z_][\w.-]{0,60}:)?(rss|feed|rdf)(?=[\s>])/i.exec(head);
  if (!found) return null;
  const before = head.slice(0, found.index);
  if (/<html[\s>]|<!doctype\s+html/i.test(before)) return null;
  const name = found[1]?.toLowerCase();
  const root = name === "feed" || name === "rdf" ? name : "rss";
  return { index: found.index, root, hasEntities: /<!ENTITY/i.test(before) };
}

/** Reads what begins with "<"; returns where to go on. */
function readMarkup(source: string, at: number, writer: FeedWriter): number {
  if (source.startsWith("<!--", at)) return after(source, "-->", at + 4);
  if (source.startsWith("<![CDATA[", at)) {
    const end = source.indexOf("]]>", at);
    writer.literal(source.slice(at + 9, end === -1 ? undefined : end));
    return end === -1 ? source.length : end + 3;
  }
  if (/[!?]/.test(source[at + 1] ?? "")) return after(source, ">", at + 1);
  const tag = readXmlTag(source, at);
  if (tag === null) {
    writer.text("<");
    writer.isMended = true;
    return at + 1;
  }
  if (source[tag.end - 1] !== ">") writer.isMended = true;
  if (tag.isEnd) writer.close(tag);
  else if (writer.open(tag) && texts.has(tag.local) && !tag.isSelfClosing) return readText(source, tag, writer);
  return tag.end;
}

function readText(source: string, tag: XmlTag, writer: FeedWriter): number {
  const { xml, hasMarkup, isCut, isClosed, end } = readFeedText(source, tag, { endsAtField: writer.looksTwice() });
  if (!isClosed) {
    writer.unclosed += 1;
    writer.isMended = true;
  }
  if (isCut) writer.isCut = true;
  writer.whole(tag, xml, hasMarkup);
  return end;
}

function after(source: string, end: string, from: number): number {
  const found = source.indexOf(end, from);
  return found === -1 ? source.length : found + end.length;
}

interface OpenElement {
  name: string;
  local: string;
  /** Characters it may still have. */
  room: number;
}

class FeedWriter {
  readonly #parts: string[] = [];
  readonly #stack: OpenElement[] = [];
  /** An element nobody asks for, with those of its name in it. */
  #hidden: { name: string; depth: number } | null = null;
  #entries = 0;
  #elements = 0;
  isDone = false;
  isMended = false;
  isCut = false;
  unclosed = 0;

  looksTwice(): boolean {
    return this.unclosed < maxSecondLooks;
  }

  text(text: string): void {
    this.#add(text);
  }

  literal(text: string): void {
    this.#add(text.replaceAll("&", "&amp;"));
  }

  #add(text: string): void {
    const top = this.#stack.at(-1);
    const takesText = top !== undefined && (leaves.has(top.local) || people.has(top.local));
    if (this.#hidden !== null || !takesText || text === "") return;
    if (text.length > top.room) this.isCut = true;
    this.#parts.push(safeText(text.slice(0, top.room)));
    top.room = Math.max(0, top.room - text.length);
  }

  /** Whether the element was written, or is to be. */
  open(tag: XmlTag): boolean {
    const { local, isSelfClosing } = tag;
    if (entries.has(local)) this.#beginEntry();
    if (this.isDone) return false;
    if (this.#hidden !== null) {
      if (!isSelfClosing && tag.name === this.#hidden.name) this.#hidden.depth += 1;
      return false;
    }
    const isKnown = holders.has(local) || leaves.has(local) || texts.has(local);
    const isTwice = holders.has(local) && this.#stack.some((open) => open.local === local);
    if (!isKnown || isTwice) {
      if (!isSelfClosing) this.#hidden = { name: tag.name, depth: 1 };
      return false;
    }
    this.#endLeaf();
    this.#elements += 1;
    if (this.#elements > maxElements) this.#stop();
    else if (isSelfClosing) this.#parts.push(`${startOf(tag, false)}</${tag.name}>`);
    else if (!texts.has(local)) {
      this.#parts.push(startOf(tag, false));
      this.#stack.push({ name: tag.name, local, room: people.has(local) ? maxPersonChars : maxLeafChars });
    }
    return !this.isDone;
  }

  whole(tag: XmlTag, xml: string, isHtml: boolean): void {
    this.#parts.push(`${startOf(tag, isHtml)}${xml}</${tag.name}>`);
  }

  close({ name, local }: XmlTag): void {
    if (this.#hidden !== null) {
      if (name === this.#hidden.name) this.#hidden.depth -= 1;
      if (this.#hidden.depth === 0) this.#hidden = null;
      if (!entries.has(local) && local !== "channel") return;
      if (this.#hidden === null) return;
      this.#hidden = null;
      this.isMended = true;
    }
    const at = this.#stack.findLastIndex((open) => open.local === local);
    if (at !== this.#stack.length - 1 || at === -1) this.isMended = true;
    if (at !== -1) this.#popTo(at);
    if (at === 0) this.isDone = true;
  }

  finish(): string {
    if (this.#stack.length > 0 && !this.isCut) this.isMended = true;
    this.#popTo(0);
    return this.#parts.join("");
  }

  /** An entry ends everything that is open beside it, so that one that is broken does not take the next along. */
  #beginEntry(): void {
    const holder = this.#stack.findLastIndex(({ local }) => local === "channel" || local === "rss" || local === "feed");
    const at = Math.max(0, holder);
    if (this.#hidden !== null || this.#stack.length > at + 1) this.isMended = true;
    this.#hidden = null;
    this.#popTo(at + 1);
    this.#entries += 1;
    if (this.#entries > maxEntries) this.#stop();
  }

  /** Elements of text hold no others. */
  #endLeaf(): void {
    const top = this.#stack.at(-1);
    if (top === undefined || holders.has(top.local)) return;
    this.isMended = true;
    this.#popTo(this.#stack.length - 1);
  }

  #stop(): void {
    this.isDone = true;
    this.isCut = true;
  }

  #popTo(depth: number): void {
    while (this.#stack.length > depth) this.#parts.push(`</${this.#stack.pop()?.name ?? ""}>`);
  }
}

function startOf({ name, attributes }: XmlTag, hasMarkup: boolean): string {
  const type = attributes.get("type") ?? "";
  const isHtml = type.includes("xhtml") || (hasMarkup && !/^(?:audio|video|image)\//.test(type));
  let start = `<${name}`;
  for (const [key, value] of attributes) {
    const lower = key.toLowerCase();
    const isName = /^(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*$/.test(key);
    const isKept = lower.startsWith("xmlns") || keptAttributes.has(lower.slice(lower.indexOf(":") + 1));
    if (isName && isKept && !(isHtml && lower === "type")) start += ` ${key}="${value}"`;
  }
  return `${start}${isHtml ? ' type="html"' : ""}>`;
}

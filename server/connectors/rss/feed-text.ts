import { escapeText, localName, safeText, type XmlTag } from "./xml-tag.ts";

/** What an element of text holds, whatever it is written with. */
export interface FeedText {
  /** As text of XML. */
  xml: string;
  /** There are tags in it: it is HTML, whatever its type says. */
  hasMarkup: boolean;
  isCut: boolean;
  isClosed: boolean;
  /** Where the element ends in the source. */
  end: number;
}

interface Piece {
  text: string;
  isLiteral: boolean;
}

const maxTextChars = 200_000;
const entries = new Set(["item", "entry"]);
/** What stands beside a text: one that was not closed ends there. */
const neighbours = new Set(
  "guid pubdate link author category enclosure id updated published creator date title description content encoded summary".split(
    " ",
  ),
);

/**
 * Reads from the start tag of an element whose content is text or markup to its end. One that is not closed ends at the end of its
 * entry, and before that where the next field begins if `endsAtField` (which looks at the source once more).
 */
export function readFeedText(source: string, tag: XmlTag, { endsAtField }: { endsAtField: boolean }): FeedText {
  const found = scan(source, tag, source.length);
  if (found.isClosed || !endsAtField || found.nextField === null) return toText(found, tag);
  return toText({ ...scan(source, tag, found.nextField), isClosed: false }, tag);
}

interface Scanned {
  pieces: Piece[];
  hasMarkup: boolean;
  isClosed: boolean;
  nextField: number | null;
  end: number;
}

function scan(source: string, tag: XmlTag, limit: number): Scanned {
  const marks = /<!\[CDATA\[|<!--|<(\/?)([A-Za-z_][\w.:-]*)|<[!?]/g;
  marks.lastIndex = tag.end;
  const pieces: Piece[] = [];
  const state = { hasMarkup: false, nextField: null as number | null };
  const name = tag.name.toLowerCase();
  let depth = 1;
  let from = tag.end;
  const until = (at: number): void => {
    if (at > from) pieces.push({ text: source.slice(from, at), isLiteral: false });
  };
  for (let mark = marks.exec(source); mark !== null && mark.index < limit; mark = marks.exec(source)) {
    const [whole, slash = "", written] = mark;
    if (written === undefined) {
      until(mark.index);
      from = skip(source, whole, marks.lastIndex, pieces);
      marks.lastIndex = from;
      continue;
    }
    const full = written.toLowerCase();
    if (full === name) depth += slash === "" ? 1 : -1;
    if (depth === 0 || entries.has(localName(full))) {
      until(mark.index);
      const close = source.indexOf(">", marks.lastIndex);
      const end = depth > 0 ? mark.index : close === -1 ? source.length : close + 1;
      return { pieces, ...state, isClosed: depth === 0, end };
    }
    if (slash === "" && state.nextField === null && neighbours.has(localName(full))) state.nextField = mark.index;
    state.hasMarkup = true;
  }
  // The last tag may be cut off, too.
  const rest = /<[^<>]{0,100}$/.exec(source.slice(-101));
  until(Math.min(limit, source.length - (rest?.[0].length ?? 0)));
  return { pieces, ...state, isClosed: false, end: Math.min(limit, source.length) };
}

/** Takes the text of a CDATA section along; comments and the like are left out. Returns where to go on. */
function skip(source: string, opening: string, from: number, pieces: Piece[]): number {
  const closing = opening === "<![CDATA[" ? "]]>" : opening === "<!--" ? "-->" : ">";
  const found = source.indexOf(closing, from);
  const end = found === -1 ? source.length : found;
  if (closing === "]]>") pieces.push({ text: source.slice(from, end), isLiteral: true });
  return found === -1 ? source.length : end + closing.length;
}

function toText({ pieces, hasMarkup, isClosed, end }: Scanned, tag: XmlTag): FeedText {
  const kept: Piece[] = [];
  let room = maxTextChars;
  for (const { text, isLiteral } of pieces) {
    kept.push({ text: text.slice(0, room), isLiteral });
    room -= text.length;
    if (room < 0) break;
  }
  const type = tag.attributes.get("type") ?? "";
  const xml = hasMarkup
    ? escapeText(withoutPrefix(kept.map(({ text }) => text).join(""), type))
    : kept.map(({ text, isLiteral }) => (isLiteral ? escapeText(text) : safeText(text))).join("");
  return { xml, hasMarkup, isCut: room < 0, isClosed, end };
}

/** XHTML may come with a prefix at each of its tags. */
function withoutPrefix(markup: string, type: string): string {
  return type.includes("xhtml") ? markup.replace(/<(\/?)[A-Za-z_][\w.-]{0,30}:(?=[A-Za-z])/g, "<$1") : markup;
}

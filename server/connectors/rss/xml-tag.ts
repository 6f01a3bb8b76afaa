/** One tag of a feed as it is written. */
export interface XmlTag {
  /** With its prefix. */
  name: string;
  /** Without prefix, in lower case. */
  local: string;
  isEnd: boolean;
  isSelfClosing: boolean;
  /** Values can be written between double quotes as they are. */
  attributes: ReadonlyMap<string, string>;
  /** Where the tag ends in the source. */
  end: number;
}

const maxAttributes = 40;
const maxValueChars = 4_000;

/** Reads the tag that begins at `at`; `null` when none does. A tag that is never closed ends before the next one. */
export function readXmlTag(source: string, at: number): XmlTag | null {
  const isEnd = source[at + 1] === "/";
  const namePattern = /(?:[A-Za-z_][\w.-]{0,60}:)?[A-Za-z_][\w.-]{0,60}/y;
  namePattern.lastIndex = at + (isEnd ? 2 : 1);
  const name = namePattern.exec(source)?.[0];
  if (name === undefined) return null;
  const attributes = new Map<string, string>();
  // A stroke or a quote by itself is passed over; "<" is in no tag.
  const part = /\s*(?:([^\s=<>"'/]+)(?:\s*=\s*(?:"([^"<]*)"|'([^'<]*)'|([^\s<>"']+)))?|["'=/])/y;
  part.lastIndex = namePattern.lastIndex;
  let isSelfClosing = false;
  let end = part.lastIndex;
  for (let found = part.exec(source); found !== null; found = part.exec(source)) {
    end = part.lastIndex;
    const [whole, key, double, single, bare] = found;
    isSelfClosing = whole.endsWith("/") && key === undefined;
    const value = double ?? single ?? bare;
    if (key === undefined || value === undefined || attributes.has(key) || attributes.size >= maxAttributes) continue;
    attributes.set(key, safeValue(value.slice(0, maxValueChars)));
  }
  const rest = /\s*>/y;
  rest.lastIndex = end;
  if (rest.test(source)) end = rest.lastIndex;
  return { name, local: localName(name), isEnd, isSelfClosing, attributes, end };
}

/** The name without its prefix, in lower case. */
export function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1).toLowerCase();
}

/** Text as XML can have it: what looks like a reference to a character stays one. */
export function safeText(text: string): string {
  return text
    .replace(/&(?!(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)/g, "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Text of which every character stays what it is. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function safeValue(value: string): string {
  return safeText(value).replaceAll('"', "&quot;");
}

/** One tag as it is written in a page. */
export interface Tag {
  /** In lower case. */
  name: string;
  isEnd: boolean;
  isSelfClosing: boolean;
  /** Those that matter to a reader, written anew, each with a space before it. */
  attributes: string;
  /** Where the tag ends in the source. */
  end: number;
}

const maxAttributeChars = 4_000;
const kept = new Set(
  (
    "href src alt title class id name content property rel type lang charset datetime itemprop itemtype itemscope role " +
    "colspan rowspan scope start dir hidden aria-hidden style media http-equiv cite"
  ).split(" "),
);

/** Reads the tag that begins at `at`; `null` when none does. What is never closed goes to the end of the source. */
export function readTag(source: string, at: number): Tag | null {
  const nameFrom = source[at + 1] === "/" ? at + 2 : at + 1;
  const pattern = /[a-z][a-z0-9:-]{0,40}/iy;
  pattern.lastIndex = nameFrom;
  const found = pattern.exec(source)?.[0];
  if (found === undefined) return null;
  const from = nameFrom + found.length;
  const end = endOfTag(source, from);
  const inside = source.slice(from, source[end - 1] === ">" ? end - 1 : end);
  return {
    name: found.toLowerCase(),
    isEnd: nameFrom === at + 2,
    isSelfClosing: inside.endsWith("/"),
    attributes: nameFrom === at + 2 ? "" : readAttributes(inside.slice(0, maxAttributeChars)),
    end,
  };
}

/** Behind the ">" that is in no quotes; quotes count only behind "=". */
function endOfTag(source: string, from: number): number {
  const stops = /=\s{0,20}["']|>/g;
  stops.lastIndex = from;
  for (let stop = stops.exec(source); stop !== null; stop = stops.exec(source)) {
    if (stop[0] === ">") return stops.lastIndex;
    const close = source.indexOf(stop[0].slice(-1), stops.lastIndex);
    if (close === -1) return source.length;
    stops.lastIndex = close + 1;
  }
  return source.length;
}

function readAttributes(inside: string): string {
  const pattern = /([^\s=>"'/]+)(?:\s{0,20}=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g;
  const written = new Map<string, string>();
  for (const [, name = "", double, single, bare] of inside.matchAll(pattern)) {
    const key = name.toLowerCase();
    if (!kept.has(key) || written.has(key)) continue;
    const value = (double ?? single ?? bare ?? "").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
    written.set(key, ` ${key}="${value}"`);
  }
  return [...written.values()].join("");
}

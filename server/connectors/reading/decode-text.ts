/** Bytes as text, with how they were read. */
export interface DecodedText {
  text: string;
  /** Name of the encoding as the Encoding Standard calls it. */
  encoding: string;
  /** Some bytes do not fit the encoding and became U+FFFD. */
  isDamaged: boolean;
  /** What was said about the encoding is not true. */
  isMislabelled: boolean;
}

/** Where a page may say how it is encoded, in bytes from its start. */
const declarationBytes = 4_096;

/**
 * Reads the bytes of a page or a feed: by their byte order mark, the header, the XML declaration, the `meta` element, in this
 * order; what is said wrongly is passed over. Without a word about it: UTF-8 where they are that, else windows-1252.
 */
export function decodeText(bytes: Uint8Array, contentType = ""): DecodedText {
  const marked = byMark(bytes);
  if (marked !== null) return decodeAs(bytes, marked, false);
  const declared = declaredEncodings(bytes, contentType);
  for (const [rank, encoding] of declared.entries()) {
    const text = tryDecode(bytes, encoding);
    if (text !== null) return { text, encoding, isDamaged: false, isMislabelled: rank > 0 };
  }
  const [first] = declared;
  if (first === undefined) {
    const text = tryDecode(bytes, "utf-8");
    if (text !== null) return { text, encoding: "utf-8", isDamaged: false, isMislabelled: false };
    return decodeAs(bytes, isCutUtf8(bytes) ? "utf-8" : "windows-1252", false);
  }
  if (first === "utf-8" && !isMostlyUtf8(bytes)) return decodeAs(bytes, "windows-1252", true);
  return decodeAs(bytes, first, false);
}

function decodeAs(bytes: Uint8Array, encoding: string, isMislabelled: boolean): DecodedText {
  const text = spell(new TextDecoder(encoding).decode(bytes), encoding);
  return { text, encoding, isDamaged: text.includes("\ufffd"), isMislabelled };
}

function tryDecode(bytes: Uint8Array, encoding: string): string | null {
  try {
    return spell(new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding);
  } catch {
    return null; // these bytes are not of that encoding
  }
}

/** What windows-1252 has from 0x80 to 0x9f; five places are empty. */
const marks = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

/** Some releases of Node decode windows-1252 as if it were ISO-8859-1, which has control characters there. */
function spell(text: string, encoding: string): string {
  if (encoding !== "windows-1252") return text;
  return text.replace(/[\x80-\x9f]/g, (control) => marks[control.charCodeAt(0) - 0x80] ?? control);
}

function byMark(bytes: Uint8Array): string | null {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if (a === 0xff && b === 0xfe) return "utf-16le";
  if (a === 0xfe && b === 0xff) return "utf-16be";
  if (a === 0x3c && b === 0 && c === 0x3f && d === 0) return "utf-16le"; // "<?" of an XML declaration
  if (a === 0 && b === 0x3c && c === 0 && d === 0x3f) return "utf-16be";
  return null;
}

function declaredEncodings(bytes: Uint8Array, contentType: string): string[] {
  const start = Buffer.from(bytes.subarray(0, declarationBytes)).toString("latin1");
  const header = /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];
  const xml = /^\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)["']/i.exec(start)?.[1];
  const meta = /<meta\s[^>]{0,500}?charset\s*=\s*["']?([\w.:-]+)/i.exec(start)?.[1];
  const names = [header, xml, meta].map((label) => {
    const name = standardName(label);
    // What could be read as ASCII up to here is not UTF-16, and no page is UTF-16 without a zero.
    const isAscii = label !== header || !start.includes("\0");
    return name?.startsWith("utf-16") === true && isAscii ? "utf-8" : name;
  });
  return [...new Set(names)].filter((name) => name !== null);
}

function standardName(label: string | undefined): string | null {
  if (label === undefined) return null;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null; // no encoding that is known
  }
}

/** Whether fewer than a quarter of the bytes beyond ASCII do not fit. */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  const wrong = new TextDecoder().decode(bytes).split("\ufffd").length - 1;
  let high = 0;
  for (const byte of bytes) if (byte > 0x7f) high += 1;
  return wrong * 4 < high;
}

/** UTF-8 whose last character was cut in two. */
function isCutUtf8(bytes: Uint8Array): boolean {
  const end = Math.max(0, bytes.length - 3);
  return [1, 2, 3].some((cut) => bytes.length - cut >= end && tryDecode(bytes.subarray(0, -cut), "utf-8") !== null);
}

import type { LogLevelName } from "../../../contract/features/logs.ts";
import { lineEnds } from "./line-splitter.ts";
import type { LogFile } from "./log-file.ts";
import { readLine } from "./log-text.ts";

/** One line of a file as the reader hands it on: redacted, without time prefix, with ANSI codes. */
export interface ParsedLine {
  offset: number;
  bytes: number;
  time: number | null;
  /** The line's own time, else that of the nearest line above it: what several files are merged by. */
  sortTime: number;
  level: LogLevelName;
  text: string;
  isContinuation: boolean;
  isOpen: boolean;
  cutBytes: number;
}

/** Time and level that lines without their own take over from the line above. */
export interface Inherited {
  time: number | null;
  level: LogLevelName;
}

export const nothingInherited: Inherited = { time: null, level: "other" };

/** Text shown of one line; the rest of a longer one is read on demand. */
export const maxTextChars = 16 * 1024;
const marginChars = 1024;

export interface ParseOptions {
  redact: (text: string) => string;
  inherited?: Inherited;
  /** Takes bytes after the last line end as a line of their own: the end of a file that will not grow. */
  takesRest?: "closed" | "open" | "no";
}

/** Cuts `bytes` (which start at `base`, a line start) into parsed lines. `end` is where the first line not taken starts. */
export function parseLines(
  bytes: Buffer,
  base: number,
  { redact, inherited = nothingInherited, takesRest = "no" }: ParseOptions,
): { lines: ParsedLine[]; end: number; inherited: Inherited } {
  const ends = lineEnds(bytes, base);
  const restStart = ends.at(-1) ?? base;
  const hasRest = takesRest !== "no" && restStart < base + bytes.length;
  if (hasRest) ends.push(base + bytes.length);
  let carry = inherited;
  let start = base;
  const lines: ParsedLine[] = [];
  const texts: string[] = [];
  for (const end of ends) {
    const raw = decode(bytes, start - base, end - base);
    const facts = readLine(raw.text);
    const level = facts.isContinuation && facts.level === "other" ? carry.level : facts.level;
    carry = { time: facts.time ?? carry.time, level: facts.isContinuation ? carry.level : level };
    texts.push(raw.text.slice(facts.prefixLength));
    lines.push({
      offset: start,
      bytes: end - start,
      time: facts.time,
      sortTime: carry.time ?? 0,
      level,
      text: "",
      isContinuation: facts.isContinuation,
      isOpen: false,
      cutBytes: raw.cutBytes,
    });
    start = end;
  }
  const last = lines.at(-1);
  if (hasRest && last && takesRest === "open") last.isOpen = true;
  fillTexts(lines, texts, redact);
  return { lines, end: start, inherited: carry };
}

/** Gives lines of a file without any times a likely one, between its birth and its last change, to merge it with others. */
export function estimateTimes(lines: ParsedLine[], file: LogFile, sizeBytes: number): void {
  const born = Number.parseInt(file.id.slice(file.id.indexOf("-") + 1), 36) || file.modifiedMs;
  for (const line of lines)
    if (line.sortTime === 0 && sizeBytes > 0)
      line.sortTime = born + Math.max(0, file.modifiedMs - born) * Math.min(1, (line.offset + line.bytes) / sizeBytes);
}

/** UTF-8 text of a line without its line end. Of a huge line the start, or, when it redraws itself, the end. */
function decode(bytes: Buffer, start: number, end: number): { text: string; cutBytes: number } {
  let last = end;
  if (last > start && bytes[last - 1] === 10) last -= 1;
  if (last > start && bytes[last - 1] === 13) last -= 1;
  const limit = maxTextChars + marginChars;
  if (last - start <= limit) return { text: bytes.toString("utf8", start, last), cutBytes: 0 };
  const redrawn = bytes.lastIndexOf(13, last - 1);
  if (redrawn > start && last - redrawn < maxTextChars) {
    const from = Math.max(start, bytes.indexOf(13, last - maxTextChars));
    return { text: bytes.toString("utf8", from, last), cutBytes: 0 };
  }
  // A character must not be cut in two: step back over its continuation bytes.
  let to = start + limit;
  while (to > start && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
  return { text: bytes.toString("utf8", start, to), cutBytes: last - to };
}

/** Redacts all texts in one go, which is three times as fast as one by one and sees secrets that span lines. */
function fillTexts(lines: ParsedLine[], texts: string[], redact: (text: string) => string): void {
  const together = redact(texts.join("\n")).split("\n");
  const redacted = together.length === texts.length ? together : redactKeys(texts, redact);
  for (const [index, line] of lines.entries()) {
    const text = maskKeyLine(redacted[index] ?? "");
    line.text = line.cutBytes > 0 ? text.slice(0, maxTextChars) : text;
    if (line.cutBytes > 0) line.cutBytes += Buffer.byteLength(text.slice(maxTextChars));
  }
}

const keyStart = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const keyEnd = /-----END [A-Z ]*PRIVATE KEY-----/;

/** Line by line, because a whole private key would have been replaced by a single line. */
function redactKeys(texts: string[], redact: (text: string) => string): string[] {
  let isInKey = false;
  return texts.map((text) => {
    const isHidden = isInKey || keyStart.test(text);
    if (isHidden) isInKey = !keyEnd.test(text);
    return isHidden ? "[redacted]" : redact(text);
  });
}

/** A line of exactly 64 base64 characters of mixed case is a line of a PEM key whose first line is out of sight. */
function maskKeyLine(text: string): string {
  const isKeyLine =
    text.length === 64 &&
    /^[A-Za-z0-9+/]{64}$/.test(text) &&
    /[A-Z]/.test(text) &&
    /[g-z+/]/.test(text) &&
    /\d/.test(text);
  return isKeyLine ? "[redacted]" : text;
}

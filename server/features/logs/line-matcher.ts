import type { RE2JS } from "re2js";

import type { LogFilter } from "../../../contract/features/logs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { stripAnsi } from "./log-text.ts";
import type { ParsedLine } from "./parse-lines.ts";

/** Decides which lines a reader wants to see. */
export interface LineMatcher {
  /** False when surely no line of the block matches: looked at before the block is cut into lines. */
  isWanted: ((bytes: Buffer) => boolean) | undefined;
  matches(line: ParsedLine): boolean;
  /** Where the text matches, as [start, end) in the text without ANSI codes; empty without a text filter. */
  ranges(line: ParsedLine): [number, number][];
}

const maxRanges = 50;

/** Compiles a filter. Throws `invalid_request` with the engine's message when the expression is wrong. */
export async function createLineMatcher(filter: LogFilter | undefined): Promise<LineMatcher | null> {
  if (!filter || (filter.text === "" && filter.levels.length === 0)) return null;
  const levels = new Set(filter.levels);
  const find = filter.text === "" ? null : await createFinder(filter);
  return {
    isWanted: find?.isInBlock,
    matches: (line) => (levels.size === 0 || levels.has(line.level)) && (!find || find.has(stripAnsi(line.text))),
    ranges: (line) => (find ? find.ranges(stripAnsi(line.text)) : []),
  };
}

interface Finder {
  isInBlock: ((bytes: Buffer) => boolean) | undefined;
  has(text: string): boolean;
  ranges(text: string): [number, number][];
}

async function createFinder(filter: LogFilter): Promise<Finder> {
  return filter.isRegex ? createRegexFinder(filter) : createTextFinder(filter);
}

function createTextFinder({ text, isCaseSensitive }: LogFilter): Finder {
  const needle = isCaseSensitive ? text : text.toLowerCase();
  const fold = (value: string): string => (isCaseSensitive ? value : value.toLowerCase());
  return {
    isInBlock: blockTest(text, needle, isCaseSensitive),
    has: (value) => fold(value).includes(needle),
    ranges(value) {
      const hay = fold(value);
      const found: [number, number][] = [];
      for (
        let at = hay.indexOf(needle);
        at >= 0 && found.length < maxRanges;
        at = hay.indexOf(needle, at + needle.length)
      )
        found.push([at, at + needle.length]);
      return found;
    },
  };
}

/** A test of raw bytes, when one is safe: colour codes may stand inside a match, and the mark of redacted text is not in the file. */
function blockTest(text: string, needle: string, isCaseSensitive: boolean): Finder["isInBlock"] {
  if (/[[\]]|reda|edac|dact|acte|cted/i.test(text) || text.length < 3) return undefined;
  const exact = Buffer.from(text);
  return (bytes) =>
    (isCaseSensitive ? bytes.includes(exact) : bytes.toString("utf8").toLowerCase().includes(needle)) ||
    bytes.includes(0x1b);
}

async function createRegexFinder({ text, isCaseSensitive }: LogFilter): Promise<Finder> {
  const { RE2JS: Engine } = await import("re2js");
  let pattern: RE2JS;
  try {
    pattern = Engine.compile(text, isCaseSensitive ? 0 : Engine.CASE_INSENSITIVE);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AppError("invalid_request", `The regular expression is wrong: ${reason}`, {
      hint: "Look-around and back references are not supported.",
      cause: error,
    });
  }
  return {
    isInBlock: undefined,
    has: (value) => pattern.matcher(value).find(),
    ranges(value) {
      const found: [number, number][] = [];
      const matcher = pattern.matcher(value);
      while (found.length < maxRanges && matcher.find()) found.push([matcher.start(), matcher.end()]);
      return found.filter(([start, end]) => end > start);
    },
  };
}

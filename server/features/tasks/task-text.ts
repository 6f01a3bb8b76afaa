import { randomBytes } from "node:crypto";

/** An id that sorts by time: nine digits of milliseconds in base 36, then chance. */
export function newTaskId(nowMs: number): string {
  const chance = BigInt(`0x${randomBytes(5).toString("hex")}`)
    .toString(36)
    .padStart(8, "0")
    .slice(-7);
  return `task-${nowMs.toString(36).padStart(9, "0")}${chance}`;
}

/** Longest title and longest instructions of a task, UTF-16 units. */
export const maxTitle = 200;
export const maxInstructions = 200_000;

/** One line without what no text file can hold; wherever it comes from, it stays one line. */
export function cleanTitle(text: string): string {
  return cut(
    withoutControls(text)
      .replaceAll(/[\r\n\u0085\u2028\u2029]+/g, " ")
      .trim(),
    maxTitle,
  ).trim();
}

/** Lines that end with a newline, without what no text file can hold. */
export function cleanInstructions(text: string): string {
  return cut(withoutControls(text.replaceAll(/\r\n?/g, "\n")), maxInstructions);
}

/** Instructions as a file can tell them: without common indentation and without empty lines at either end. */
export function plainInstructions(text: string): string {
  const lines = text.split(/\r\n?|\n/).map((line) => (/^[ \t]*$/.test(line) ? "" : line));
  const filled = lines.filter((line) => line !== "");
  const shared = filled.map((line) => /^[ \t]*/.exec(line)?.[0] ?? "").reduce(commonStart, filled[0] ?? "");
  const width = /^[ \t]*/.exec(shared)?.[0].length ?? 0;
  const first = lines.findIndex((line) => line !== "");
  const last = lines.findLastIndex((line) => line !== "");
  return lines
    .slice(Math.max(first, 0), last + 1)
    .map((line) => line.slice(width))
    .join("\n");
}

function commonStart(one: string, other: string): string {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

/** The beginning of a text, no character cut in two. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, "");
}

function withoutControls(text: string): string {
  return Buffer.from(text)
    .toString()
    .replaceAll(/[^\P{Cc}\t\r\n\u0085]/gu, "");
}

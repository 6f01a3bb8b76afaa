/** Where a remark was made: the line's number from 1, its text, and the lines around it, nearest first. */
export interface Anchor {
  line: number;
  lineText: string;
  before: readonly string[];
  after: readonly string[];
}

const around = 3;
/** Of longer lines only the beginning is kept and compared. */
const maxLineLength = 2_000;

/** Lines of a file; what follows the last line break is a line only if there is something. */
export function fileLines(text: string): string[] {
  const lines = text.split("\n").map((line) => line.slice(0, maxLineLength));
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** What finds the line again; `null` when the file has no such line. */
export function anchorOf(lines: readonly string[], line: number): Anchor | null {
  const lineText = lines[line - 1];
  if (lineText === undefined) return null;
  return {
    line,
    lineText,
    before: lines.slice(Math.max(0, line - 1 - around), line - 1).toReversed(),
    after: lines.slice(line, line + around),
  };
}

/**
 * Number of the line now: of those with the same text the one whose neighbours are most alike, then the nearest. `null` when
 * there is none.
 */
export function findAnchor(lines: readonly string[], anchor: Anchor): number | null {
  let best: { line: number; likeness: number; distance: number } | null = null;
  for (const [index, text] of lines.entries()) {
    if (text !== anchor.lineText) continue;
    const line = index + 1;
    const likeness =
      alike(anchor.before, (step) => lines[index - 1 - step]) + alike(anchor.after, (step) => lines[index + 1 + step]);
    const distance = Math.abs(line - anchor.line);
    const isBetter =
      best === null || likeness > best.likeness || (likeness === best.likeness && distance < best.distance);
    if (isBetter) best = { line, likeness, distance };
  }
  return best?.line ?? null;
}

/** How many of the neighbours are still there, those further away only behind those that are nearer. */
function alike(known: readonly string[], now: (step: number) => string | undefined): number {
  const end = known.findIndex((text, step) => now(step) !== text);
  return end === -1 ? known.length : end;
}

/** One line of a unified diff. `before` and `after` are its numbers in the two texts, from 1. */
export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
  readonly before: number | null;
  readonly after: number | null;
}

/** Changed lines with some unchanged ones around them; `skipped` lines lie between it and the one before. */
export interface DiffHunk {
  readonly skipped: number;
  readonly lines: readonly DiffLine[];
}

export interface LineDiff {
  readonly hunks: readonly DiffHunk[];
  readonly added: number;
  readonly removed: number;
}

/** Above this the shortest way from one text to the other is not looked for: all of one, then all of the other. */
const maxEdits = 2_000;

/** Lines of a text; the empty one behind the last line break is none. */
export function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

/** What was changed from one text to another, by lines, with `context` unchanged lines around each change. */
export function diffLines(before: string, after: string, context = 3): LineDiff {
  const lines = compare(linesOf(before), linesOf(after));
  return {
    hunks: toHunks(lines, context),
    added: lines.filter(({ kind }) => kind === "added").length,
    removed: lines.filter(({ kind }) => kind === "removed").length,
  };
}

function compare(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1;
  const changed = shortest(before.slice(start, before.length - end), after.slice(start, after.length - end));
  const lines: DiffLine[] = [];
  let at = { before: 0, after: 0 };
  const add = (kind: DiffLine["kind"], text: string): void => {
    at = { before: at.before + (kind === "added" ? 0 : 1), after: at.after + (kind === "removed" ? 0 : 1) };
    lines.push({
      kind,
      text,
      before: kind === "added" ? null : at.before,
      after: kind === "removed" ? null : at.after,
    });
  };
  for (const text of before.slice(0, start)) add("same", text);
  for (const { kind, text } of changed) add(kind, text);
  for (const text of before.slice(before.length - end)) add("same", text);
  return lines;
}

type Change = Pick<DiffLine, "kind" | "text">;

/** The greedy algorithm of E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). */
function shortest(before: readonly string[], after: readonly string[]): Change[] {
  const most = Math.min(before.length + after.length, maxEdits);
  const offset = most + 1;
  let furthest = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits += 1) {
    trace.push(furthest.slice());
    const next = furthest.slice();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = firstColumn(furthest, offset, diagonal, edits);
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      next[offset + diagonal] = x;
      furthest[offset + diagonal] = x;
      if (x >= before.length && x - diagonal >= after.length) return wayBack(trace, offset, before, after);
    }
    furthest = next;
  }
  return [
    ...before.map((text): Change => ({ kind: "removed", text })),
    ...after.map((text): Change => ({ kind: "added", text })),
  ];
}

/** Where a diagonal is entered: from above (a line more) or from the left (a line less), whichever is further. */
function firstColumn(furthest: Int32Array, offset: number, diagonal: number, edits: number): number {
  const above = furthest[offset + diagonal + 1] ?? 0;
  const left = furthest[offset + diagonal - 1] ?? 0;
  return diagonal === -edits || (diagonal !== edits && left < above) ? above : left + 1;
}

function wayBack(
  trace: readonly Int32Array[],
  offset: number,
  before: readonly string[],
  after: readonly string[],
): Change[] {
  const changes: Change[] = [];
  let x = before.length;
  let y = after.length;
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const furthest = trace[edits] ?? new Int32Array(0);
    const diagonal = x - y;
    const above = furthest[offset + diagonal + 1] ?? 0;
    const left = furthest[offset + diagonal - 1] ?? 0;
    const isAdded = diagonal === -edits || (diagonal !== edits && left < above);
    const fromX = edits === 0 ? 0 : isAdded ? above : left;
    const fromY = edits === 0 ? 0 : isAdded ? fromX - diagonal - 1 : fromX - diagonal + 1;
    // The unchanged lines behind the one edit of this step; before the first edit there are only such lines.
    const sameLines = edits === 0 ? Math.min(x, y) : isAdded ? x - fromX : y - fromY;
    for (let count = 0; count < sameLines; count += 1) {
      x -= 1;
      y -= 1;
      changes.push({ kind: "same", text: before[x] ?? "" });
    }
    if (edits === 0) break;
    if (isAdded) changes.push({ kind: "added", text: after[fromY] ?? "" });
    else changes.push({ kind: "removed", text: before[fromX] ?? "" });
    x = fromX;
    y = fromY;
  }
  return changes.toReversed();
}

function toHunks(lines: readonly DiffLine[], context: number): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let end = 0;
  for (let index = 0; index < lines.length; index += 1) {
    if (lines[index]?.kind === "same") continue;
    const start = Math.max(end, index - context);
    let last = index;
    for (let next = index; next < lines.length && next - last <= context * 2 + 1; next += 1)
      if (lines[next]?.kind !== "same") last = next;
    const stop = Math.min(lines.length, last + 1 + context);
    const hunk = { skipped: start - end, lines: lines.slice(start, stop) };
    hunks.push(hunk);
    end = stop;
    index = stop - 1;
  }
  return hunks;
}

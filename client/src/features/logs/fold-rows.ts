import type { WindowLine } from "./log-window.ts";

/** A visible row: the index of its line, and, on a line that others belong to, how many. */
export interface Row {
  readonly index: number;
  /** Lines below that belong to this one; 0 on a line that stands alone. */
  readonly groupSize: number;
  readonly isFolded: boolean;
}

/** Groups smaller than this are not worth a control. */
const minGroup = 2;

/** The rows of a window: all lines, without those of folded groups and without what was written over. */
export function foldRows(lines: readonly WindowLine[], isFolded: (id: string) => boolean): Row[] {
  const rows: Row[] = [];
  const overwritten = overwrittenLines(lines);
  for (let index = 0; index < lines.length;) {
    if (overwritten.has(index)) {
      index += 1;
      continue;
    }
    const head = lines[index];
    let end = index + 1;
    while (end < lines.length && belongsTo(lines[end], head)) end += 1;
    const size = end - index - 1;
    const isGroup = size >= minGroup && head !== undefined;
    const folded = isGroup && isFolded(head.id);
    rows.push({ index, groupSize: isGroup ? size : 0, isFolded: folded });
    if (!folded)
      for (let inner = index + 1; inner < end; inner += 1) rows.push({ index: inner, groupSize: 0, isFolded: false });
    index = end;
  }
  return rows;
}

function belongsTo(line: WindowLine | undefined, head: WindowLine | undefined): boolean {
  return line !== undefined && head !== undefined && line.isContinuation && line.stream === head.stream;
}

/**
 * Steps of a progress line: PM2 gives each of them a line of its own that begins with a carriage return. On a terminal
 * each would have been written over by the next one of its stream, so only the last is a row.
 */
function overwrittenLines(lines: readonly WindowLine[]): ReadonlySet<number> {
  const overwritten = new Set<number>();
  const isNextStep = new Map<string, boolean>();
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const line = lines[index];
    if (line === undefined || line.notice) continue;
    const isStep = line.text.startsWith("\r");
    if (isStep && isNextStep.get(line.stream) === true) overwritten.add(index);
    isNextStep.set(line.stream, isStep);
  }
  return overwritten;
}

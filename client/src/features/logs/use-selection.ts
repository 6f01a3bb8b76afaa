import { useState } from "react";

import type { LogView } from "./log-view.ts";
import type { WindowLine } from "./log-window.ts";

/** The lines picked with the pointer: one, or with Shift all between two. */
export function useSelection(view: LogView) {
  const [ends, setEnds] = useState<{ from: string; to: string } | null>(null);
  const lines = ends === null ? [] : between(view.window.lines, ends.from, ends.to);
  return {
    lines,
    ids: new Set(lines.map(({ id }) => id)),
    select(line: WindowLine, isRange: boolean): void {
      const isSame = ends?.from === line.id && ends.to === line.id;
      if (isRange && ends) setEnds({ from: ends.from, to: line.id });
      else setEnds(isSame ? null : { from: line.id, to: line.id });
    },
    clear(): void {
      setEnds(null);
    },
  };
}

function between(lines: readonly WindowLine[], from: string, to: string): WindowLine[] {
  const ends = [lines.findIndex(({ id }) => id === from), lines.findIndex(({ id }) => id === to)];
  const [first = -1, last = -1] = ends.toSorted((a, b) => a - b);
  return first < 0 ? [] : lines.slice(first, last + 1).filter(({ notice }) => notice === undefined);
}

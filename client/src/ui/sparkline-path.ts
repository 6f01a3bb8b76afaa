/** SVG paths of a sparkline; a gap in the values is a gap in the line. */
export function sparklinePath(
  values: readonly (number | null)[],
  width: number,
  height: number,
  max?: number,
): { line: string; area: string } {
  const known = values.filter((value) => value !== null);
  const top = Math.max(max ?? 0, ...known, Number.EPSILON);
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const pad = 1.5;
  const pieces = pieceRuns(values).map((run) =>
    run.map(({ index, value }) => `${round(index * step)} ${round(height - pad - (value / top) * (height - 2 * pad))}`),
  );
  return {
    line: pieces.map((points) => `M${points.join("L")}${points.length === 1 ? "h0.01" : ""}`).join(""),
    area: pieces
      .map((points) => {
        const first = points[0]?.split(" ")[0] ?? "0";
        const last = points.at(-1)?.split(" ")[0] ?? "0";
        return `M${first} ${String(height)}L${points.join("L")}L${last} ${String(height)}Z`;
      })
      .join(""),
  };
}

function pieceRuns(values: readonly (number | null)[]): { index: number; value: number }[][] {
  const runs: { index: number; value: number }[][] = [];
  let open: { index: number; value: number }[] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) {
      if (open.length > 0) runs.push(open);
      open = [];
    } else {
      open.push({ index, value });
    }
  }
  if (open.length > 0) runs.push(open);
  return runs;
}

function round(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** The values in words: "now 2.0 %, highest 14 %". */
export function summarize(values: readonly (number | null)[], format: (value: number) => string): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return "no values yet";
  return `now ${format(last)}, lowest ${format(Math.min(...known))}, highest ${format(Math.max(...known))}`;
}

export interface ViewSize {
  number: number;
  cols: number;
  rows: number;
}

/** The size a session gets: the smallest of all windows, or that of the viewer who leads. `null` without viewers. */
export function chooseSize(
  viewers: readonly ViewSize[],
  sizing: "smallest" | "active",
  leader: number | null,
): { cols: number; rows: number } | null {
  const leading = sizing === "active" ? viewers.find(({ number }) => number === leader) : undefined;
  const judged = leading ? [leading] : viewers;
  if (judged.length === 0) return null;
  return { cols: Math.min(...judged.map(({ cols }) => cols)), rows: Math.min(...judged.map(({ rows }) => rows)) };
}

/** Where each row of a list starts, in pixels from its top; one more entry than rows, the last is the whole height. */
export type RowStarts = Float64Array;

/** Lays rows out one below the other. */
export function layOut(count: number, heightOf: (index: number) => number): RowStarts {
  const starts = new Float64Array(count + 1);
  for (let index = 0; index < count; index += 1) starts[index + 1] = (starts[index] ?? 0) + heightOf(index);
  return starts;
}

/** Index of the row at a height; the nearest one for a height outside. -1 without rows. */
export function rowAt(starts: RowStarts, top: number): number {
  let low = 0;
  let high = starts.length - 2;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= top) low = middle;
    else high = middle - 1;
  }
  return high < 0 ? -1 : low;
}

/** Rows from `first` to before `last` are in sight, with some more around them. */
export function rowsInSight(
  starts: RowStarts,
  top: number,
  height: number,
  margin: number,
): { first: number; last: number } {
  const first = rowAt(starts, top - margin);
  if (first < 0) return { first: 0, last: 0 };
  return { first, last: rowAt(starts, top + height + margin) + 1 };
}

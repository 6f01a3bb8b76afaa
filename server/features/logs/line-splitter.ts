/**
 * Where lines start and end in a file. A line ends after its newline. A line that never ends would have to be held in
 * memory as a whole, so it also ends at a multiple of `blockBytes` when the whole block before that place has no
 * newline. Both rules can be decided from the bytes near a place, so reading backwards finds the same lines as reading
 * forwards, and no line is longer than two blocks.
 */
export const blockBytes = 256 * 1024;

/** The longest line there can be; a reader that holds this much always finds a line end. */
export const maxLineBytes = 2 * blockBytes;

const newline = 10;

/** End of the line that starts at `start` of the file, searched in `bytes`, whose first byte is at `base`; -1 when it is not in there. */
export function lineEnd(bytes: Uint8Array, base: number, start: number): number {
  const forced = Math.ceil(start / blockBytes) * blockBytes + blockBytes;
  const found = bytes.indexOf(newline, start - base);
  const natural = found < 0 ? Infinity : base + found + 1;
  if (natural <= forced) return natural;
  return forced <= base + bytes.length ? forced : -1;
}

/** The first place in `bytes` (whose first byte is at `base`) that surely starts a line; -1 when there is none. */
export function firstLineStart(bytes: Uint8Array, base: number): number {
  if (base === 0) return 0;
  const found = bytes.indexOf(newline);
  const natural = found < 0 ? Infinity : base + found + 1;
  const forced = Math.ceil(base / blockBytes) * blockBytes + blockBytes;
  const first = Math.min(natural, forced);
  return first <= base + bytes.length ? first : -1;
}

/** Ends of all whole lines in `bytes`, which start at `base`, a line start. The last element is where the rest starts. */
export function lineEnds(bytes: Uint8Array, base: number): number[] {
  const ends: number[] = [];
  let start = base;
  for (;;) {
    const end = lineEnd(bytes, base, start);
    if (end < 0) return ends;
    ends.push(end);
    start = end;
  }
}

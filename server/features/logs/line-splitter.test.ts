import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { blockBytes, firstLineStart, lineEnd, lineEnds, maxLineBytes } from "./line-splitter.ts";

/** Files made of short lines and of runs without a newline that reach over several blocks. */
const files = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 80 }) },
      { weight: 1, arbitrary: fc.integer({ min: blockBytes - 3, max: 3 * blockBytes + 3 }) },
    ),
    { maxLength: 12 },
  )
  .chain((lengths) =>
    fc.boolean().map((hasEnd) => {
      const text = lengths.map((length) => "x".repeat(length)).join("\n");
      return Buffer.from(hasEnd ? `${text}\n` : text);
    }),
  );

function starts(bytes: Buffer): number[] {
  return [0, ...lineEnds(bytes, 0)];
}

describe("lines of a file", () => {
  test("no line is longer than two blocks, and every newline ends one", () => {
    fc.assert(
      fc.property(files, (bytes) => {
        const all = starts(bytes);
        for (const [index, start] of all.entries()) {
          const end = all[index + 1];
          if (end === undefined) continue;
          expect(end - start).toBeLessThanOrEqual(maxLineBytes);
          expect(bytes.subarray(start, end - 1).includes(10)).toBe(false);
        }
        const newlines = [...bytes.keys()].filter((at) => bytes[at] === 10);
        for (const at of newlines) expect(all).toContain(at + 1);
      }),
      { numRuns: 60 },
    );
  });

  test("reading from any line start onwards finds the same lines", () => {
    fc.assert(
      fc.property(files, fc.nat(), (bytes, seed) => {
        const all = starts(bytes);
        const from = all[seed % all.length] ?? 0;
        expect(lineEnds(bytes.subarray(from), from)).toEqual(all.filter((start) => start > from));
      }),
      { numRuns: 60 },
    );
  });

  test("a reader that comes in anywhere finds a true line start, and the first one it can be sure of", () => {
    fc.assert(
      fc.property(files, fc.nat(), fc.nat(), (bytes, a, b) => {
        const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].toSorted((x, y) => x - y) as [
          number,
          number,
        ];
        const found = firstLineStart(bytes.subarray(from, to), from);
        if (found >= 0) expect(starts(bytes)).toContain(found);
        else expect(to - from).toBeLessThanOrEqual(2 * blockBytes);
      }),
      { numRuns: 200 },
    );
  });

  test("a line whose end is not in sight has none", () => {
    expect(lineEnd(Buffer.from("abc"), 0, 0)).toBe(-1);
    expect(lineEnd(Buffer.from("abc\n"), 0, 0)).toBe(4);
    expect(lineEnd(Buffer.alloc(blockBytes, "x"), 0, 0)).toBe(blockBytes);
  });
});

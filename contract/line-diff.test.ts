import { array, assert, constantFrom, property } from "fast-check";
import { describe, expect, it } from "vitest";

import { diffLines, linesOf, type DiffLine } from "./line-diff.ts";

const text = array(constantFrom("a", "b", "c", "", "  d"), { maxLength: 30 }).map((lines) =>
  lines.map((line) => `${line}\n`).join(""),
);
const wholeContext = 1_000;

function allLines(before: string, after: string): DiffLine[] {
  return diffLines(before, after, wholeContext).hunks.flatMap(({ lines }) => [...lines]);
}

describe("a diff", () => {
  it("leads from one text to the other and numbers the lines of both", () => {
    assert(
      property(text, text, (before, after) => {
        if (before === after) {
          expect(diffLines(before, after)).toEqual({ hunks: [], added: 0, removed: 0 });
          return;
        }
        const lines = allLines(before, after);
        const ofBefore = lines.filter(({ kind }) => kind !== "added");
        const ofAfter = lines.filter(({ kind }) => kind !== "removed");
        expect(ofBefore.map((line) => line.text)).toEqual(linesOf(before));
        expect(ofAfter.map((line) => line.text)).toEqual(linesOf(after));
        expect(ofBefore.map((line) => line.before)).toEqual(ofBefore.map((_, index) => index + 1));
        expect(ofAfter.map((line) => line.after)).toEqual(ofAfter.map((_, index) => index + 1));
      }),
    );
  });

  it("is as short as can be", () => {
    const { added, removed } = diffLines("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n");
    expect(added + removed).toBe(5);
  });

  it("leaves out what is far from a change and says how much", () => {
    const before = Array.from({ length: 100 }, (_, index) => `line ${String(index)}`);
    const after = before.with(50, "changed");
    const { hunks, added, removed } = diffLines(before.join("\n"), after.join("\n"));
    expect({ added, removed }).toEqual({ added: 1, removed: 1 });
    expect(hunks).toHaveLength(1);
    expect(hunks[0]?.skipped).toBe(47);
    expect(hunks[0]?.lines.map(({ kind }) => kind)).toEqual([
      "same",
      "same",
      "same",
      "removed",
      "added",
      "same",
      "same",
      "same",
    ]);
  });

  it("keeps changes with a few lines between them together, and others apart", () => {
    const before = Array.from({ length: 60 }, (_, index) => `line ${String(index)}`);
    const hunksOf = (first: number, second: number): number =>
      diffLines(before.join("\n"), before.with(first, "x").with(second, "y").join("\n")).hunks.length;
    expect(hunksOf(20, 26)).toBe(1);
    expect(hunksOf(20, 40)).toBe(2);
  });

  it("gives up on finding the shortest way between texts that have nothing in common", () => {
    const one = Array.from({ length: 6_000 }, (_, index) => `one ${String(index)}`).join("\n");
    const other = Array.from({ length: 6_000 }, (_, index) => `other ${String(index)}`).join("\n");
    const startedAt = performance.now();
    expect(diffLines(one, other)).toMatchObject({ added: 6_000, removed: 6_000 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { withLostLines } from "./merge-lines.ts";

describe("what a text has lost", () => {
  test.each([
    ["everything", "a\nb\n", "", "a\nb\n"],
    ["lines in the middle and at the end", "a\nb\nc\nd\n", "a\nc\n", "a\nb\nc\nd\n"],
    ["lines while others were added", "a\nb\nc\n", "new\na\nc\nmore\n", "new\na\nb\nc\nmore\n"],
    ["nothing where a line was changed", "a\nb\nc\n", "a\nB\nc\n", "a\nB\nc\n"],
    ["all of it, when it was replaced", "a\nb\n", "other\n", "a\nb\n\nother\n"],
  ])("%s", (_, was, now, whole) => {
    expect(withLostLines(was, now)).toBe(whole);
  });

  test("comes back whole whatever was cut out of it", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.boolean()), { minLength: 1, maxLength: 30 }), (rows) => {
        const lines = rows.map(([text], at) => `${at} ${text.replaceAll(/[\r\n]/g, "")}`);
        const left = lines.filter((_, at) => rows[at]?.[1] === true);
        expect(withLostLines(lines.join("\n"), left.join("\n"))).toBe(lines.join("\n"));
      }),
    );
  });
});

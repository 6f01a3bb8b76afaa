import * as fc from "fast-check";
import { expect, test } from "vitest";

import { parseAnsi } from "../../ui/ansi.ts";
import { findRanges, markSpans } from "./log-spans.ts";

test("a match over several colours is marked in each of them", () => {
  const spans = parseAnsi("a\u001b[31mbc\u001b[32mde");
  expect(markSpans(spans, findRanges("abcde", "BCD", false)).map(({ text, isMatch }) => [text, isMatch])).toEqual([
    ["a", false],
    ["bc", true],
    ["d", true],
    ["e", false],
  ]);
});

test("marking loses no text and marks exactly the matches", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "b", "\u001b[31m", "\u001b[0m"), { maxLength: 40 }), (parts) => {
      const spans = parseAnsi(parts.join(""));
      const text = spans.map((span) => span.text).join("");
      const marked = markSpans(spans, findRanges(text, "ab", true));
      expect(marked.map((span) => span.text).join("")).toBe(text);
      const matched = marked.flatMap((span) => (span.isMatch ? span.text : []));
      expect(matched.join("")).toBe((text.match(/ab/g) ?? []).join(""));
    }),
  );
});

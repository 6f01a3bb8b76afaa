import * as fc from "fast-check";
import { expect, test } from "vitest";

import { cleanInput, cleanLine, cleanText } from "./clean-input.ts";

test.each([
  "Please select * from the menu; drop table 7 is free -- thanks",
  "<script>alert(1)</script> is how an example looks",
  "../../etc/passwd and {{template}} and ${HOME}",
  "line one\n\tline two\r\nEmoji 👩‍👩‍👧 and שלום and ÅÄÖ",
])("a harmless text arrives as it was written: %s", (text) => {
  expect(cleanText(text)).toBe(text);
});

test("control characters, turned directions and halves of characters go", () => {
  expect(cleanText("a\u0000b\u001b[31mc\u007fd\u0085e\u202etxt.exef\ud800g")).toBe("ab[31mcdetxt.exef\ufffdg");
});

test("what goes into a header has one line", () => {
  expect(cleanLine("Hello\r\nBcc: everybody@example.com\u2028x")).toBe("Hello Bcc: everybody@example.com x");
});

test("twice is the same as once, for any value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const once = cleanInput(value);
      expect(cleanInput(once)).toEqual(once);
    }),
  );
});

test("printable ASCII is never changed", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
      expect(cleanText(text)).toBe(text);
    }),
  );
});

test("numbers, truth values, bytes and names of fields stay", () => {
  const bytes = new Uint8Array([0, 1, 2]);
  expect(cleanInput({ count: 1, isOn: true, none: null, list: [1, "a\u0000"], bytes })).toEqual({
    count: 1,
    isOn: true,
    none: null,
    list: [1, "a"],
    bytes,
  });
});

test("what is nested without end is refused", () => {
  let deep: unknown = "x";
  for (let level = 0; level < 60; level += 1) deep = [deep];
  expect(() => cleanInput(deep)).toThrow("nested deeper than 50");
});

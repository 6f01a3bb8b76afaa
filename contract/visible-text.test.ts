import { expect, test } from "vitest";

import { hasHidden, visibleJson, visibleText } from "./visible-text.ts";

test.each([
  ["pay \u202Eecila\u202C not \u2066bob\u2069\u200b", "pay ⟨U+202E⟩ecila⟨U+202C⟩ not ⟨U+2066⟩bob⟨U+2069⟩⟨U+200B⟩"],
  ["\u200e\u200f\u061c\ufeff\u2060\u00ad", "⟨U+200E⟩⟨U+200F⟩⟨U+061C⟩⟨U+FEFF⟩⟨U+2060⟩⟨U+00AD⟩"],
  ["a\u0000\u001b[1mb\u0085\rc", "a⟨U+0000⟩⟨U+001B⟩[1mb⟨U+0085⟩⟨U+000D⟩c"],
  ["x\u{e0041}\u{e007f}\u3164\u2800", "x⟨U+E0041⟩⟨U+E007F⟩⟨U+3164⟩⟨U+2800⟩"],
  ["one\u2028two\ud800", "one⟨U+2028⟩two⟨U+D800⟩"],
  ["a\u200db \u200d👍 c\ufe0f", "a⟨U+200D⟩b ⟨U+200D⟩👍 c⟨U+FE0F⟩"],
])("%j shows what would not be seen", (text, shown) => {
  expect(visibleText(text)).toBe(shown);
  expect(visibleText(shown)).toBe(shown);
  expect(hasHidden(text)).toBe(true);
});

test.each(["Žofie, שלום, 東京, مرحبا", "👩‍👩‍👧 ❤️ 👍🏽 🧑🏽‍🚀", "line\n\tline  two", "<script>⟨U+202E⟩"])(
  "%j stays as it is",
  (text) => {
    expect(visibleText(text)).toBe(text);
  },
);

test("JSON text stays one, and its escapes are looked at, too", () => {
  expect(visibleJson(JSON.stringify({ path: String.raw`C:\\u202E` }))).toBe(
    JSON.stringify({ path: String.raw`C:\\u202E` }),
  );
  const shown = visibleJson(String.raw`{"a":"x\u202ey\u0007\u0041","b":"c${"\u200b"}"}`);
  expect(JSON.parse(shown)).toEqual({ a: "x⟨U+202E⟩y⟨U+0007⟩A", b: "c⟨U+200B⟩" });
});

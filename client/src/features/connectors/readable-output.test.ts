import { expect, test } from "vitest";

import { readableOf } from "./readable-output.ts";

test("what is meant to be read is shown with its title", () => {
  expect(readableOf({ title: "Tides *of* Hamburg", content: "High water" })).toBe(
    "# Tides \\*of\\* Hamburg\n\nHigh water",
  );
  expect(readableOf({ title: "Tides", content: "# Tides\n\nHigh water" })).toBe("# Tides\n\nHigh water");
  expect(readableOf("plain")).toBe("plain");
});

test("hits become a list of links whose words mean nothing else", () => {
  const results = [
    { title: "A [b]", url: "https://example.com/a", snippet: "one\ntwo" },
    { title: "C", url: "https://example.com/c", snippet: "" },
  ];
  expect(readableOf({ results })).toBe(
    "- [A \\[b\\]](<https://example.com/a>)\n  one two\n- [C](<https://example.com/c>)",
  );
});

test("data stays data", () => {
  expect(readableOf({ status: 200, id: "x" })).toBeNull();
  expect(readableOf({ results: [{ id: 1 }] })).toBeNull();
  expect(readableOf([1, 2])).toBeNull();
  expect(readableOf(null)).toBeNull();
  expect(readableOf({ content: "  " })).toBeNull();
});

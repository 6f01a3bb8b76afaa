import { expect, test } from "vitest";

import { searchJson } from "./search-json.ts";

test("finds what an expression says, nothing as null, and says why it cannot", () => {
  const value = { items: [{ title: "One" }, { title: "Two" }] };
  expect(searchJson("items[*].title", value)).toEqual(["One", "Two"]);
  expect(searchJson("nothing.here", value)).toBeNull();
  expect(() => searchJson("items[", value)).toThrow(Error);
  expect(() => searchJson("length(`7`)", value)).toThrow("length");
});

test.each([
  ["pad_left('x', `300000000`, 'y')", "more than anybody can read"],
  ["a[*].[$.a[*].[$.a[*].[$.a[*].[$.a[*]]]]]", "takes too long"],
])("%s is ended, and the next one is worked out", (expression, words) => {
  const value = { a: Array.from({ length: 2_000 }, (_, at) => at) };
  expect(() => searchJson(expression, value, 200)).toThrow(words);
  expect(searchJson("a[1]", value)).toBe(1);
});

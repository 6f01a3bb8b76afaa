import { expect, test } from "vitest";

import { joinNames, readAddress, searchFilter, viewFilter } from "./log-address.ts";

test("names of processes survive the address, commas and percents too", () => {
  const names = ["portos/blog/web", "user/a,b", "user/50%2C"];
  expect(readAddress({ process: joinNames(names) }).sources).toEqual(names);
  expect(joinNames(["portos/blog/web"])).toBe("portos/blog/web");
  expect(readAddress({}).sources).toEqual([]);
});

test("what makes no sense is left out", () => {
  const address = readAddress({ at: "../etc", levels: "error,loud", regex: "yes" });
  expect(address).toMatchObject({ at: null, levels: ["error"], isRegex: false });
});

test("a search marks lines, or hides the others when asked to", () => {
  const marks = readAddress({ q: "x", levels: "warn" });
  expect(searchFilter(marks)).toEqual({ text: "x", isRegex: false, isCaseSensitive: false, levels: ["warn"] });
  expect(viewFilter(marks)).toMatchObject({ text: "", levels: ["warn"] });
  expect(viewFilter(readAddress({ q: "x", only: "1" }))).toMatchObject({ text: "x" });
  expect(viewFilter(readAddress({ q: "x" }))).toBeNull();
});

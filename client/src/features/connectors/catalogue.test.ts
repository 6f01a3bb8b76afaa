import { expect, test } from "vitest";

import { catalogueOf } from "./catalogue.ts";

const connector = (id: string, title: string, isBuiltIn: boolean, description = "") => ({
  id,
  title,
  description,
  isBuiltIn,
});
const all = [
  connector("a-own", "A service", false, "Tickets of the team"),
  connector("web-search", "Web search", true),
  connector("rss", "Feeds", true, "Reads RSS and Atom"),
];
const ids = (text: string) => {
  const { builtIn, own } = catalogueOf(all, text);
  return [builtIn.map(({ id }) => id), own.map(({ id }) => id)];
};

test("built-in connectors and one's own stand apart, each by name", () => {
  expect(ids("")).toEqual([["rss", "web-search"], ["a-own"]]);
});

test("every word has to be found, in whatever case, in name, id or description", () => {
  expect(ids("atom RSS")).toEqual([["rss"], []]);
  expect(ids(" tickets ")).toEqual([[], ["a-own"]]);
  expect(ids("atom tickets")).toEqual([[], []]);
});

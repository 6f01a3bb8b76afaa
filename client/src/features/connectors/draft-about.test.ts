import { expect, test } from "vitest";

import { draftAbout, moduleAbout, sheetAbout } from "./draft-about.ts";

const page = (pathname: string, search: Record<string, string> = {}) => ({ pathname, search });

test("forms on a connector's page are kept among its tabs, and nowhere else", () => {
  const { isKeptAt } = draftAbout("rss", "The policy of Feeds");
  expect(isKeptAt(page("/connectors/rss", { tab: "doctor" }))).toBe(true);
  expect(isKeptAt(page("/connectors"))).toBe(false);
  expect(isKeptAt(page("/connectors/s3"))).toBe(false);
});

test("forms in the sheet are kept while it is open", () => {
  const { isKeptAt } = sheetAbout("/connectors", "new", "The new connector");
  expect(isKeptAt(page("/connectors", { own: "new", call: "e1" }))).toBe(true);
  expect(isKeptAt(page("/connectors"))).toBe(false);
  expect(isKeptAt(page("/apps", { own: "new" }))).toBe(false);
});

test("a program is kept on its page and in its sheet", () => {
  const { isKeptAt } = moduleAbout("mine");
  expect([
    isKeptAt(page("/connectors/mine")),
    isKeptAt(page("/connectors", { module: "mine" })),
    isKeptAt(page("/connectors", { module: "other" })),
  ]).toEqual([true, true, false]);
});

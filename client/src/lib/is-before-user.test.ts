import { expect, it } from "vitest";

import { isBeforeUser } from "./is-before-user.ts";

it("takes for seen what is about the page that is open and looked at, and nothing else", () => {
  const shown = { pathname: "/agents/run-1", isVisible: true };
  expect(isBeforeUser("/agents/run-1", shown)).toBe(true);
  expect(isBeforeUser("/agents/run-1", { ...shown, isVisible: false })).toBe(false);
  expect(isBeforeUser("/agents/run-1/review", shown)).toBe(false);
  expect(isBeforeUser("/approvals?approval=1", { pathname: "/approvals", isVisible: true })).toBe(false);
  expect(isBeforeUser(null, shown)).toBe(false);
});

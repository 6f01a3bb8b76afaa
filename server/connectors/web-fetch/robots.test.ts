import { expect, test } from "vitest";

import { isAllowedByRobots } from "./robots.ts";

const robots = `
# a comment
User-agent: portos
User-agent: other
Disallow: /private   # with a comment
Allow: /private/open
Disallow: /*.pdf$
Disallow: /search*q=

User-Agent: *
Disallow: /
`;

test.each([
  ["/", true],
  ["/private", false],
  ["/private/x", false],
  ["/private/open/x", true],
  ["/a/b.pdf", false],
  ["/a/b.pdf?x", true],
  ["/search?q=1", false],
  ["/%70rivate", false],
])("%s for a program that is named: %s", (path, isAllowed) => {
  expect(isAllowedByRobots(robots, "PortOS", path)).toBe(isAllowed);
});

test("others get the rules for everybody, and those of no group may all", () => {
  expect(isAllowedByRobots(robots, "Stranger", "/x")).toBe(false);
  expect(isAllowedByRobots("User-agent: a\nDisallow: /", "PortOS", "/x")).toBe(true);
  expect(isAllowedByRobots("", "PortOS", "/x")).toBe(true);
  expect(isAllowedByRobots("<html>not found</html>", "PortOS", "/x")).toBe(true);
});

test("an empty rule forbids nothing, of two rules of the same length the allowing one wins", () => {
  expect(isAllowedByRobots("User-agent: *\nDisallow:", "PortOS", "/x")).toBe(true);
  expect(isAllowedByRobots("User-agent: *\nDisallow: /x\nAllow: /x", "PortOS", "/x")).toBe(true);
});

test("letters beyond ASCII are the same, escaped or not", () => {
  expect(isAllowedByRobots("User-agent: *\nDisallow: /für", "PortOS", "/f%c3%bcr/x")).toBe(false);
});

test("thousands of stars cost little", () => {
  const started = performance.now();
  isAllowedByRobots(`User-agent: *\nDisallow: /${"*a".repeat(100_000)}b$`, "PortOS", `/${"a".repeat(50_000)}`);
  expect(performance.now() - started).toBeLessThan(1_000);
});

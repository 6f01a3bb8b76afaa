import { expect, it } from "vitest";

import { lentText, noRights, readingRights, rightsKind, startRights } from "./rights-words.ts";

it("tells the offered choices apart, however they came about", () => {
  expect(rightsKind(null)).toBe("inherited");
  expect(rightsKind(noRights)).toBe("none");
  expect(rightsKind({ ...noRights, effects: ["read"] })).toBe("none");
  expect(rightsKind(readingRights)).toBe("reading");
  expect(rightsKind(startRights)).toBe("chosen");
  expect(rightsKind({ ...readingRights, connectors: [{ connector: "rss", operations: null }] })).toBe("chosen");
  expect(rightsKind({ ...readingRights, areas: ["apps"] })).toBe("chosen");
});

it("says what a run was lent, and nothing where nobody wrote it down", () => {
  expect(lentText(undefined)).toBeNull();
  expect(lentText(null)).toBe("no tools of PortOS");
  expect(lentText(startRights)).toBe("tools: uses every connector, asks before changes · sees apps, logs");
});

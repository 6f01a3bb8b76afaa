import { describe, expect, it } from "vitest";

import type { ReviewComment, ReviewFile, ReviewHunk } from "../../../../contract/features/reviews.ts";
import { linesOfHunk, placeOf, skippedBefore, strayComments } from "./diff-rows.ts";
import { filesInOrder, treeRows } from "./file-tree-rows.ts";
import { branchName } from "./review-calls.ts";
import { goingOn } from "./review-words.ts";
import { colourLines, languageOf, loadColours, partsByLine } from "./syntax-colours.ts";

const hunk = (change: Partial<ReviewHunk>): ReviewHunk => ({
  hash: "h",
  oldStart: 1,
  newStart: 1,
  heading: "",
  lines: [],
  isAccepted: false,
  ...change,
});

const file = (path: string): ReviewFile => ({
  path,
  formerPath: null,
  change: "changed",
  added: 1,
  removed: 0,
  isBinary: false,
  hash: path,
  isAccepted: false,
  note: null,
});

const comment = (id: string, change: Partial<ReviewComment>): ReviewComment => ({
  id,
  path: "a",
  side: "new",
  line: 13,
  lineText: "",
  isOutdated: false,
  text: "?",
  by: "me",
  at: "2026-11-21T08:00:00.000Z",
  sentAt: null,
  ...change,
});

describe("the lines of a hunk", () => {
  const rows = linesOfHunk(
    hunk({
      oldStart: 10,
      newStart: 12,
      lines: [" a", "-b\r", "+c\r", "+@@ -1 +1 @@", "-end", "\\ No newline at end of file", "+end"],
    }),
  );

  it("have their numbers in both files", () => {
    expect(rows.map(({ before, after }) => [before, after])).toEqual([
      [10, 12],
      [11, null],
      [null, 13],
      [null, 14],
      [12, null],
      [null, 15],
    ]);
    expect(rows.map(({ text }) => text)).toEqual(["a", "b", "c", "@@ -1 +1 @@", "end", "end"]);
    expect(rows.map(({ isUnended }) => isUnended)).toEqual([false, false, false, false, true, false]);
  });

  it("belong to the new file for comments, and to the old one when they are only there", () => {
    expect(rows.map(placeOf).slice(0, 3)).toEqual([
      { side: "new", line: 12 },
      { side: "old", line: 11 },
      { side: "new", line: 13 },
    ]);
  });

  it("leave comments on other lines, and on lines that are gone, to be shown apart", () => {
    const comments = [
      comment("here", {}),
      comment("old", { side: "old", line: 11 }),
      comment("far", { line: 99 }),
      comment("gone", { isOutdated: true }),
    ];
    expect(strayComments(comments, [rows]).map(({ id }) => id)).toEqual(["far", "gone"]);
  });

  it("say how many unchanged ones lie between", () => {
    const hunks = [hunk({ newStart: 5, lines: [" a", "+b", "-c", " d"] }), hunk({ newStart: 20, lines: ["+e"] })];
    expect([skippedBefore(hunks, 0), skippedBefore(hunks, 1)]).toEqual([4, 12]);
    expect(skippedBefore([hunk({ newStart: 0, lines: ["-a"] })], 0)).toBe(0);
  });
});

describe("the tree of files", () => {
  it("joins folders that hold nothing else, folders first", () => {
    const rows = treeRows(["z.ts", "src/app/deep/a.ts", "src/app/deep/b.ts", "docs/x.md", "docs/y/z.md"].map(file));
    expect(rows.map((row) => `${"  ".repeat(row.depth)}${row.name}`)).toEqual([
      "docs",
      "  y",
      "    z.md",
      "  x.md",
      "src/app/deep",
      "  a.ts",
      "  b.ts",
      "z.ts",
    ]);
  });

  it("gives every file once, names with odd signs too", () => {
    const paths = ["a b/c", "a\nb", "ü", "a/b"];
    expect(new Set(filesInOrder(paths.map(file)).map(({ path }) => path))).toEqual(new Set(paths));
  });
});

describe("syntax colours", () => {
  it("keep every sign of every line", async () => {
    const colour = await loadColours("typescript");
    const text = 'const a = `x ${b < 1 && "q" > \'r\'}`; /* one\n two */\n\n<div class="y">&amp;</div>';
    expect(
      colour(text)
        .map((parts) => parts.map((part) => part.text).join(""))
        .join("\n"),
    ).toBe(text);
    expect(colour(text)[1]?.[0]).toEqual({ text: " two */", kind: "comment" });
  });

  it("read the old and the new file each for itself", async () => {
    const rows = linesOfHunk(hunk({ lines: [" const a = 1;", "-/* open", "+const b = 2;", " c();"] }));
    const parts = colourLines(rows, await loadColours("javascript"));
    expect(parts.map((line) => line.map(({ text }) => text).join(""))).toEqual(rows.map(({ text }) => text));
    expect(parts[1]?.[0]?.kind).toBe("comment");
    expect(parts[2]?.[0]).toEqual({ text: "const", kind: "keyword" });
  });

  it("know languages by name, and no other", () => {
    expect(["a/b.TS", "Dockerfile", "x.yml", "noext", "a.unknown"].map(languageOf)).toEqual([
      "typescript",
      "dockerfile",
      "yaml",
      null,
      null,
    ]);
  });

  it("turn only the signs the library escapes back", () => {
    expect(partsByLine('<span class="hljs-string">&amp;lt; &lt;</span>&gt;')).toEqual([
      [
        { text: "&lt; <", kind: "string" },
        { text: ">", kind: null },
      ],
    ]);
  });
});

it("a branch is named after a title", () => {
  expect(["Fix the Login!", "--", "Über uns", "x".repeat(80)].map(branchName)).toEqual([
    "fix-the-login",
    "work",
    "u-ber-uns",
    "x".repeat(50),
  ]);
});

it("says that the agent asks something, not that it is at work", () => {
  expect(goingOn({ runState: "running" }, false)).toEqual({ status: "running", text: null, label: "Watch it" });
  expect(goingOn({ runState: "running" }, true)).toMatchObject({
    status: "waiting for you",
    text: "The agent asks you something before it goes on.",
    label: "Answer its question",
  });
  expect(goingOn({ runState: "succeeded" }, true)).toBeNull();
});

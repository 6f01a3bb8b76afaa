import { expect, test } from "vitest";

import type { SessionInfo } from "../../../../contract/internal/cos.ts";
import { longestPauseMs, parseCast } from "./cast.ts";
import { readChoices } from "./choice-hint.ts";
import { doubleTapMs, keySequence, tapSticky, withModifiers } from "./key-codes.ts";
import { addTab, pruneLayout, removeSession, sessionsOf, setRatio, splitPane, tabOf, type Layout } from "./layout.ts";
import { clipboardRequest, needsPasteQuestion, pastePreview } from "./paste.ts";
import { endText, sessionStatus, shortFolder } from "./session-text.ts";

const none = { hasCtrl: false, hasAlt: false };

test("splits keep their order, and a neighbour takes the place of who leaves", () => {
  let layout: Layout = addTab(addTab([], "a"), "b");
  layout = splitPane(layout, "a", "c", "row");
  layout = splitPane(layout, "c", "d", "column");
  expect(layout.map((tab) => sessionsOf(tab.root))).toEqual([["a", "c", "d"], ["b"]]);
  expect(tabOf(layout, "d")?.focused).toBe("d");
  layout = removeSession(layout, "d");
  expect(layout.map((tab) => [tab.focused, ...sessionsOf(tab.root)])).toEqual([
    ["a", "a", "c"],
    ["b", "b"],
  ]);
  expect(addTab(layout, "c")).toBe(layout);
  expect(removeSession(removeSession(layout, "a"), "c").map(({ id }) => id)).toEqual(["b"]);
});

test("borders move within limits, the one that was meant", () => {
  const [tab] = splitPane(splitPane(addTab([], "a"), "a", "b", "row"), "b", "c", "column");
  const root = setRatio(tab?.root ?? { kind: "pane", session: "" }, "2", 0.99);
  expect(root).toMatchObject({ ratio: 0.5, second: { ratio: 0.85 } });
  expect(setRatio(root, "", 0)).toMatchObject({ ratio: 0.15 });
});

test("a stored layout is taken for what is left of it", () => {
  const layout = splitPane(addTab([], "a"), "a", "b", "row");
  expect(pruneLayout(JSON.parse(JSON.stringify(layout)), new Set(["b"])).map(({ root }) => sessionsOf(root))).toEqual([
    ["b"],
  ]);
  for (const damaged of [null, "x", {}, [{ id: 1 }], [{ id: "a", focused: "a", root: { kind: "split" } }]])
    expect(pruneLayout(damaged, new Set(["a"]))).toEqual([]);
});

test("Ctrl and Alt: a tap for the next key, two taps to lock, one more to let go", () => {
  expect(tapSticky("off", Infinity)).toBe("next");
  expect(tapSticky("next", doubleTapMs)).toBe("locked");
  expect(tapSticky("next", doubleTapMs + 1)).toBe("off");
  expect(tapSticky("locked", 1)).toBe("off");
});

test("keys of the bar send what a keyboard would", () => {
  expect(keySequence("↑", none, false)).toBe("\x1b[A");
  expect(keySequence("↑", none, true)).toBe("\x1bOA");
  expect(keySequence("→", { hasCtrl: true, hasAlt: false }, true)).toBe("\x1b[1;5C");
  expect(keySequence("PgUp", none, false)).toBe("\x1b[5~");
  expect(keySequence("PgDn", { hasCtrl: false, hasAlt: true }, false)).toBe("\x1b[6;3~");
  expect(keySequence("Esc", none, false)).toBe("\x1b");
  expect(keySequence("^C", none, false)).toBe("\x03");
  expect(keySequence("|", none, false)).toBe("|");
  expect(withModifiers("c", { hasCtrl: true, hasAlt: false })).toBe("\x03");
  expect(withModifiers("[", { hasCtrl: true, hasAlt: false })).toBe("\x1b");
  expect(withModifiers("b", { hasCtrl: false, hasAlt: true })).toBe("\x1bb");
  expect(withModifiers("é", { hasCtrl: true, hasAlt: false })).toBe("é");
});

test.each([
  [["Proceed? [y/N] "], ["y\r", "n\r"]],
  [["Overwrite file (yes/no)?"], ["yes\r", "no\r"]],
  [["Save changes? (y/n/a)"], ["y\r", "n\r", "a\r"]],
  [
    ["Pick one:", " 1) apples", " 2) pears", "Your choice: "],
    ["1\r", "2\r"],
  ],
  [
    ["Do you want this?", "❯ 1. Yes", "  2. No, and say why", "Select an option?"],
    ["1\r", "2\r"],
  ],
  [["Level (1/2/3):"], ["1\r", "2\r", "3\r"]],
  [["$ "], []],
  [["1. first of a list", "2. second", "that is all."], []],
  [["usage: tool (file/folder)"], []],
])("%j offers %j", (lines, sent) => {
  expect(readChoices(lines).map(({ send }) => send)).toEqual(sent);
});

test("several lines are asked about, one is not", () => {
  expect(needsPasteQuestion("ls -l\n")).toBe(false);
  expect(needsPasteQuestion("cd /\nrm -rf x\n")).toBe(true);
  expect(needsPasteQuestion("a\rb")).toBe(true);
  expect(pastePreview(Array.from({ length: 9 }, (_, index) => `line ${String(index)}`).join("\n"))).toMatch(
    /line 5\n… and 3 more lines$/,
  );
});

test("programs may ask to write text to the clipboard, never to read it", () => {
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode("grüße")));
  expect(clipboardRequest(`c;${encoded}`)).toBe("grüße");
  expect(clipboardRequest("c;?")).toBeNull();
  expect(clipboardRequest("c;***")).toBeNull();
  expect(clipboardRequest(`c;${btoa("\xff\xfe")}`)).toBeNull();
});

test("long pauses of a recording are shortened, nothing else", () => {
  const cast = parseCast(
    ['{"version":2,"width":90,"height":30}', '[1,"o","a"]', '[61,"o","b"]', '[61.5,"r","80x24"]', ""].join("\n"),
  );
  expect(cast).toMatchObject({ cols: 90, rows: 30, durationMs: 1500 + longestPauseMs });
  expect(cast.events.map(({ atMs, kind }) => [atMs, kind])).toEqual([
    [1000, "output"],
    [1000 + longestPauseMs, "output"],
    [1500 + longestPauseMs, "size"],
  ]);
  expect(() => parseCast('{"version":1}')).toThrow("asciicast");
});

test("how a session ended is said in words", () => {
  const base = { state: "ended", problem: null, reason: "exited", signal: null, exitCode: 2 } as SessionInfo;
  expect(endText(base)).toBe("Ended with exit code 2.");
  expect(endText({ ...base, signal: "SIGKILL" })).toBe("Ended by SIGKILL.");
  expect(endText({ ...base, reason: "timeout" })).toContain("longer");
  expect(endText({ ...base, problem: "It is not there" })).toBe("It is not there");
  expect(sessionStatus(base)).toBe("failed");
  expect(sessionStatus({ ...base, exitCode: 0 })).toBe("succeeded");
  expect(sessionStatus({ ...base, reason: "killed" })).toBe("cancelled");
  expect(sessionStatus({ ...base, state: "interrupted" })).toBe("interrupted");
  expect(shortFolder("/home/ada/work")).toBe("~/work");
  expect(shortFolder("/homes/x")).toBe("/homes/x");
});

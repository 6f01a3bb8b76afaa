import { describe, expect, test } from "vitest";

import { createShortcutMatcher, describeKeyPress, shortcutKeys } from "./shortcuts.ts";

const press = (key: string, modifiers: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {}) =>
  describeKeyPress({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...modifiers });

describe("key presses", () => {
  test("⌘ and Ctrl are the same modifier", () => {
    expect(press("k", { ctrlKey: true })).toBe("mod+k");
    expect(press("k", { metaKey: true })).toBe("mod+k");
  });

  test("shift is named with letters and named keys, not with characters that need it", () => {
    expect(press("K", { ctrlKey: true, shiftKey: true })).toBe("mod+shift+k");
    expect(press("?", { shiftKey: true })).toBe("?");
    expect(press("Enter", { shiftKey: true })).toBe("shift+enter");
  });
});

describe("shortcut sequences", () => {
  const shortcuts = ["g a", "g h", "?", "mod+k"];

  test("a single key runs at once, a prefix waits for its second key", () => {
    const matcher = createShortcutMatcher(1000);
    expect(matcher.press("?", shortcuts, 0)).toEqual({ kind: "run", shortcut: "?" });
    expect(matcher.press("g", shortcuts, 10)).toEqual({ kind: "wait" });
    expect(matcher.press("a", shortcuts, 500)).toEqual({ kind: "run", shortcut: "g a" });
  });

  test("a second key that comes too late stands for itself", () => {
    const matcher = createShortcutMatcher(1000);
    matcher.press("g", shortcuts, 0);
    expect(matcher.press("a", shortcuts, 1001)).toEqual({ kind: "none" });
  });

  test("a wrong second key ends the sequence and may begin or be another shortcut", () => {
    const matcher = createShortcutMatcher(1000);
    matcher.press("g", shortcuts, 0);
    expect(matcher.press("?", shortcuts, 10)).toEqual({ kind: "run", shortcut: "?" });
    expect(matcher.press("h", shortcuts, 20)).toEqual({ kind: "none" });
  });
});

test("keys are shown as printed on the keyboard in use", () => {
  expect(shortcutKeys("mod+shift+k", true)).toEqual([["⌘", "⇧", "K"]]);
  expect(shortcutKeys("g a", false)).toEqual([["G"], ["A"]]);
});

/** The part of a keyboard event a shortcut looks at. */
export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** Name of a key press in the notation of shortcuts: "mod+k", "g", "?", "mod+shift+k". `mod` is ⌘ or Ctrl. */
export function describeKeyPress(press: KeyPress): string {
  const key = press.key === " " ? "space" : press.key.toLowerCase();
  const isLetter = /^[a-z]$/.test(key);
  const isNamed = key.length > 1;
  return [
    press.ctrlKey || press.metaKey ? "mod" : "",
    press.altKey ? "alt" : "",
    // A character such as "?" already says that shift is down.
    press.shiftKey && (isLetter || isNamed) ? "shift" : "",
    key,
  ]
    .filter((part) => part !== "")
    .join("+");
}

/** What a key press means for a set of shortcuts. */
export type ShortcutMatch = { kind: "run"; shortcut: string } | { kind: "wait" } | { kind: "none" };

export interface ShortcutMatcher {
  press(description: string, shortcuts: readonly string[], atMs: number): ShortcutMatch;
}

/** Follows sequences such as "g a"; the second key must come within `timeoutMs`. */
export function createShortcutMatcher(timeoutMs = 1200): ShortcutMatcher {
  let prefix = "";
  let prefixAtMs = 0;
  return {
    press: (description, shortcuts, atMs) => {
      const isFresh = prefix !== "" && atMs - prefixAtMs <= timeoutMs;
      const candidates = isFresh ? [`${prefix} ${description}`, description] : [description];
      prefix = "";
      for (const candidate of candidates) {
        if (shortcuts.includes(candidate)) return { kind: "run", shortcut: candidate };
        if (shortcuts.some((shortcut) => shortcut.startsWith(`${candidate} `))) {
          prefix = candidate;
          prefixAtMs = atMs;
          return { kind: "wait" };
        }
      }
      return { kind: "none" };
    },
  };
}

const symbols: Record<string, string> = { enter: "↵", escape: "Esc", arrowup: "↑", arrowdown: "↓", space: "Space" };

/** Keys of a shortcut as shown to the user, one list per step: "mod+k" → [["⌘", "K"]] on a Mac. */
export function shortcutKeys(shortcut: string, isMac: boolean): string[][] {
  const names: Record<string, string> = isMac
    ? { mod: "⌘", alt: "⌥", shift: "⇧" }
    : { mod: "Ctrl", alt: "Alt", shift: "Shift" };
  return shortcut
    .split(" ")
    .map((step) =>
      step.split("+").map((key) => names[key] ?? symbols[key] ?? (key.length === 1 ? key.toUpperCase() : key)),
    );
}

import { useEffect } from "react";

import { actionRegistry } from "../lib/actions.ts";
import { createShortcutMatcher, describeKeyPress } from "../lib/shortcuts.ts";

/** The one chord that is ours inside a terminal; everything else belongs to the program in it. */
export const escapeChord = "mod+shift+k";

/**
 * Runs registered actions by their shortcut. While the user types in a field only chords with `mod` count; inside an
 * element marked `data-keys="captured"` (a terminal) only the escape chord does.
 */
export function useShortcuts(): void {
  useEffect(() => {
    const matcher = createShortcutMatcher();
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing || ["Control", "Meta", "Shift", "Alt"].includes(event.key))
        return;
      const press = describeKeyPress(event);
      if (!mayHandle(event.target, press)) return;
      const actions = actionRegistry.all();
      const shortcuts = actions.flatMap((action) => (action.shortcut === undefined ? [] : [action.shortcut]));
      const match = matcher.press(press, shortcuts, event.timeStamp);
      if (match.kind === "none") return;
      event.preventDefault();
      if (match.kind === "run") void actions.findLast((action) => action.shortcut === match.shortcut)?.run();
    };
    addEventListener("keydown", onKeyDown);
    return () => {
      removeEventListener("keydown", onKeyDown);
    };
  }, []);
}

function mayHandle(target: EventTarget | null, press: string): boolean {
  if (!(target instanceof Element)) return true;
  if (target.closest('[data-keys="captured"]') !== null) return press === escapeChord;
  const isField = target.closest("input, textarea, select, [contenteditable=true], [role=dialog], [popover]") !== null;
  return !isField || (press.startsWith("mod+") && target.closest("[role=dialog]") === null);
}

import { shortcutKeys } from "../lib/shortcuts.ts";
import classes from "./key-hint.module.css";

/** True on machines whose command key is ⌘. */
export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Keys of a shortcut, as printed on the keyboard in front of the user. */
export function KeyHint({ shortcut }: { shortcut: string }) {
  return (
    <span className={classes["hint"]}>
      {shortcutKeys(shortcut, isMac).map((step, index) => (
        <span key={index} className={classes["step"]}>
          {step.map((key) => (
            <kbd key={key} className={classes["key"]}>
              {key}
            </kbd>
          ))}
        </span>
      ))}
    </span>
  );
}

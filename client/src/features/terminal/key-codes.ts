/** Ctrl or Alt of the key bar: off, for the next key, or until it is switched off. */
export type StickyState = "off" | "next" | "locked";

/** Time within which a second tap locks. */
export const doubleTapMs = 400;

/** What a tap on Ctrl or Alt leads to. */
export function tapSticky(state: StickyState, sinceLastTapMs: number): StickyState {
  if (state === "locked") return "off";
  if (state === "next") return sinceLastTapMs <= doubleTapMs ? "locked" : "off";
  return "next";
}

/** Keys of the bar above a phone's keyboard, in their two rows. */
export const keyRows = [
  ["Esc", "Tab", "Ctrl", "Alt", "↑", "↓", "←", "→"],
  ["|", "/", "~", "-", "Home", "End", "PgUp", "PgDn", "^C"],
] as const;
export type BarKey = (typeof keyRows)[number][number];

/** Keys that repeat while they are held. */
export const repeatingKeys: ReadonlySet<BarKey> = new Set<BarKey>(["↑", "↓", "←", "→"]);

const arrows: Partial<Record<BarKey, string>> = { "↑": "A", "↓": "B", "→": "C", "←": "D", Home: "H", End: "F" };
const tilde: Partial<Record<BarKey, string>> = { PgUp: "5", PgDn: "6" };
const plain: Partial<Record<BarKey, string>> = { Esc: "\x1b", Tab: "\t", "^C": "\x03" };

export interface Modifiers {
  hasCtrl: boolean;
  hasAlt: boolean;
}

/** What a key of the bar sends; `isApplicationMode` is the cursor key mode of the program. Source: xterm control sequences. */
export function keySequence(key: BarKey, { hasCtrl, hasAlt }: Modifiers, isApplicationMode: boolean): string {
  const modifier = 1 + (hasAlt ? 2 : 0) + (hasCtrl ? 4 : 0);
  const arrow = arrows[key];
  if (arrow !== undefined) {
    if (modifier > 1) return `\x1b[1;${String(modifier)}${arrow}`;
    return `\x1b${isApplicationMode ? "O" : "["}${arrow}`;
  }
  const number = tilde[key];
  if (number !== undefined) return modifier > 1 ? `\x1b[${number};${String(modifier)}~` : `\x1b[${number}~`;
  const sequence = plain[key];
  return sequence === undefined ? withModifiers(key, { hasCtrl, hasAlt }) : `${hasAlt ? "\x1b" : ""}${sequence}`;
}

/** Typed text with the sticky keys applied: Ctrl turns the first character into a control character, Alt puts Esc before it. */
export function withModifiers(text: string, { hasCtrl, hasAlt }: Modifiers): string {
  let result = text;
  if (hasCtrl && text.length > 0) result = `${controlCharacter(text.charAt(0))}${text.slice(1)}`;
  return hasAlt ? `\x1b${result}` : result;
}

function controlCharacter(character: string): string {
  if (character === " ") return "\0";
  if (character === "?") return "\x7f";
  if (character === "/" || character === "-") return "\x1f";
  const code = character.toUpperCase().codePointAt(0) ?? 0;
  return code >= 0x40 && code <= 0x5f ? String.fromCodePoint(code & 0x1f) : character;
}

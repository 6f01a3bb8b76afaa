/**
 * What shows nothing, or turns the direction of what stands around it: marks of direction, what has no width, fillers, controls, lone
 * halves of characters.
 */
const hidden =
  /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Surrogate}\u2028\u2029\u2800\ufff9-\ufffb]|(?![\t\n])\p{Cc}/gu;
/** Joins one picture of several, or says that it is one. */
const joining =
  /(?<=\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)(?:\ufe0f|\u200d(?=\p{Extended_Pictographic}))/gu;
const keepers = ["\ufe0f", "\u200d"];

/** As it is read where somebody decides by it: what would not be seen stands there by its number, such as ⟨U+202E⟩. */
export function visibleText(text: string): string {
  hidden.lastIndex = 0;
  if (!hidden.test(text)) return text;
  const kept = new Set(Array.from(text.matchAll(joining), ({ index }) => index));
  return text
    .replaceAll("\r\n", "\n")
    .replace(hidden, (sign, at: number) => (keepers.includes(sign) && kept.has(at) ? sign : markOf(sign)));
}

/** The same of JSON text, in which a sign may stand as an escape. */
export function visibleJson(text: string): string {
  // Two backslashes are one that is meant, and no beginning of an escape.
  return visibleText(text).replace(/\\(?:\\|u([0-9a-f]{4}))/gi, (escape, digits: string | undefined) => {
    if (digits === undefined) return escape;
    const sign = String.fromCharCode(Number.parseInt(digits, 16));
    return hasHidden(sign) ? markOf(sign) : escape;
  });
}

/** Whether something in it would not be seen. */
export function hasHidden(text: string): boolean {
  return visibleText(text) !== text;
}

function markOf(sign: string): string {
  return `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** Output as far as it is shown. */
export interface ShownOutput {
  readonly text: string;
  /** The beginning was left out to keep the page light. */
  readonly isCut: boolean;
  readonly isComplete: boolean;
}

const maxCharacters = 400_000;

/** Nothing read yet. */
export const emptyOutput: ShownOutput = { text: "", isCut: false, isComplete: false };

/** Adds a part; of very long output only the end is kept, from a whole line on. */
export function appendOutput(shown: ShownOutput, part: { text: string; isComplete: boolean }): ShownOutput {
  const text = shown.text + part.text;
  if (text.length <= maxCharacters) return { ...shown, text, isComplete: part.isComplete };
  const end = text.slice(-maxCharacters);
  return { text: end.slice(end.indexOf("\n") + 1), isCut: true, isComplete: part.isComplete };
}

const code = (value: number): string => `\\u${value.toString(16).padStart(4, "0")}`;
const [escape, bell] = [code(27), code(7)];
const escapes = new RegExp(
  `${escape}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\)?|[@-Z\\\\-_])`,
  "g",
);
const rewrites = new RegExp("^.*\\r(?!$)", "gm");
/** Everything below the space but tab and line feed. */
const controls = new RegExp(`[${code(0)}-${code(8)}${code(11)}-${code(31)}${code(127)}]`, "g");

/** What a person reads: without colours and other control sequences, progress lines in their last state. */
export function cleanOutput(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(escapes, "").replace(rewrites, "").replace(controls, "");
}

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

/** Some text without control characters, or one line with them. */
export interface OutputPart {
  readonly text: string;
  readonly isPlain: boolean;
}

/** Everything below the space but tab and line feed, which only a terminal would understand. */
const control = /[^\P{Cc}\t\n]/u;

/** The output in pieces: all that needs no terminal to be read together, each other line by itself. */
export function outputParts(text: string): OutputPart[] {
  if (!control.test(text)) return text === "" ? [] : [{ text, isPlain: true }];
  const parts: OutputPart[] = [];
  let plain = "";
  for (const line of text.replaceAll("\r\n", "\n").split(/(?<=\n)/)) {
    if (!control.test(line)) {
      plain += line;
      continue;
    }
    if (plain !== "") parts.push({ text: plain, isPlain: true });
    plain = line.endsWith("\n") ? "\n" : "";
    parts.push({ text: line.replace("\n", ""), isPlain: false });
  }
  return plain === "" ? parts : [...parts, { text: plain, isPlain: true }];
}

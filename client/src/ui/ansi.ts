/** A colour as a program asked for it: one of the sixteen named ones, or a mixture "r,g,b". */
export type AnsiColor = number | string;

/** How a piece of text is to look. */
export interface AnsiStyle {
  readonly color?: AnsiColor | undefined;
  readonly background?: AnsiColor | undefined;
  readonly isBold?: boolean;
  readonly isDim?: boolean;
  readonly isItalic?: boolean;
  readonly isUnderlined?: boolean;
  readonly isStruck?: boolean;
  readonly isInverse?: boolean;
}

/** A run of text of one style. */
export interface AnsiSpan {
  readonly text: string;
  readonly style: AnsiStyle;
}

const plain: AnsiStyle = {};

const escapes = new RegExp(
  [
    "\\u001b\\[([0-?]*)[ -/]*([@-~])",
    "\\u009b([0-?]*)[ -/]*([@-~])",
    "\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?",
    "\\u001b[PX^_][^\\u001b]*(?:\\u001b\\\\)?",
    "\\u001b[ -/]*[0-OQ-WYZ\\\\`-~]",
  ].join("|"),
  "g",
);
const control = /\p{Cc}/u;
const controls = /\p{Cc}/gu;
/** Sequences that move the cursor within the line or erase part of it. */
const moves = /\[[0-9;]*[CDGK]/;

function isRedrawn(line: string): boolean {
  return line.includes("\r") || line.includes("\b") || moves.test(line);
}

/** Text without control characters, but for those a line is laid out by. */
function shownText(text: string): string {
  return control.test(text) ? text.replace(controls, (one) => ("\t\r\b".includes(one) ? one : "")) : text;
}

/**
 * A line as a terminal would leave it on the screen: colours and styles as spans, carriage returns, backspaces and
 * erasing carried out. Everything else a program may send (titles, cursor jumps) is left out.
 */
export function parseAnsi(line: string): AnsiSpan[] {
  if (!control.test(line)) return line === "" ? [] : [{ text: line, style: plain }];
  return isRedrawn(line) ? parseRedrawn(line) : parseStyled(line);
}

/** The text of a line as it is shown. */
export function plainText(line: string): string {
  return parseAnsi(line)
    .map(({ text }) => text)
    .join("");
}

interface Piece {
  text: string;
  /** Parameters and final letter of a control sequence. */
  command: { parameters: string; letter: string } | null;
}

function* pieces(line: string): Generator<Piece> {
  let from = 0;
  for (const match of line.matchAll(escapes)) {
    const text = line.slice(from, match.index);
    from = match.index + match[0].length;
    const letter = match[2] ?? match[4];
    const command = letter === undefined ? null : { parameters: match[1] ?? match[3] ?? "", letter };
    yield { text, command };
  }
  yield { text: line.slice(from), command: null };
}

function parseStyled(line: string): AnsiSpan[] {
  const spans: AnsiSpan[] = [];
  let style = plain;
  for (const { text, command } of pieces(line)) {
    const shown = shownText(text);
    if (shown !== "") push(spans, shown, style);
    if (command?.letter === "m") style = withCodes(style, command.parameters);
  }
  return spans;
}

function push(spans: AnsiSpan[], text: string, style: AnsiStyle): void {
  const last = spans.at(-1);
  if (last?.style === style) spans[spans.length - 1] = { text: last.text + text, style };
  else spans.push({ text, style });
}

interface Cell {
  character: string;
  style: AnsiStyle;
}

const maxColumns = 20_000;

function parseRedrawn(line: string): AnsiSpan[] {
  const cells: Cell[] = [];
  let column = 0;
  let style = plain;
  for (const { text, command } of pieces(line)) {
    for (const character of shownText(text)) {
      if (character === "\r") column = 0;
      else if (character === "\b") column = Math.max(0, column - 1);
      else {
        while (cells.length < column) cells.push({ character: " ", style: plain });
        cells[column] = { character, style };
        column = Math.min(maxColumns, column + 1);
      }
    }
    if (command?.letter === "m") style = withCodes(style, command.parameters);
    else if (command) column = moved(cells, column, command);
  }
  const spans: AnsiSpan[] = [];
  for (const cell of cells) push(spans, cell.character, cell.style);
  return spans;
}

function moved(cells: Cell[], column: number, { parameters, letter }: { parameters: string; letter: string }): number {
  const count = Number.parseInt(parameters, 10);
  const steps = Number.isNaN(count) ? 1 : count;
  if (letter === "G") return Math.min(maxColumns, Math.max(0, steps - 1));
  if (letter === "C") return Math.min(maxColumns, column + steps);
  if (letter === "D") return Math.max(0, column - steps);
  if (letter !== "K") return column;
  if (count === 2) cells.length = 0;
  else if (count === 1) cells.splice(0, column + 1, ...blanks(Math.min(cells.length, column + 1)));
  else cells.length = Math.min(cells.length, column);
  return column;
}

function blanks(count: number): Cell[] {
  return Array.from({ length: count }, () => ({ character: " ", style: plain }));
}

/** The style after a "select graphic rendition" sequence (ECMA-48, section 8.3.117). */
function withCodes(style: AnsiStyle, parameters: string): AnsiStyle {
  const codes = parameters.split(/[;:]/).map((code) => (code === "" ? 0 : Number(code)));
  let next: AnsiStyle = style;
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const { color, used } = extendedColor(codes.slice(at + 1));
      at += used;
      if (color !== undefined) next = code === 38 ? { ...next, color } : { ...next, background: color };
    } else {
      next = withCode(next, code);
    }
  }
  return next;
}

function withCode(style: AnsiStyle, code: number): AnsiStyle {
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  switch (code) {
    case 0:
      return plain;
    case 1:
      return { ...style, isBold: true };
    case 2:
      return { ...style, isDim: true };
    case 3:
      return { ...style, isItalic: true };
    case 4:
    case 21:
      return { ...style, isUnderlined: true };
    case 7:
      return { ...style, isInverse: true };
    case 9:
      return { ...style, isStruck: true };
    case 22:
      return { ...style, isBold: false, isDim: false };
    case 23:
      return { ...style, isItalic: false };
    case 24:
      return { ...style, isUnderlined: false };
    case 27:
      return { ...style, isInverse: false };
    case 29:
      return { ...style, isStruck: false };
    case 39:
      return { ...style, color: undefined };
    case 49:
      return { ...style, background: undefined };
    default:
      return style;
  }
}

function extendedColor([kind, ...rest]: number[]): { color?: AnsiColor; used: number } {
  if (kind === 5) return { color: indexedColor(rest[0] ?? 0), used: 2 };
  if (kind !== 2) return { used: kind === undefined ? 0 : 1 };
  const [red = 0, green = 0, blue = 0] = rest.map((part) => Math.min(255, Math.max(0, part)));
  return { color: `${String(red)},${String(green)},${String(blue)}`, used: 4 };
}

/** One of 256: the sixteen named ones, a cube of 6 × 6 × 6, and 24 greys. */
function indexedColor(index: number): AnsiColor {
  if (index < 16) return index;
  if (index >= 232) {
    const grey = String(8 + (Math.min(255, index) - 232) * 10);
    return `${grey},${grey},${grey}`;
  }
  const cube = index - 16;
  return `${level(Math.floor(cube / 36))},${level(Math.floor(cube / 6) % 6)},${level(cube % 6)}`;
}

function level(step: number): string {
  return String(step === 0 ? 0 : 55 + step * 40);
}

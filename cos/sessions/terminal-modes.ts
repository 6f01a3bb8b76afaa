import { createEscapeScanner, type ScannerState } from "./escape-scanner.ts";

/** What outlives the text on a terminal: modes, colours, margins, character sets, title. */
export interface TerminalModes {
  scan(bytes: Uint8Array): void;
  /** Whether a full-screen program is showing its own screen. */
  readonly isAlternate: boolean;
  /** A change of size takes the margins away. */
  resized(): void;
  /** Sequences that bring a fresh terminal to this state before any text is written. */
  base(): string;
  /** Sequences to add after the text of a repaint, which carries colours and the cursor itself. */
  afterText(): string;
  copy(): TerminalModes;
}

interface ModeState {
  isAlternate: boolean;
  modes: Map<string, string>;
  margins: string;
  graphics: string[];
}

const alternateModes = new Set(["47", "1047", "1049"]);
const maxGraphics = 32;
const softReset = ["?1", "?6", "?7", "?25", "4", "G(", "G)", "keypad"];

/** Follows the modes of a terminal by its output alone. */
export function createTerminalModes(from?: ModeState, scannerState?: ScannerState): TerminalModes {
  const state: ModeState = from ?? { isAlternate: false, modes: new Map(), margins: "", graphics: [] };
  /** Places of colours in the bytes being scanned; only the last ones since a reset count. */
  const places = new Uint32Array(2 * maxGraphics);
  let placeCount = 0;
  let current: Uint8Array = new Uint8Array(0);
  const scanner = createEscapeScanner(
    (kind, body) => {
      takePlaces();
      if (kind === "csi") takeCsi(state, body);
      else if (kind === "esc") takeShort(state, body);
      else takeOsc(state, body);
    },
    {
      ...(scannerState ? { from: scannerState } : {}),
      onGraphics: (start, end) => {
        const first = current[start];
        const isReset = first === 0x6d || (first === 0x30 && end - start === 2);
        if (isReset) {
          placeCount = 0;
          if (state.graphics.length > 0) state.graphics = [];
          return;
        }
        if (placeCount === places.length) {
          places.copyWithin(0, 2);
          placeCount -= 2;
        }
        places[placeCount] = start;
        places[placeCount + 1] = end;
        placeCount += 2;
      },
    },
  );

  function takePlaces(): void {
    for (let index = 0; index < placeCount; index += 2)
      takeCsi(state, Buffer.from(current.subarray(places[index], places[index + 1])).toString("latin1"));
    placeCount = 0;
  }

  function modeText(): string {
    return [...state.modes.values()].join("");
  }

  return {
    scan: (bytes) => {
      current = bytes;
      scanner.scan(bytes);
      takePlaces();
      current = new Uint8Array(0);
    },
    get isAlternate() {
      return state.isAlternate;
    },
    resized: () => {
      state.margins = "";
    },
    base: () =>
      (state.isAlternate ? "\x1b[?1049h" : "") +
      (state.margins === "" ? "" : `\x1b7${state.margins}\x1b8`) +
      modeText() +
      state.graphics.map((graphics) => `\x1b[${graphics}`).join(""),
    afterText: () => {
      // Margins and origin mode send the cursor home; saving it costs a pending line wrap, so only then.
      const movesCursor = state.margins !== "" || state.modes.has("?6");
      return movesCursor ? `\x1b7${state.margins}${modeText()}\x1b8` : modeText();
    },
    copy: () =>
      createTerminalModes({ ...state, modes: new Map(state.modes), graphics: [...state.graphics] }, scanner.save()),
  };
}

function set(state: ModeState, key: string, sequence: string): void {
  state.modes.delete(key); // the order of the last changes is kept
  state.modes.set(key, sequence);
}

function reset(state: ModeState): void {
  state.isAlternate = false;
  state.modes.clear();
  state.margins = "";
  state.graphics = [];
}

function takeShort(state: ModeState, body: string): void {
  if (body === "c") reset(state);
  else if (body === "=" || body === ">") set(state, "keypad", `\x1b${body}`);
  else if (/^[()][0-9A-Z]$/.test(body)) set(state, `G${body.charAt(0)}`, `\x1b${body}`);
}

function takeCsi(state: ModeState, body: string): void {
  const final = body.at(-1);
  if (final === "m" && /^[\d;:]*m$/.test(body)) takeGraphics(state, body);
  else if (final === "h" || final === "l") takeMode(state, body.slice(0, -1), final);
  else if (final === "r" && /^[\d;]*r$/.test(body)) state.margins = `\x1b[${body}`;
  else if (body.endsWith(" q")) set(state, "cursor", `\x1b[${body}`);
  else if (body === "!p") {
    for (const key of softReset) state.modes.delete(key);
    state.margins = "";
    state.graphics = [];
  }
}

function takeGraphics(state: ModeState, body: string): void {
  if (body === "m" || body === "0m" || body.startsWith("0;")) state.graphics = [];
  if (body === "m" || body === "0m") return;
  state.graphics.push(body);
  if (state.graphics.length > maxGraphics) state.graphics.shift();
}

function takeMode(state: ModeState, parameters: string, final: "h" | "l"): void {
  const prefix = parameters.startsWith("?") ? "?" : "";
  if (!/^\??[\d;]+$/.test(parameters)) return;
  for (const mode of parameters.slice(prefix.length).split(";")) {
    if (prefix === "?" && alternateModes.has(mode)) state.isAlternate = final === "h";
    else set(state, prefix + mode, `\x1b[${prefix}${mode}${final}`);
  }
}

function takeOsc(state: ModeState, body: string): void {
  const code = /^(\d{1,3})(?:;|$)/.exec(body)?.[1];
  if (code === undefined) return;
  const sequence = `\x1b]${body}\x1b\\`;
  if (code === "0" || code === "2") set(state, "title", sequence);
  else if (code === "4") set(state, `palette${body.split(";")[1] ?? ""}`, sequence);
  else if (code === "10" || code === "11" || code === "12") {
    if (!body.includes("?")) set(state, `colour${code}`, sequence);
  } else if (code === "104") {
    for (const key of state.modes.keys()) if (key.startsWith("palette")) state.modes.delete(key);
  } else if (code === "110" || code === "111" || code === "112") state.modes.delete(`colour${code.replace("1", "")}`);
}

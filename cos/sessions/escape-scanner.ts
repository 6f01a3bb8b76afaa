/** What a terminal sequence is: `csi` ESC [, `esc` a short one, `osc` ESC ], each without its introducer and terminator. */
export type SequenceKind = "csi" | "esc" | "osc";

export interface EscapeScanner {
  /** Reads the next bytes of the stream; sequences may be split anywhere. */
  scan(bytes: Uint8Array): void;
  /** Where it stands inside a sequence, to go on from in another scanner. */
  save(): ScannerState;
}

export interface ScannerState {
  state: "ground" | "escape" | "short" | "csi" | "osc" | "string" | "stringEnd";
  kept: number[];
  isTooLong: boolean;
}

const maxShortBytes = 256;
const oscIntroducer = Buffer.from([0x1b, 0x5d]);

/**
 * Finds escape sequences in a stream of terminal output and leaves everything else unread. Longer ones than
 * `maxOscBytes` (OSC) or 256 bytes (others) are passed over. Source: ECMA-48, xterm control sequences.
 */
export function createEscapeScanner(
  onSequence: (kind: SequenceKind, body: string) => void,
  options: {
    maxOscBytes?: number;
    isOscOnly?: boolean;
    from?: ScannerState;
    /**
     * Takes colours and attributes, by far the most frequent sequences, as places in the bytes given to `scan`: from
     * the first parameter to the final "m". Those split between two pieces come as `csi`.
     */
    onGraphics?: (start: number, end: number) => void;
    /** The bell rang in text, once or more often since the last sequence. */
    onBell?: () => void;
  } = {},
): EscapeScanner {
  const { maxOscBytes = 8192, isOscOnly = false, onGraphics, onBell } = options;
  const bells = onBell ? createBellFinder(onBell) : null;
  let state: ScannerState["state"] = options.from?.state ?? "ground";
  let kept: number[] = [...(options.from?.kept ?? [])];
  let isTooLong = options.from?.isTooLong ?? false;

  function begin(next: ScannerState["state"]): void {
    state = next;
    kept = [];
    isTooLong = false;
  }

  function keep(byte: number, limit: number): void {
    if (kept.length < limit) kept.push(byte);
    else isTooLong = true;
  }

  function finish(kind: SequenceKind): void {
    state = "ground";
    if (!isTooLong && (kind === "osc" || !isOscOnly)) onSequence(kind, Buffer.from(kept).toString("utf8"));
    kept = [];
  }

  function afterEscape(byte: number): void {
    if (byte === 0x5b) begin("csi");
    else if (byte === 0x5d) begin("osc");
    else if (byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f) begin("string");
    else if (byte >= 0x20 && byte <= 0x2f) {
      begin("short");
      keep(byte, maxShortBytes);
    } else if (byte >= 0x30 && byte <= 0x7e) {
      begin("short");
      keep(byte, maxShortBytes);
      finish("esc");
    } else if (byte !== 0x1b) state = "ground";
  }

  function take(byte: number): void {
    if (byte === 0x18 || byte === 0x1a) {
      state = "ground";
      return;
    }
    switch (state) {
      case "escape":
        afterEscape(byte);
        break;
      case "stringEnd":
        if (byte === 0x5c) state = "ground";
        else afterEscape(byte);
        break;
      case "string":
        if (byte === 0x1b) state = "stringEnd";
        break;
      case "osc":
        if (byte === 0x07) finish("osc");
        else if (byte === 0x1b) {
          finish("osc");
          state = "escape"; // the backslash of the terminator is then read as a short sequence nobody wants
        } else keep(byte, maxOscBytes);
        break;
      case "csi":
      case "short":
        takeShort(byte, state === "csi" ? "csi" : "esc");
        break;
      case "ground":
        break;
    }
  }

  function takeShort(byte: number, kind: "csi" | "esc"): void {
    if (byte === 0x1b) {
      state = "escape";
      return;
    }
    if (byte < 0x20) return;
    keep(byte, maxShortBytes);
    const isFinal = kind === "csi" ? byte >= 0x40 && byte <= 0x7e : byte >= 0x30 && byte <= 0x7e;
    if (isFinal) finish(kind);
  }

  /** Passes whole colours at `start` without looking at each byte again; -1 when it is something else, or not whole. */
  function passGraphics(bytes: Uint8Array, start: number): number {
    let index = start;
    let byte = bytes[index] ?? 0;
    while (byte >= 0x20 && byte <= 0x3f) {
      index += 1;
      byte = bytes[index] ?? 0;
    }
    if (byte !== 0x6d || !onGraphics) return -1;
    onGraphics(start, index + 1);
    return index + 1;
  }

  /** Goes to the byte after the next ESC that matters, or past the end; called on the ground only. */
  function passText(bytes: Uint8Array, start: number): number {
    const escape = isOscOnly ? nextOsc(bytes, start) : bytes.indexOf(0x1b, start);
    bells?.look(bytes, start, escape < 0 ? bytes.length : escape);
    if (escape < 0) return bytes.length;
    const end = bytes[escape + 1] === 0x5b ? passGraphics(bytes, escape + 2) : -1;
    if (end >= 0) return end;
    state = "escape";
    return escape + 1;
  }

  return {
    save: () => ({ state, kept: [...kept], isTooLong }),
    scan(bytes) {
      let index = 0;
      bells?.begin();
      while (index < bytes.length) {
        if (state === "ground") {
          index = passText(bytes, index);
        } else {
          take(bytes[index] ?? 0);
          index += 1;
        }
      }
    },
  };
}

/** Finds bells in the text between sequences; each byte of a piece is looked at once, however many sequences it holds. */
function createBellFinder(onBell: () => void) {
  let next = -1;
  return {
    /** Another piece follows. */
    begin(): void {
      next = -1;
    },
    look(bytes: Uint8Array, start: number, end: number): void {
      if (next < start) {
        const found = bytes.indexOf(0x07, start);
        next = found < 0 ? Number.POSITIVE_INFINITY : found;
      }
      if (next < end) onBell();
    },
  };
}

/**
 * ESC interrupts every sequence, so ESC ] begins an OSC wherever it stands. Where none follows, only what the last ESC
 * begins can still matter: the next piece may go on with it.
 */
function nextOsc(bytes: Uint8Array, start: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = buffer.indexOf(oscIntroducer, start);
  if (found >= 0) return found;
  const last = buffer.lastIndexOf(0x1b);
  return last < start ? -1 : last;
}

import type { OutputRing } from "./output-ring.ts";
import { createTerminalModes } from "./terminal-modes.ts";

/** The part of a headless terminal a screen uses; the real one is `@xterm/headless` with its serialize add-on. */
export interface ScreenTerminal {
  write(data: Uint8Array | string, done?: () => void): void;
  resize(cols: number, rows: number): void;
  serialize(): string;
  dispose(): void;
}

export type OpenScreenTerminal = (size: { cols: number; rows: number; convertEol: boolean }) => Promise<ScreenTerminal>;

export interface Repaint {
  /** Number of the byte that follows what is painted. */
  offset: number;
  cols: number;
  rows: number;
  data: Buffer;
}

/** What the terminal shows, worked out only when somebody asks. */
export interface Screen {
  /** To be called before bytes go into the ring: what would be lost is read now. */
  beforeAppend(length: number): void;
  resize(cols: number, rows: number): void;
  /** Everything a reset terminal needs to look exactly like this one. */
  repaint(): Promise<Repaint>;
  /** True while a full-screen program writes faster than its screen can be worked out: hold the program back. */
  readonly isBehind: boolean;
  /** Called when `isBehind` becomes false. */
  onCaughtUp: () => void;
  dispose(): void;
}

export interface ScreenOptions {
  ring: OutputRing;
  cols: number;
  rows: number;
  convertEol: boolean;
  openTerminal: OpenScreenTerminal;
  /** Bytes that may wait before plain text is passed over or a full-screen program is followed. */
  maxWaitingBytes?: number;
  /** Bytes of text that are kept when plain text is passed over: far more than the scrollback shows. */
  keptBytes?: number;
}

const sliceBytes = 131_072;
const maxBehindBytes = 1_048_576;

/**
 * Keeps a headless terminal behind the ring without paying for it: nothing is parsed until a repaint is asked for. Text
 * that scrolled by faster than that is passed over, its modes and colours being carried on; on the alternate screen,
 * where old output stays visible, everything is parsed.
 */
export function createScreen(options: ScreenOptions): Screen {
  const { ring, openTerminal, convertEol, maxWaitingBytes = 1_048_576, keptBytes = 393_216 } = options;
  let size = { cols: options.cols, rows: options.rows };
  let fedSize = size;
  const sizeChanges: { offset: number; cols: number; rows: number }[] = [];
  let modes = createTerminalModes();
  let fedTo = ring.end;
  let terminal: ScreenTerminal | null = null;
  let opening: Promise<ScreenTerminal> | null = null;
  let isStale = false;
  let work: Promise<unknown> = Promise.resolve();
  let waitingBytes = 0;
  let isDisposed = false;

  async function ensureTerminal(at: { cols: number; rows: number }): Promise<ScreenTerminal> {
    if (terminal) return terminal;
    opening ??= openTerminal({ ...at, convertEol });
    terminal = await opening;
    opening = null;
    return terminal;
  }

  /** Puts bytes that are still in the ring into the queue of the headless terminal. */
  function queueBytes(until: number): void {
    if (isStale) startAnew();
    while (fedTo < until || (sizeChanges[0]?.offset ?? Infinity) <= fedTo) {
      const change = sizeChanges[0];
      if (change && change.offset <= fedTo) {
        takeSizeChange();
        queueResize(fedSize);
        continue;
      }
      const end = Math.min(until, change?.offset ?? until, fedTo + sliceBytes);
      const bytes = ring.read(fedTo, end - fedTo);
      modes.scan(bytes);
      fedTo = end;
      queue(bytes);
    }
  }

  /** Text was passed over: what was painted before is history, the modes are carried on. */
  function startAnew(): void {
    isStale = false;
    work = work.then(() => {
      terminal?.dispose();
      terminal = null;
    });
    queue(modes.base());
  }

  function takeSizeChange(): void {
    const change = sizeChanges.shift();
    if (change) fedSize = { cols: change.cols, rows: change.rows };
    modes.resized();
  }

  function queueResize(to: { cols: number; rows: number }): void {
    work = work.then(async () => {
      if (!isDisposed) (await ensureTerminal(to)).resize(to.cols, to.rows);
    });
  }

  function queue(data: Uint8Array | string): void {
    waitingBytes += data.length;
    const at = fedSize;
    work = work.then(async () => {
      if (isDisposed) return;
      const target = await ensureTerminal(at);
      await new Promise<void>((resolve) => {
        target.write(data, resolve);
      });
      const wasBehind = waitingBytes > maxBehindBytes;
      waitingBytes -= data.length;
      if (wasBehind && waitingBytes <= maxBehindBytes) screen.onCaughtUp();
    });
  }

  /** Passes over plain text up to a line's end; returns false when the alternate screen forbids it. */
  function passOver(until: number): boolean {
    if (modes.isAlternate) return false;
    const after = modes.copy();
    const passedTo = lineEndBefore(ring, fedTo, until);
    for (const part of ring.view(fedTo, passedTo - fedTo)) after.scan(part);
    if (after.isAlternate) return false;
    modes = after;
    fedTo = passedTo;
    while ((sizeChanges[0]?.offset ?? Infinity) <= fedTo) takeSizeChange();
    isStale = true;
    return true;
  }

  const screen: Screen = {
    beforeAppend(length) {
      if (ring.end + length - fedTo <= maxWaitingBytes) return;
      if (!passOver(Math.max(fedTo, ring.end - keptBytes))) queueBytes(ring.end);
    },
    resize(cols, rows) {
      size = { cols, rows };
      sizeChanges.push({ offset: ring.end, cols, rows });
    },
    async repaint() {
      queueBytes(ring.end);
      const offset = fedTo;
      const after = modes.copy();
      const painted = size;
      const text = work.then(async () => {
        const target = await ensureTerminal(painted);
        return `${target.serialize()}${after.afterText()}`;
      });
      work = text.catch(() => undefined);
      return { offset, ...painted, data: Buffer.from(await text) };
    },
    get isBehind() {
      return waitingBytes > maxBehindBytes;
    },
    onCaughtUp: () => undefined,
    dispose() {
      isDisposed = true;
      terminal?.dispose();
      terminal = null;
    },
  };
  return screen;
}

/** Number of the byte after the last line's end between two numbers; the second one when there is no line's end. */
function lineEndBefore(ring: OutputRing, from: number, until: number): number {
  let end = until;
  for (const part of ring.view(from, until - from).toReversed()) {
    const at = part.lastIndexOf(0x0a);
    if (at >= 0) return end - part.length + at + 1;
    end -= part.length;
  }
  return until;
}

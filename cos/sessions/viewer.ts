import { frameHeaderBytes, frameKinds, writeFrameHeader } from "../../contract/terminal-frames.ts";
import type { Clock } from "../../lib/clock.ts";
import { createCreditWindow } from "./credit-window.ts";
import { largestFrameBytes, takeFrame } from "./frame-memory.ts";
import type { OutputRing } from "./output-ring.ts";
import type { Repaint } from "./screen.ts";
import { createSendPacer } from "./send-pacer.ts";

export interface ViewerOptions {
  number: number;
  ring: OutputRing;
  cols: number;
  rows: number;
  /** Number of the first byte to send, or `null` to begin with a repaint. */
  from: number | null;
  /** With a repaint: number of the byte after the last one seen. */
  seen?: number | undefined;
  send: (frame: Uint8Array) => void;
  repaint: () => Promise<Repaint>;
  /** The viewer has room again. */
  onRoom: () => void;
  clock: Clock;
}

/** One device looking at a session, with its own place in the output and its own credit. */
export interface Viewer {
  readonly number: number;
  cols: number;
  rows: number;
  /** Takes part in flow control: it reads, and is not waiting for a repaint. */
  readonly isActive: boolean;
  /** As much is on its way, or waiting to be sent, as the viewer can take. */
  readonly isFull: boolean;
  /** Most of what was on its way has been processed. */
  readonly hasRoom: boolean;
  /** Bytes of output not sent yet. */
  readonly lag: number;
  /** There is new output. */
  notify(): void;
  credit(bytes: number): void;
  /** Gives up what was not sent; the viewer gets a repaint as soon as it has read what is on its way. */
  fallBehind(): void;
  detach(): void;
}

/** Output a viewer may lag behind while others read on; more is made good by a repaint. */
export const lagBytes = 524_288;
/** Viewers may acknowledge in pieces of this size. */
const creditBytes = 16_384;
/** A viewer that processed nothing for this long, though it had something, holds nobody back any more. */
export const stalledAfterMs = 20_000;
const repaintPauseMs = 400;

/** A viewer that begins to receive at once. */
export function createViewer(options: ViewerOptions): Viewer {
  const { ring, clock, number, send } = options;
  const window = createCreditWindow(() => clock.monotonic());
  const pacer = createSendPacer(flush, clock);
  let next = options.from ?? options.seen ?? ring.end;
  let needsRepaint = options.from === null;
  let isRepainting = false;
  let isDetached = false;
  let lastRepaintAt = -Infinity;
  let lastProgressAt = clock.monotonic();
  let retry: NodeJS.Timeout | null = null;

  /** Below this a program that was held may go on; never less than what a viewer collects before it acknowledges. */
  function roomBytes(): number {
    return Math.max(window.size / 4, creditBytes);
  }

  function isStalled(): boolean {
    return window.owed > 0 && clock.monotonic() - lastProgressAt > stalledAfterMs;
  }

  function flush(): void {
    if (isDetached || needsRepaint) return;
    for (let pending = ring.end - next; pending > 0 && window.owed <= window.size; pending = ring.end - next) {
      if (next < ring.start) {
        fallBehind();
        return;
      }
      const length = Math.min(pending, largestFrameBytes, window.size + largestFrameBytes / 4 - window.owed);
      const frame = takeFrame(length);
      writeFrameHeader(frame, frameKinds.output, number, next, 0);
      ring.copy(next, length, frame, frameHeaderBytes);
      next += length;
      window.sent(length);
      send(frame);
    }
  }

  function offer(): void {
    pacer.offer(ring.end - next, Math.min(largestFrameBytes, window.size / 2));
  }

  function fallBehind(): void {
    if (needsRepaint) return;
    needsRepaint = true;
    tryRepaint();
  }

  function tryRepaint(): void {
    if (isDetached || isRepainting || !needsRepaint || window.owed > roomBytes()) return;
    const waitMs = lastRepaintAt + repaintPauseMs - clock.monotonic();
    if (waitMs > 0) {
      retry ??= setTimeout(() => {
        retry = null;
        tryRepaint();
      }, waitMs);
      return;
    }
    isRepainting = true;
    options.repaint().then(sendRepaint, () => {
      isRepainting = false;
    });
  }

  function sendRepaint(painted: Repaint): void {
    isRepainting = false;
    if (isDetached) return;
    lastRepaintAt = clock.monotonic();
    needsRepaint = false;
    const frame = new Uint8Array(frameHeaderBytes + painted.data.length);
    writeFrameHeader(frame, frameKinds.repaint, number, painted.offset, Math.max(0, painted.offset - next));
    frame.set(painted.data, frameHeaderBytes);
    next = painted.offset;
    window.sent(painted.data.length);
    send(frame);
    if (next < ring.start) fallBehind();
    else flush();
  }

  if (needsRepaint) tryRepaint();
  return {
    number,
    cols: options.cols,
    rows: options.rows,
    get isActive() {
      return !isDetached && !needsRepaint && !isStalled();
    },
    get isFull() {
      const isFull = ring.end - next + window.owed > window.size;
      if (isFull) window.limited();
      return isFull;
    },
    get hasRoom() {
      return window.owed + ring.end - next <= roomBytes();
    },
    get lag() {
      return needsRepaint ? 0 : ring.end - next;
    },
    notify() {
      if (needsRepaint) return;
      if (window.owed === 0) lastProgressAt = clock.monotonic();
      offer();
    },
    credit(bytes) {
      lastProgressAt = clock.monotonic();
      window.processed(bytes);
      if (needsRepaint) tryRepaint();
      else if (ring.end > next && window.owed <= window.size) offer();
      if (window.owed + ring.end - next <= roomBytes()) options.onRoom();
    },
    fallBehind,
    detach() {
      isDetached = true;
      pacer.stop();
      if (retry) clearTimeout(retry);
    },
  };
}

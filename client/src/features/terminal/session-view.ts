import type { AttachReply } from "../../../../contract/features/terminal.ts";
import { decodeFrame, frameKinds, unpackSize } from "../../../../contract/terminal-frames.ts";
import type { Ack } from "../../../../contract/channel.ts";
import { ApiError, errorMessage } from "../../lib/api-error.ts";
import { channel, connectionCount, openConnection, openSocket } from "../../lib/socket.ts";
import { needsPin, pinOpenUntil } from "../../lib/step-up.ts";
import { createTypedQueue } from "./typed-queue.ts";

/** How one view of a session stands. */
/** `locked`: the PIN has to be entered before it is shown. */
export type ViewState =
  { kind: "connecting" } | { kind: "live" } | { kind: "lost"; reason: string } | { kind: "locked"; reason: string };

/** Who draws what a session prints. `done` is called when the bytes have been processed, not when they have arrived. */
export interface SessionSink {
  onAttached(reply: AttachReply, isReturn: boolean): void;
  onOutput(bytes: Uint8Array, done: () => void): void;
  onRepaint(bytes: Uint8Array, skipped: number, done: () => void): void;
  onSize(cols: number, rows: number): void;
  onState(state: ViewState): void;
}

/** One window onto a session. It comes back by itself after every kind of interruption. */
export interface SessionView {
  /** False while there is no connection: the text was not sent. */
  input(data: string, isBinary?: boolean): boolean;
  resize(cols: number, rows: number): void;
  /** Asks for the PIN again and shows the session after it. */
  unlock(): void;
  close(): void;
}

const creditAtBytes = 16_384;
const creditAfterMs = 4;
const retryMs = 2000;
const terminal = channel("terminal");
const listeners = new Map<number, (bytes: Uint8Array) => void>();
let lastViewer = 0;
let isListening = false;

function listenOnce(): void {
  if (isListening) return;
  isListening = true;
  terminal.on("frame", (payload) => {
    const bytes = new Uint8Array(payload);
    const frame = decodeFrame(bytes);
    if (frame) listeners.get(frame.viewer)?.(bytes);
  });
}

/** Sends without waiting for an acknowledgement: credits are many and small. */
function sendNow(event: "credit" | "resize" | "detach", payload: object): void {
  void openSocket().then((socket) => {
    if (socket.connected) socket.emit(`terminal:${event}`, payload);
  });
}

interface Typed {
  viewer: number;
  data: string;
  isBinary?: boolean;
}

/** Sends without waiting; only a refusal for want of the PIN is looked at. */
const typing = createTypedQueue<Typed>((typed, onRefused) => {
  void openSocket().then((socket) => {
    if (!socket.connected) return;
    socket.emit("terminal:input", typed, (ack: Ack<null>) => {
      if (!ack.ok && needsPin(new ApiError(ack.error))) onRefused();
    });
  });
}, openConnection);

function sendTyped(viewer: number, data: string, isBinary: boolean): void {
  for (let at = 0; at < data.length; at += 65_536)
    typing.type({ viewer, data: data.slice(at, at + 65_536), ...(isBinary ? { isBinary } : {}) });
}

/** Opens a view of session `id` and keeps it: after a lost connection it goes on at the byte it has seen last. */
export function openSessionView(id: string, size: { cols: number; rows: number }, sink: SessionSink): SessionView {
  let { cols, rows } = size;
  let next: number | undefined;
  let viewer = 0;
  let isLive = false;
  let isClosed = false;
  let isLocked = false;
  let owed = 0;
  let creditTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;

  function sendCredit(): void {
    clearTimeout(creditTimer);
    creditTimer = undefined;
    if (owed > 0) sendNow("credit", { viewer, bytes: owed });
    owed = 0;
  }

  function doneWith(owner: number, bytes: number): () => void {
    return () => {
      if (owner !== viewer) return;
      owed += bytes;
      if (owed >= creditAtBytes) sendCredit();
      else creditTimer ??= setTimeout(sendCredit, creditAfterMs);
    };
  }

  function take(owner: number, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    if (!frame) return;
    const { data, offset, extra } = frame;
    if (frame.kind === frameKinds.output) {
      next = offset + data.length;
      sink.onOutput(data, doneWith(owner, data.length));
    } else if (frame.kind === frameKinds.repaint) {
      next = offset;
      sink.onRepaint(data, extra, doneWith(owner, data.length));
    } else if (frame.kind === frameKinds.size) {
      const told = unpackSize(extra);
      sink.onSize(told.cols, told.rows);
    }
  }

  async function attach(): Promise<void> {
    if (isClosed) return;
    clearTimeout(retryTimer);
    release();
    isLocked = false;
    lastViewer += 1;
    const own = lastViewer;
    viewer = own;
    owed = 0;
    let early: Uint8Array[] | null = [];
    listeners.set(own, (bytes) => {
      if (early) early.push(bytes);
      else take(own, bytes);
    });
    sink.onState({ kind: "connecting" });
    const isReturn = next !== undefined;
    try {
      const request = { viewer: own, id, cols, rows, ...(next === undefined ? {} : { after: next }) };
      const reply = await terminal.emit("attach", request);
      if (viewer !== own) return;
      isLive = true;
      sink.onAttached(reply, isReturn);
      sink.onState({ kind: "live" });
      const waiting = early;
      early = null;
      for (const bytes of waiting) take(own, bytes);
    } catch (error) {
      if (viewer !== own) return;
      isLive = false;
      isLocked = needsPin(error);
      sink.onState({ kind: isLocked ? "locked" : "lost", reason: errorMessage(error) });
      if (isLocked) return; // the sheet was closed: it is not put up again by itself
      retryTimer = setTimeout(() => void attach(), retryMs);
    }
  }

  function release(): void {
    listeners.delete(viewer);
    if (isLive) sendNow("detach", { viewer });
    isLive = false;
  }

  listenOnce();
  const stops = [
    connectionCount.subscribe(() => {
      isLive = false;
      void attach();
    }),
    pinOpenUntil.subscribe(() => {
      if (isLocked && pinOpenUntil.get() !== null) void attach();
    }),
    terminal.on("state", ({ isUp }) => {
      if (isUp) void attach();
      else {
        isLive = false;
        sink.onState({ kind: "lost", reason: "portos-cos is not running, so terminals cannot be reached." });
      }
    }),
  ];
  void attach();

  return {
    input(data, isBinary = false) {
      if (!isLive) return false;
      sendTyped(viewer, data, isBinary);
      return true;
    },
    resize(toCols, toRows) {
      if (toCols === cols && toRows === rows) return;
      cols = toCols;
      rows = toRows;
      if (isLive) sendNow("resize", { viewer, cols, rows });
    },
    unlock: () => void (isLocked && attach()),
    close() {
      isClosed = true;
      for (const stop of stops) stop();
      clearTimeout(retryTimer);
      clearTimeout(creditTimer);
      release();
    },
  };
}

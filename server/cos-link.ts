import { WebSocket, type RawData } from "ws";
import { z } from "zod";

import { attachReplySchema, type AttachReply } from "../contract/features/terminal.ts";
import { cosSocketPath, sessionIdSchema, sessionInfoSchema, type SessionInfo } from "../contract/internal/cos.ts";
import { errorSchema } from "../contract/errors.ts";
import { decodeFrame, encodeFrame, frameKinds, packSize, renumberFrame } from "../contract/terminal-frames.ts";
import { AppError } from "../lib/app-error.ts";
import type { Logger } from "../lib/logger.ts";

/** One view of a session through the link. */
export interface LinkViewer {
  input(bytes: Uint8Array): void;
  credit(bytes: number): void;
  resize(cols: number, rows: number): void;
  detach(): void;
}

export interface LinkAttach {
  id: string;
  cols: number;
  rows: number;
  after?: number | undefined;
  /** Number put into every frame handed to `onFrame`. */
  number: number;
  /** Output, repaint and size frames, in order; none comes before the reply has been handed out. */
  onFrame: (frame: Uint8Array) => void;
}

interface Pending {
  number: number;
  onFrame: (frame: Uint8Array) => void;
  settle: ((reply: unknown) => void) | null;
  fail: (error: Error) => void;
}

const retryMs = { first: 100, most: 2000 };
const attachTimeoutMs = 10_000;
/** A connection that is taken but not answered is given up and tried again. */
const handshakeTimeoutMs = 10_000;
const maxFrameBytes = 64 * 1024 * 1024;
const empty = new Uint8Array(0);
const removedSchema = z.object({ id: sessionIdSchema });
const replySchema = z.union([
  z.object({ ok: z.literal(true), data: attachReplySchema }),
  z.object({ ok: z.literal(false), error: errorSchema }),
]);

/** The one WebSocket of portos-server to portos-cos at `url` ("ws://127.0.0.1:5558"); it comes back by itself, quietly. */
export class CosLink {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #sessionListeners = new Set<(session: SessionInfo) => void>();
  readonly #removedListeners = new Set<(id: string) => void>();
  readonly #stateListeners = new Set<(isUp: boolean) => void>();
  readonly #viewers = new Map<number, Pending>();
  #socket: WebSocket | null = null;
  #isUp = false;
  #isStopped = false;
  #waitMs = retryMs.first;
  #timer: NodeJS.Timeout | null = null;
  #lastViewer = 0;

  constructor(options: { url: string; logger: Logger }) {
    this.#url = options.url;
    this.#logger = options.logger;
  }

  start(): void {
    this.#timer = null;
    const socket = new WebSocket(`${this.#url}${cosSocketPath}`, {
      perMessageDeflate: false,
      maxPayload: maxFrameBytes,
      handshakeTimeout: handshakeTimeoutMs,
    });
    this.#socket = socket;
    socket.on("open", () => {
      this.#waitMs = retryMs.first;
      this.#setUp(true);
    });
    socket.on("message", (data) => {
      this.#receive(data);
    });
    socket.on("error", (error) => {
      this.#logger.debug("portos-cos cannot be reached", { problem: error.message });
    });
    socket.on("close", () => {
      this.#lose();
    });
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.#socket?.terminate();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Looks at a session. Rejects with `unavailable` while portos-cos is gone, `not_found` for an unknown session. */
  attach({ number, onFrame, ...request }: LinkAttach): Promise<{ reply: AttachReply; viewer: LinkViewer }> {
    if (!this.#isUp) return Promise.reject(unavailable());
    this.#lastViewer += 1;
    const own = this.#lastViewer;
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#viewers.delete(own);
        reject(new AppError("timeout", "portos-cos did not answer in time"));
      }, attachTimeoutMs);
      const settle = (value: unknown): void => {
        clearTimeout(deadline);
        entry.settle = null;
        const parsed = replySchema.safeParse(value);
        if (parsed.success && parsed.data.ok) {
          resolve({ reply: parsed.data.data, viewer: this.#viewerOf(own) });
          return;
        }
        this.#viewers.delete(own);
        reject(parsed.success && !parsed.data.ok ? toError(parsed.data.error) : unavailable());
      };
      const fail = (error: Error): void => {
        clearTimeout(deadline);
        reject(error);
      };
      const entry: Pending = { number, onFrame, settle, fail };
      this.#viewers.set(own, entry);
      this.#send(encodeFrame(frameKinds.attach, own, Buffer.from(JSON.stringify(request))));
    });
  }

  onSession(listener: (session: SessionInfo) => void): () => void {
    return listen(this.#sessionListeners, listener);
  }

  onRemoved(listener: (id: string) => void): () => void {
    return listen(this.#removedListeners, listener);
  }

  onState(listener: (isUp: boolean) => void): () => void {
    return listen(this.#stateListeners, listener);
  }

  #lose(): void {
    this.#socket = null;
    const lost = [...this.#viewers.values()];
    this.#viewers.clear();
    for (const { fail } of lost) fail(unavailable());
    this.#setUp(false);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.start();
    }, this.#waitMs);
    this.#waitMs = Math.min(this.#waitMs * 2, retryMs.most);
  }

  #setUp(next: boolean): void {
    if (this.#isUp === next) return;
    this.#isUp = next;
    if (next) this.#logger.info("portos-cos is connected");
    else if (!this.#isStopped) this.#logger.warn("portos-cos is gone");
    for (const listener of this.#stateListeners) listener(next);
  }

  #receive(data: RawData): void {
    const bytes = data as Buffer;
    const frame = decodeFrame(bytes);
    if (!frame) return;
    if (frame.kind === frameKinds.session) {
      const session = sessionInfoSchema.safeParse(toValue(frame.data));
      if (session.success) for (const listener of this.#sessionListeners) listener(session.data);
      return;
    }
    if (frame.kind === frameKinds.removed) {
      const removed = removedSchema.safeParse(toValue(frame.data));
      if (removed.success) for (const listener of this.#removedListeners) listener(removed.data.id);
      return;
    }
    const viewer = this.#viewers.get(frame.viewer);
    if (!viewer) return;
    if (frame.kind === frameKinds.attached) {
      viewer.settle?.(toValue(frame.data));
      return;
    }
    renumberFrame(bytes, viewer.number);
    viewer.onFrame(bytes);
  }

  #send(frame: Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  #viewerOf(number: number): LinkViewer {
    return {
      input: (bytes) => {
        this.#send(encodeFrame(frameKinds.input, number, bytes));
      },
      credit: (bytes) => {
        this.#send(encodeFrame(frameKinds.credit, number, empty, 0, bytes));
      },
      resize: (cols, rows) => {
        this.#send(encodeFrame(frameKinds.resize, number, empty, 0, packSize(cols, rows)));
      },
      detach: () => {
        this.#viewers.delete(number);
        this.#send(encodeFrame(frameKinds.detach, number, empty));
      },
    };
  }
}

function listen<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function unavailable(): AppError {
  return new AppError("unavailable", "portos-cos is not running, so terminals cannot be reached", {
    hint: "Restart portos-cos on the System page.",
  });
}

function toError({ code, message, hint }: z.output<typeof errorSchema>): AppError {
  return new AppError(code, message, hint === undefined ? {} : { hint });
}

function toValue(data: Uint8Array): unknown {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("utf8"));
}

import { once } from "node:events";

import { WebSocket } from "ws";

import type { AttachReply } from "../../contract/features/terminal.ts";
import { cosSocketPath } from "../../contract/internal/cos.ts";
import { decodeFrame, encodeFrame, frameKinds, packSize } from "../../contract/terminal-frames.ts";

/** A viewer as a test needs it: connected straight to portos-cos, processing everything at once unless told otherwise. */
export interface TestViewer {
  readonly reply: AttachReply;
  /** Everything received since the start or the last repaint. */
  bytes(): Buffer;
  text(): string;
  repaints: { skipped: number; offset: number; data: Buffer }[];
  sizes: number[];
  isReading: boolean;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  waitFor(pattern: string | RegExp, timeoutMs?: number): Promise<string>;
  close(): void;
}

const empty = new Uint8Array(0);

export async function attachTestViewer(
  port: number,
  id: string,
  options: { after?: number; cols?: number; rows?: number; isReading?: boolean } = {},
): Promise<TestViewer> {
  const { cols = 80, rows = 24, after, isReading = true } = options;
  const socket = new WebSocket(`ws://127.0.0.1:${port}${cosSocketPath}`, { perMessageDeflate: false });
  await once(socket, "open");
  let chunks: Buffer[] = [];
  const waiting = new Set<() => void>();
  let attached: (reply: AttachReply) => void;
  const reply = new Promise<AttachReply>((resolve) => {
    attached = resolve;
  });
  const repaints: TestViewer["repaints"] = [];
  const sizes: number[] = [];
  const state = { isReading };
  socket.on("message", (data: Buffer) => {
    const frame = decodeFrame(data);
    if (!frame) throw new Error("not a frame");
    if (frame.kind === frameKinds.attached) {
      attached((JSON.parse(Buffer.from(frame.data).toString()) as { data: AttachReply }).data);
    } else if (frame.kind === frameKinds.size) sizes.push(frame.extra);
    else if (frame.kind === frameKinds.output || frame.kind === frameKinds.repaint) {
      const bytes = Buffer.from(frame.data);
      if (frame.kind === frameKinds.repaint) {
        repaints.push({ skipped: frame.extra, offset: frame.offset, data: bytes });
        chunks = [];
      }
      chunks.push(bytes);
      if (state.isReading) socket.send(encodeFrame(frameKinds.credit, 1, empty, 0, bytes.length));
      for (const check of waiting) check();
    }
  });
  const request = { id, cols, rows, ...(after === undefined ? {} : { after }) };
  socket.send(encodeFrame(frameKinds.attach, 1, Buffer.from(JSON.stringify(request))));
  const bytes = (): Buffer => Buffer.concat(chunks);
  return {
    reply: await reply,
    bytes,
    text: () => bytes().toString("utf8"),
    repaints,
    sizes,
    get isReading() {
      return state.isReading;
    },
    set isReading(value) {
      state.isReading = value;
    },
    type: (text) => {
      socket.send(encodeFrame(frameKinds.input, 1, Buffer.from(text)));
    },
    resize: (toCols, toRows) => {
      socket.send(encodeFrame(frameKinds.resize, 1, empty, 0, packSize(toCols, toRows)));
    },
    waitFor: (pattern, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(
            new Error(
              `no ${String(pattern)} within ${timeoutMs} ms; got ${JSON.stringify(tailOf(chunks).slice(-500))}`,
            ),
          );
        }, timeoutMs);
        const check = (): void => {
          const text = tailOf(chunks);
          if (typeof pattern === "string" ? !text.includes(pattern) : !pattern.test(text)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve(text);
        };
        waiting.add(check);
        check();
      }),
    close: () => {
      socket.terminate();
    },
  };
}

/** The last text received; enough for what tests wait for, however much came before. */
function tailOf(chunks: readonly Buffer[]): string {
  let first = chunks.length;
  for (let size = 0; first > 0 && size < 65_536; first -= 1) size += chunks[first - 1]?.length ?? 0;
  return Buffer.concat(chunks.slice(first)).toString("utf8");
}

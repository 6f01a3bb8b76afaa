import { createWriteStream } from "node:fs";
import { StringDecoder } from "node:string_decoder";

import type { Clock } from "../../lib/clock.ts";

export interface Recorder {
  output(bytes: Uint8Array): void;
  resize(cols: number, rows: number): void;
  readonly durationMs: number;
  readonly sizeBytes: number;
  /** Resolves when everything is on disk. */
  stop(): Promise<void>;
}

export interface RecorderOptions {
  file: string;
  cols: number;
  rows: number;
  title: string;
  clock: Clock;
  onError: (error: Error) => void;
}

const joinMs = 16;
const maxBytes = 256 * 1024 * 1024;

/** Writes an asciicast v2 file: a header line, then `[seconds, "o" | "r", data]` per line; output within 16 ms is one event. */
export function startRecorder(options: RecorderOptions): Recorder {
  const { clock } = options;
  const startedAt = clock.monotonic();
  const file = createWriteStream(options.file, { flags: "wx", mode: 0o600 });
  const decoder = new StringDecoder("utf8");
  let text = "";
  let textAt = 0;
  let timer: NodeJS.Timeout | null = null;
  let sizeBytes = 0;
  let durationMs = 0;
  let isClosed = false;
  file.on("error", (error) => {
    isClosed = true;
    options.onError(error);
  });

  function elapsed(): number {
    return clock.monotonic() - startedAt;
  }

  function line(value: unknown): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
    if (isClosed || sizeBytes + bytes.length > maxBytes) return;
    sizeBytes += bytes.length;
    file.write(bytes);
  }

  function event(atMs: number, kind: "o" | "r", data: string): void {
    durationMs = atMs;
    line([Math.round(atMs) / 1000, kind, data]);
  }

  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (text !== "") event(textAt, "o", text);
    text = "";
  }

  line({
    version: 2,
    width: options.cols,
    height: options.rows,
    timestamp: Math.floor(clock.now() / 1000),
    title: options.title,
    env: { TERM: "xterm-256color" },
  });

  return {
    output(bytes) {
      const decoded = decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      if (decoded === "") return;
      if (text === "") textAt = elapsed();
      text += decoded;
      timer ??= setTimeout(flush, joinMs);
    },
    resize(cols, rows) {
      flush();
      event(elapsed(), "r", `${cols}x${rows}`);
    },
    get durationMs() {
      return durationMs;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    stop() {
      flush();
      return new Promise((resolve) => {
        if (isClosed) {
          resolve();
          return;
        }
        isClosed = true;
        file.end(resolve);
      });
    },
  };
}

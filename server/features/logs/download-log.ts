import { createReadStream } from "node:fs";
import { Readable } from "node:stream";

import type { RawReply } from "../../../contract/endpoint.ts";
import type { GzSpool } from "./gz-spool.ts";
import { lineEnds, maxLineBytes } from "./line-splitter.ts";
import { readRange, type LogFile } from "./log-file.ts";
import { stripAnsi } from "./log-text.ts";
import { openLog, type OpenLog } from "./open-log.ts";

export interface DownloadOptions {
  /** Oldest first. */
  files: LogFile[];
  /** Name offered to the user, without extension. */
  name: string;
  format: "raw" | "plain";
  spool: GzSpool;
  redact: (text: string) => string;
}

/** A download of one or several files in a row: their bytes, or their text without ANSI codes and secrets. */
export function downloadLog({ files, name, format, spool, redact }: DownloadOptions): RawReply {
  const parts = format === "raw" ? rawBytes(files, spool) : plainText(files, spool, redact);
  const safeName = name.replace(/[^\w.-]+/g, "-").slice(0, 100);
  return {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Disposition": `attachment; filename="${safeName}.log"`,
      "Content-Security-Policy": "sandbox; default-src 'none'",
    },
    body: Readable.from(parts),
  };
}

async function* opened(files: LogFile[], spool: GzSpool): AsyncGenerator<OpenLog> {
  for (const file of files) {
    const log = await openLog(file, spool);
    if (!log) continue;
    try {
      yield log;
    } finally {
      await log.close();
    }
  }
}

async function* rawBytes(files: LogFile[], spool: GzSpool): AsyncGenerator<Buffer> {
  for await (const { handle, sizeBytes } of opened(files, spool)) {
    if (sizeBytes === 0) continue;
    const source = createReadStream("", { fd: handle, start: 0, end: sizeBytes - 1, autoClose: false });
    for await (const chunk of source) yield chunk as Buffer;
  }
}

async function* plainText(files: LogFile[], spool: GzSpool, redact: (text: string) => string): AsyncGenerator<string> {
  for await (const { handle, sizeBytes } of opened(files, spool)) {
    for (let offset = 0; offset < sizeBytes;) {
      const bytes = await readRange(handle, offset, Math.min(sizeBytes, offset + maxLineBytes));
      if (bytes.length === 0) break;
      const end = lineEnds(bytes, offset).at(-1) ?? offset + bytes.length;
      yield redact(stripAnsi(bytes.toString("utf8", 0, end - offset)));
      offset = end;
    }
  }
}

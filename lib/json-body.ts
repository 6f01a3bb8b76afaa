import type { IncomingMessage } from "node:http";

import { AppError } from "./app-error.ts";

/** Greatest decoded size of a JSON body, in bytes, unless its endpoint says otherwise. */
export const maxJsonBytes = 1024 * 1024;
const maxDepth = 50;
const forbiddenKeys = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads the JSON body of a request; `undefined` when there is none.
 * Refuses other content types, encodings, more than `maxBytes`, invalid UTF-8, depth over 50 and prototype keys.
 */
export async function readJsonBody(request: IncomingMessage, maxBytes = maxJsonBytes): Promise<unknown> {
  const type = request.headers["content-type"];
  const length = Number(request.headers["content-length"] ?? (request.headers["transfer-encoding"] ? Number.NaN : 0));
  if (length === 0 && type === undefined) {
    request.resume();
    return undefined;
  }
  if (type === undefined || !/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new AppError("unsupported_media_type", "The body must be JSON", {
      hint: "Send Content-Type: application/json.",
    });
  }
  if (!["", "identity"].includes(request.headers["content-encoding"] ?? "")) {
    throw new AppError("unsupported_media_type", "Compressed bodies are not accepted");
  }
  if (length > maxBytes) throw tooLarge(maxBytes);
  return parseJson(await readBytes(request, maxBytes));
}

/** Reads a body as it came. Throws `too_large` for more than `maxBytes`. */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) break;
    chunks.push(chunk);
  }
  if (size > maxBytes) {
    // Only now does it flow: an iterator that still reads would hold it. Cut off while it still sends, the caller would see a reset instead of
    // the answer; left unread, the rest would stand before the next request of a connection that is used again.
    request.resume();
    throw tooLarge(maxBytes);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): AppError {
  const limit =
    maxBytes < maxJsonBytes ? `${Math.floor(maxBytes / 1024)} KiB` : `${Math.floor(maxBytes / maxJsonBytes)} MiB`;
  return new AppError("too_large", `What was sent is larger than ${limit}`, {
    hint: "Shorten the text, or give fewer or smaller files and pictures along.",
  });
}

/** Strict JSON from bytes: valid UTF-8, bounded depth, no prototype keys. Throws `invalid_request`. */
export function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new AppError("invalid_request", "The body is not valid UTF-8", { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError("invalid_request", "The body is not valid JSON", { cause: error });
  }
  checkShape(value);
  return value;
}

function checkShape(root: unknown): void {
  const open: [unknown, number, string][] = [[root, 1, "body"]];
  for (let item = open.pop(); item; item = open.pop()) {
    const [value, depth, path] = item;
    if (typeof value !== "object" || value === null) continue;
    if (depth > maxDepth) throw new AppError("invalid_request", `The body is nested deeper than ${maxDepth} levels`);
    for (const [key, inner] of Object.entries(value)) {
      if (forbiddenKeys.has(key)) {
        throw new AppError("invalid_request", `${path}: the name ${key} is not allowed`, {
          issues: [{ path, message: `the name ${key} is not allowed` }],
        });
      }
      open.push([inner, depth + 1, `${path}.${key}`]);
    }
  }
}

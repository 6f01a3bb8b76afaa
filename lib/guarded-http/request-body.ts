import { Readable } from "node:stream";

import { CallFailure } from "./call-failure.ts";
import type { TraceHop } from "./trace.ts";

/** What is sent; a stream is sent once. */
export type RequestBody = string | Uint8Array | Readable | undefined;

/** Whether a body can be sent once only. */
export function isStream(body: RequestBody): body is Readable {
  return typeof body === "object" && !(body instanceof Uint8Array);
}

/** Bytes as they go out, counted in the hop. Throws when there are too many; a stream ends so as soon as it has too many. */
export function bytesToSend({
  body,
  maxRequestBytes = Infinity,
  hop,
}: {
  body: RequestBody;
  maxRequestBytes?: number | undefined;
  hop: TraceHop;
}): Buffer | Readable | undefined {
  if (body === undefined) return undefined;
  if (isStream(body)) return Readable.from(counted(body, maxRequestBytes, hop), { objectMode: false });
  const bytes =
    typeof body === "string" ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length > maxRequestBytes) throw tooLarge(maxRequestBytes);
  hop.sentBytes = bytes.length;
  return bytes;
}

async function* counted(body: Readable, maxBytes: number, hop: TraceHop): AsyncGenerator<Uint8Array> {
  for await (const chunk of body as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    hop.sentBytes += bytes.length;
    if (hop.sentBytes > maxBytes) throw tooLarge(maxBytes);
    yield bytes;
  }
}

function tooLarge(maxBytes: number): CallFailure {
  return new CallFailure("request_too_large", `The request is larger than ${maxBytes} bytes`, {
    hint: "Send less, or allow larger requests.",
  });
}

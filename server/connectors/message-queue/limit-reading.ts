import type { Readable } from "node:stream";

import { GatewayError } from "../framework/gateway-error.ts";

/** Bytes that one connection of a call may bring. */
export const maxReadBytes = 64 * 1024 * 1024;

/** Cuts a connection that brings more than so many bytes: libraries put whole messages together in memory. */
export function limitReading<Stream extends Readable & { bytesRead: number }>(
  stream: Stream,
  maxBytes: number,
): Stream {
  stream.on("readable", () => {
    if (stream.bytesRead > maxBytes) stream.destroy(tooMuch(maxBytes));
  });
  return stream;
}

/** Why it was cut. */
export function tooMuch(maxBytes: number): GatewayError {
  return new GatewayError("too_large", `The broker sent more than ${maxBytes} bytes`, {
    hint: "Take fewer messages at once.",
    isFinal: true,
  });
}

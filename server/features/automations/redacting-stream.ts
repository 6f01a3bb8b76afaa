import { isUtf8 } from "node:buffer";

import { redact, unfinishedSecretLength } from "../../../lib/redact.ts";

/** A line that has not ended is held back up to this length. */
const maxLineLength = 8_192;
/** A private key that has not ended is held back up to this length. */
const maxKeyLength = 32_768;

/**
 * Takes secrets out of bytes that come in pieces: a piece may end inside a secret. Text is held back until its line has ended
 * and nothing at its end can be the beginning of a known secret; bytes without a secret come out as they went in.
 */
export interface RedactingStream {
  /** Bytes that may be written now. */
  push(bytes: Uint8Array): Uint8Array;
  /** Nothing comes for now: an unfinished line comes out, the beginning of a secret does not. */
  settle(): Uint8Array;
  /** Everything that is left. */
  end(): Uint8Array;
  /** Takes out what is held back as it came, for somebody else to go on with. */
  takeHeld(): Uint8Array;
  /** Bytes held back. */
  held(): number;
}

/** A stream nothing has gone into. */
export function createRedactingStream(): RedactingStream {
  let waiting = Buffer.alloc(0);

  function release(lengthOf: (text: string) => number): Uint8Array {
    const whole = wholeCharacters(waiting);
    const encoding = isUtf8(waiting.subarray(0, whole)) ? "utf8" : "latin1";
    const text = waiting.toString(encoding, 0, whole);
    const ready = text.slice(0, lengthOf(text));
    const taken = Buffer.byteLength(ready, encoding);
    const clean = redact(ready);
    const bytes = clean === ready ? waiting.subarray(0, taken) : Buffer.from(clean, encoding);
    waiting = waiting.subarray(taken);
    return bytes;
  }

  function take(): Buffer {
    const all = waiting;
    waiting = Buffer.alloc(0);
    return all;
  }

  return {
    push(bytes) {
      waiting = Buffer.concat([waiting, bytes]);
      return release((text) => {
        const lineEnd = Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1;
        return safeLength(text, text.length - lineEnd > maxLineLength ? text.length : lineEnd);
      });
    },
    settle: () => release((text) => safeLength(text, text.length)),
    end() {
      const text = waiting.toString(isUtf8(waiting) ? "utf8" : "latin1");
      const clean = redact(text);
      const all = take();
      return clean === text ? all : Buffer.from(clean, isUtf8(all) ? "utf8" : "latin1");
    },
    takeHeld: take,
    held: () => waiting.length,
  };
}

/** How much of the first `length` characters can go, so that no secret is cut in two. */
function safeLength(text: string, length: number): number {
  const ready = text.slice(0, length);
  const keyBegins = ready.lastIndexOf("-----BEGIN ");
  const isInKey = keyBegins > ready.lastIndexOf("-----END ") && length - keyBegins < maxKeyLength;
  return Math.min(length - unfinishedSecretLength(ready), isInKey ? keyBegins : length);
}

/** Length of `bytes` without a UTF-8 character that has only begun at its end. */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const needed = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

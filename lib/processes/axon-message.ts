/** A value as the daemon of PM2 sends it: a string or parsed JSON; raw bytes when it is neither. */
export type AxonValue = unknown;

/** Largest argument accepted; a snapshot of some thousand processes is far below it. */
const maxArgumentBytes = 256 * 1024 * 1024;

/**
 * Packs arguments as one message of the AMP protocol (version 1): a byte with version and argument count, then each
 * argument as a 32-bit big-endian length and its bytes, `s:` for a string, `j:` for JSON. Source: the `amp` and
 * `amp-message` packages PM2 talks with.
 */
export function packMessage(values: readonly AxonValue[]): Buffer {
  if (values.length > 15) throw new RangeError("A message has at most 15 arguments");
  const parts: Buffer[] = [Buffer.from([(1 << 4) | values.length])];
  for (const value of values) {
    const bytes = Buffer.from(typeof value === "string" ? `s:${value}` : `j:${JSON.stringify(value ?? null)}`);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    parts.push(length, bytes);
  }
  return Buffer.concat(parts);
}

/** Turns one packed argument back into its value. */
export function unpackArgument(bytes: Buffer): AxonValue {
  const kind = bytes.toString("latin1", 0, 2);
  if (kind === "s:") return bytes.toString("utf8", 2);
  if (kind === "j:") return JSON.parse(bytes.toString("utf8", 2)) as unknown;
  return bytes;
}

/** Cuts a byte stream into messages, whatever the borders of its chunks; `onMessage` gets the packed arguments. */
export function createMessageParser(onMessage: (argumentBytes: Buffer[]) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let needed = 1;

  return (chunk) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes < needed) return;
    let data = chunks.length === 1 ? chunk : Buffer.concat(chunks, bytes);
    for (;;) {
      const result = readMessage(data);
      if (typeof result === "number") {
        needed = result;
        break;
      }
      data = data.subarray(result.end);
      onMessage(result.parts);
    }
    chunks = data.length === 0 ? [] : [data];
    bytes = data.length;
  };
}

/** One message from the start of `data`, or how many bytes there must be before it is worth trying again. */
function readMessage(data: Buffer): { parts: Buffer[]; end: number } | number {
  if (data.length === 0) return 1;
  const count = data.readUInt8(0) & 0x0f;
  const parts: Buffer[] = [];
  let offset = 1;
  for (let index = 0; index < count; index++) {
    if (data.length < offset + 4) return offset + 4;
    const length = data.readUInt32BE(offset);
    if (length > maxArgumentBytes) throw new RangeError(`An argument of ${length} bytes is too large`);
    if (data.length < offset + 4 + length) return offset + 4 + length;
    parts.push(data.subarray(offset + 4, offset + 4 + length));
    offset += 4 + length;
  }
  return { parts, end: offset };
}

/** Reads the primitive types of Kafka's protocol, one after another. */
export interface FrameReader {
  int8(): number;
  int16(): number;
  int32(): number;
  int64(): bigint;
  /** `null` when its length is -1. */
  string(): string | null;
  bytes(): Buffer | null;
  list<T>(read: () => T): T[];
}

export function readFrame(frame: Buffer): FrameReader {
  let at = 0;
  const take = (size: number): number => (at += size) - size;
  const part = (size: number): Buffer | null => (size < 0 ? null : frame.subarray(take(size), at));
  const reader: FrameReader = {
    int8: () => frame.readInt8(take(1)),
    int16: () => frame.readInt16BE(take(2)),
    int32: () => frame.readInt32BE(take(4)),
    int64: () => frame.readBigInt64BE(take(8)),
    string: () => part(reader.int16())?.toString("utf8") ?? null,
    bytes: () => part(reader.int32()),
    list: (read) => Array.from({ length: Math.max(0, reader.int32()) }, () => read()),
  };
  return reader;
}

export function int8(value: number): Buffer {
  return Buffer.from([value & 0xff]);
}

export function int16(value: number): Buffer {
  const made = Buffer.alloc(2);
  made.writeInt16BE(value);
  return made;
}

export function int32(value: number): Buffer {
  const made = Buffer.alloc(4);
  made.writeInt32BE(value);
  return made;
}

export function int64(value: bigint): Buffer {
  const made = Buffer.alloc(8);
  made.writeBigInt64BE(value);
  return made;
}

export function string(value: string | null): Buffer {
  return value === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}

export function bytes(value: Buffer | null): Buffer {
  return value === null ? int32(-1) : Buffer.concat([int32(value.length), value]);
}

export function list(parts: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(parts.length), ...parts]);
}

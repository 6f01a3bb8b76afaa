/** The last bytes of an endless stream, each byte known by its number since the start. */
export interface OutputRing {
  /** Number of the oldest byte still held. */
  readonly start: number;
  /** Number of the byte that comes next. */
  readonly end: number;
  /** Bytes of memory in use. */
  readonly allocated: number;
  append(bytes: Uint8Array): void;
  /** Copies `length` bytes from number `from` on into `target`. Throws when some of them are not held. */
  copy(from: number, length: number, target: Uint8Array, targetStart: number): void;
  read(from: number, length: number): Buffer<ArrayBuffer>;
  /** The same bytes where they lie, in one piece or two, valid until the next `append`. */
  view(from: number, length: number): Uint8Array[];
  /** Keeps at most the last `bytes` bytes and gives the rest of the memory back. */
  shrink(bytes: number): void;
}

const firstBytes = 4096;

/** A ring of at most `capacity` bytes (a power of two) that begins small and doubles as needed. */
export function createOutputRing(capacity: number, startAt = 0): OutputRing {
  let memory = Buffer.alloc(0);
  let start = startAt;
  let end = startAt;

  /** Moves the newest bytes into memory of another size, straight from the old one: what is thrown away fills the heap. */
  function resize(size: number): void {
    const kept: { part: Uint8Array; from: number }[] = [];
    const first = end - Math.min(end - start, size);
    eachPart(first, end - first, (part, at) => {
      kept.push({ part, from: first + at });
    });
    memory = Buffer.allocUnsafeSlow(size);
    start = first;
    for (const { part, from } of kept) write(part, from);
  }

  function eachPart(from: number, length: number, put: (part: Uint8Array, at: number) => void): void {
    let at = 0;
    while (at < length) {
      const position = (from + at) % memory.length;
      const count = Math.min(length - at, memory.length - position);
      put(memory.subarray(position, position + count), at);
      at += count;
    }
  }

  function write(bytes: Uint8Array, from: number): void {
    let at = 0;
    while (at < bytes.length) {
      const position = (from + at) % memory.length;
      const count = Math.min(bytes.length - at, memory.length - position);
      memory.set(at === 0 && count === bytes.length ? bytes : bytes.subarray(at, at + count), position);
      at += count;
    }
  }

  function check(from: number, length: number): void {
    if (from < start || from + length > end) throw new RangeError(`Bytes ${from}+${length} are not held`);
  }

  function copy(from: number, length: number, target: Uint8Array, targetStart: number): void {
    check(from, length);
    eachPart(from, length, (part, at) => {
      target.set(part, targetStart + at);
    });
  }

  return {
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    get allocated() {
      return memory.length;
    },
    append(bytes) {
      const skip = Math.max(0, bytes.length - capacity);
      const kept = skip === 0 ? bytes : bytes.subarray(skip);
      const wanted = Math.min(end - start + bytes.length, capacity);
      if (wanted > memory.length) {
        let size = Math.max(memory.length, firstBytes);
        while (size < wanted) size *= 2;
        resize(Math.min(size, capacity));
      }
      end += skip;
      write(kept, end);
      end += kept.length;
      start = Math.max(start, end - memory.length);
    },
    copy,
    read(from, length) {
      const result = Buffer.allocUnsafe(length);
      copy(from, length, result, 0);
      return result;
    },
    view(from, length) {
      check(from, length);
      const parts: Uint8Array[] = [];
      eachPart(from, length, (part) => {
        parts.push(part);
      });
      return parts;
    },
    shrink(bytes) {
      const held = Math.min(end - start, bytes);
      start = end - held;
      resize(Math.max(held, 1));
    },
  };
}

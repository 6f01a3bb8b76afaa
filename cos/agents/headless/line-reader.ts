const newline = 0x0a;
const longestLine = 32 * 1024 * 1024;

/** A line and where it begins in the stream. */
export interface ReadLine {
  offset: number;
  text: string;
}

export interface LineReader {
  /** The lines completed by these bytes. */
  push(bytes: Uint8Array): ReadLine[];
  /** What is left when the stream ends without a line end; `null` when nothing is. */
  end(): ReadLine | null;
}

/** Cuts a byte stream into lines whatever its pieces are; characters are decoded per line, so that none is torn. Lines over 32 MiB are dropped. */
export function createLineReader(start = 0): LineReader {
  let parts: Uint8Array[] = [];
  let size = 0;
  let lineStart = start;
  let isTooLong = false;

  function take(last: Uint8Array): string {
    const whole = parts.length === 0 ? last : Buffer.concat([...parts, last]);
    parts = [];
    size = 0;
    const text = Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString("utf8");
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  }

  return {
    push(bytes) {
      const lines: ReadLine[] = [];
      let from = 0;
      for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
        const lineBytes = size + at - from + 1;
        const text = take(bytes.subarray(from, at));
        if (!isTooLong) lines.push({ offset: lineStart, text });
        isTooLong = false;
        lineStart += lineBytes;
        from = at + 1;
      }
      if (from < bytes.length) {
        const rest = Buffer.from(bytes.subarray(from)); // a copy: the caller may use its memory again
        size += rest.length;
        if (size > longestLine || isTooLong) {
          isTooLong = true;
          parts = [];
        } else parts.push(rest);
      }
      return lines;
    },
    end() {
      if (size === 0 || isTooLong) return null;
      return { offset: lineStart, text: take(new Uint8Array(0)) };
    },
  };
}

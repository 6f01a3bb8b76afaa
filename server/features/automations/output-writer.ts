import { constants } from "node:fs";
import { open, readFile, rename, rm, writeFile } from "node:fs/promises";

import { z } from "zod";

import { createRedactingStream, type RedactingStream } from "./redacting-stream.ts";

/** The start of an output is kept up to this size ... */
export const headBytes = 6 * 1024 * 1024;
/** ... and of what follows the last part of this size. */
export const tailBytes = 1024 * 1024;
/** Kept before that part, so that a secret at its beginning is still recognised. */
const tailMarginBytes = 64 * 1024;

/** The kept output of one run while it is written; no secret gets into its file. */
export interface OutputWriter {
  /** Number of the next byte of the source that is wanted. */
  position(): number;
  /** Bytes in the file. */
  size(): number;
  /** Takes bytes of the source from number `from` on; notes a gap when some before them are gone. */
  append(from: number, bytes: Uint8Array): Promise<void>;
  /** Nothing comes for now: what waits for the end of its line is written. */
  settle(): Promise<void>;
  /** Writes what is left; nothing may be appended afterwards. */
  close(): Promise<void>;
  /** Gives the file free for a writer that goes on later. */
  release(): Promise<void>;
}

/** Beside a file whose size is not the number of the source's next byte: what is in the file and up to where of the source. */
const markSchema = z.strictObject({
  size: z.int().min(0),
  position: z.int().min(0),
  isFull: z.boolean(),
});

/** Path of what is noted beside an output that is not complete. */
export const markOf = (path: string): string => `${path}.offset`;

/** Begins the output at `path`, or goes on with the one that is there. */
export async function createOutputWriter(path: string): Promise<OutputWriter> {
  const file = await openKept(path);
  const stream = createRedactingStream();
  const tail = createTail();
  let { position, isFull } = file;

  async function fill(): Promise<void> {
    isFull = true;
    tail.keep(stream.takeHeld());
    await file.note(`The output goes on; its last ${tailBytes / 1024} KiB follow when the run has ended`, true);
  }

  return {
    position: () => position,
    size: () => file.size(),
    async append(from, bytes) {
      const fresh = from < position ? bytes.subarray(position - from) : bytes;
      if (fresh.length === 0) return;
      const gap = Math.max(0, from - position);
      if (gap > 0 && !isFull) {
        await file.put(stream.end(), position);
        await file.note(`${gap} bytes were not kept`, false, gap);
      }
      position += gap + fresh.length;
      if (isFull) {
        tail.keep(fresh);
        return;
      }
      const room = Math.max(0, headBytes - file.size() - stream.held());
      const clean = stream.push(fresh.subarray(0, room));
      await file.put(clean, position - Math.max(0, fresh.length - room) - stream.held());
      if (fresh.length < room) return;
      await fill();
      tail.keep(fresh.subarray(room));
    },
    async settle() {
      if (!isFull && stream.held() > 0) await file.put(stream.settle(), position - stream.held());
    },
    async close() {
      await file.put(isFull ? tail.clean(stream) : stream.end(), position);
      await file.close();
      await rm(markOf(path), { force: true });
    },
    release: () => file.close(),
  };
}

/** The file and its mark. A crash between writing one and the other costs nothing: what the mark does not count is cut off. */
async function openKept(path: string) {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  let size = (await handle.stat()).size;
  const mark = await readMark(path);
  if (mark !== null && mark.size < size) {
    await handle.truncate(mark.size);
    size = mark.size;
  }
  let position = mark?.position ?? size;
  let isFull = mark?.isFull ?? false;
  let hasMark = mark !== null;

  async function writeMark(): Promise<void> {
    hasMark = true;
    await writeFile(`${markOf(path)}.new`, JSON.stringify({ size, position, isFull }), { mode: 0o600 });
    await rename(`${markOf(path)}.new`, markOf(path));
  }

  async function put(bytes: Uint8Array, upTo: number): Promise<void> {
    if (!hasMark && size + bytes.length !== upTo) await writeMark();
    await handle.appendFile(bytes);
    size += bytes.length;
    position = upTo;
    if (hasMark) await writeMark();
  }

  return {
    position,
    isFull,
    size: () => size,
    put,
    /** A line of ours, which stands for `gap` bytes of the source. */
    async note(text: string, makesFull: boolean, gap = 0): Promise<void> {
      isFull = makesFull;
      await put(Buffer.from(`\n[${text}]\n`), position + gap);
    },
    close: () => handle.close(),
  };
}

async function readMark(path: string): Promise<z.output<typeof markSchema> | null> {
  try {
    return markSchema.parse(JSON.parse(await readFile(markOf(path), "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    if (error instanceof z.ZodError || error instanceof SyntaxError) return null; // of another version
    throw error;
  }
}

/** The last bytes of an output too long to be kept whole. */
function createTail() {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    keep(bytes: Uint8Array): void {
      parts.push(bytes.slice());
      size += bytes.length;
      const most = tailBytes + tailMarginBytes;
      for (let first = parts[0]; first !== undefined && size - first.length >= most; first = parts[0]) {
        parts.shift();
        size -= first.length;
      }
    },
    clean(stream: Pick<RedactingStream, "push" | "end">): Uint8Array {
      const clean = [stream.push(Buffer.concat(parts)), stream.end()];
      parts = [];
      return Buffer.concat(clean).subarray(-tailBytes);
    },
  };
}

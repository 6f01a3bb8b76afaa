import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../../../lib/clock.ts";

/** The start of an output is kept up to this size ... */
export const headBytes = 6 * 1024 * 1024;
/** ... and of what follows the last part of this size. */
export const tailBytes = 1024 * 1024;

/** The kept output of one run while it is written. */
export interface OutputWriter {
  /** Number of the next byte of the source that is wanted. */
  position(): number;
  /** Bytes in the file. */
  size(): number;
  /** Takes bytes of the source from number `from` on; notes a gap when some before them are gone. */
  append(from: number, bytes: Uint8Array): Promise<void>;
  /** Writes what is left; nothing may be appended afterwards. */
  close(): Promise<void>;
  /** Gives the file free for a writer that goes on later. */
  release(): Promise<void>;
}

export interface OutputSlice {
  from: number;
  next: number;
  size: number;
  text: string;
}

/** The folder of kept outputs, one file per run. */
export interface RunOutputs {
  /** Begins an output, or goes on with the one that is there. */
  writer(id: string): Promise<OutputWriter>;
  /** Text from byte `from` on, never ending inside a character while more may come. */
  read(id: string, from: number, maxBytes: number, isComplete: boolean): Promise<OutputSlice>;
  /** Path of the file, which need not exist. */
  file(id: string): string;
  /** Removes outputs older than `keepDays`, then the oldest until at most `maxTotalBytes` are left. */
  prune(keepDays: number, maxTotalBytes: number): Promise<void>;
}

/** Opens the folder; it is made with the first output. */
export function createRunOutputs(directory: string, clock: Clock): RunOutputs {
  const file = (id: string): string => {
    if (!/^oc-[a-z0-9]{8,32}$/.test(id)) throw new Error("not the id of an occurrence");
    return join(directory, `${id}.log`);
  };
  return {
    file,
    async writer(id) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return createWriter(file(id));
    },
    read: (id, from, maxBytes, isComplete) => readSlice(file(id), from, maxBytes, isComplete),
    prune: (keepDays, maxTotalBytes) => prune(directory, clock.now() - keepDays * 86_400_000, maxTotalBytes),
  };
}

async function createWriter(path: string): Promise<OutputWriter> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
  const handle = await open(path, flags, 0o600);
  let size = (await handle.stat()).size;
  let extra = await readExtra(path);
  let position = size + extra;
  let isFull = size >= headBytes;
  let tail: Uint8Array[] = [];
  let tailSize = 0;

  async function put(bytes: Uint8Array): Promise<void> {
    await handle.appendFile(bytes);
    size += bytes.length;
  }

  /** A line of ours in the file; from now on its size is not the number of the source's next byte. */
  async function note(text: string): Promise<void> {
    const bytes = Buffer.from(`\n[${text}]\n`);
    await put(bytes);
    extra = position - size;
    await writeFile(`${path}.offset`, String(extra), { mode: 0o600 });
  }

  function keepTail(bytes: Uint8Array): void {
    tail.push(bytes);
    tailSize += bytes.length;
    for (let first = tail[0]; first !== undefined && tailSize - first.length >= tailBytes; first = tail[0]) {
      tail.shift();
      tailSize -= first.length;
    }
  }

  return {
    position: () => position,
    size: () => size,
    async append(from, bytes) {
      const fresh = from < position ? bytes.subarray(position - from) : bytes;
      if (fresh.length === 0) return;
      const gap = Math.max(0, from - position);
      position += gap;
      if (isFull) {
        position += fresh.length;
        keepTail(fresh.slice());
        return;
      }
      if (gap > 0) await note(`${gap} bytes were not kept`);
      const room = Math.max(0, headBytes - size);
      await put(fresh.subarray(0, room));
      position += fresh.length;
      if (fresh.length < room) return;
      isFull = true;
      await note(`The output goes on; its last ${tailBytes / 1024} KiB follow when the run has ended`);
      if (fresh.length > room) keepTail(fresh.slice(room));
    },
    async close() {
      if (tailSize > 0) await put(Buffer.concat(tail).subarray(-tailBytes));
      tail = [];
      await handle.close();
      await rm(`${path}.offset`, { force: true });
    },
    release: () => handle.close(),
  };
}

async function readExtra(path: string): Promise<number> {
  try {
    return Number(await readFile(`${path}.offset`, "utf8")) || 0;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

async function readSlice(path: string, from: number, maxBytes: number, isComplete: boolean): Promise<OutputSlice> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (isMissing(error)) return { from: 0, next: 0, size: 0, text: "" };
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const start = Math.min(from, size);
    const buffer = Buffer.alloc(Math.min(maxBytes, size - start));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    const isEnd = isComplete && start + bytesRead === size;
    const kept = isEnd ? bytesRead : wholeCharacters(buffer.subarray(0, bytesRead));
    return { from: start, next: start + kept, size, text: buffer.toString("utf8", 0, kept) };
  } finally {
    await handle.close();
  }
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

async function prune(directory: string, olderThan: number, maxTotalBytes: number): Promise<void> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      const { mtimeMs, size } = await stat(path);
      return { path, mtimeMs, size };
    }),
  );
  files.sort((a, b) => b.mtimeMs - a.mtimeMs);
  let total = 0;
  for (const { path, mtimeMs, size } of files) {
    total += size;
    if (mtimeMs < olderThan || total > maxTotalBytes) await rm(path, { force: true });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

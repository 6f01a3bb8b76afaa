import { closeSync, fstatSync, mkdirSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { open, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { OutputRing } from "./output-ring.ts";

/** Output of one session on disk. */
export interface OutputFile {
  /** There is new output in the ring. */
  changed(): void;
  /** Writes what is missing. */
  flush(): Promise<void>;
}

const saveEveryMs = 2000;
const saveAtBytes = 524_288;
/** What a shell leaves behind for the case that portos-cos itself goes away. */
export const tailBytes = 262_144;
/** Most that is kept of a command. */
export const maxKeptBytes = 64 * 1024 * 1024;

export interface OutputFileOptions {
  directory: string;
  ring: OutputRing;
  /** `all`: everything from the first byte up to 64 MiB. `tail`: the last 256 KiB. */
  keep: "all" | "tail";
  onError: (error: unknown) => void;
}

/**
 * Keeps a session's output on disk. Everything is appended as it comes; a tail is written anew every two seconds, its
 * file being named after the number of its first byte.
 */
export function createOutputFile(options: OutputFileOptions): OutputFile {
  const { directory, ring, keep, onError } = options;
  let savedTo = ring.end;
  let timer: NodeJS.Timeout | null = null;
  let work: Promise<void> = Promise.resolve();

  /** At once and in turn: a command that prints faster than files are written must not lose output. */
  function saveAll(): void {
    const from = Math.max(savedTo, ring.start);
    const until = Math.min(ring.end, maxKeptBytes);
    if (until <= from) return;
    const descriptor = openSync(outputPath(directory), "a", 0o600);
    try {
      writeSync(descriptor, ring.read(from, until - from));
      savedTo = until;
    } finally {
      closeSync(descriptor);
    }
  }

  async function saveTail(): Promise<void> {
    if (savedTo === ring.end) return;
    const from = Math.max(ring.start, ring.end - tailBytes);
    const bytes = Buffer.allocUnsafe(8 + ring.end - from);
    bytes.writeDoubleBE(from);
    ring.copy(from, ring.end - from, bytes, 8);
    savedTo = ring.end;
    const file = tailPath(directory);
    await writeFile(`${file}.next`, bytes, { mode: 0o600 });
    await rename(`${file}.next`, file);
  }

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    work = work.then(keep === "all" ? saveAll : saveTail).catch(onError);
    return work;
  }

  return {
    changed() {
      if (keep === "all" && ring.end - savedTo > saveAtBytes && savedTo < maxKeptBytes) {
        try {
          saveAll();
        } catch (error) {
          savedTo = ring.end;
          onError(error);
        }
        return;
      }
      timer ??= setTimeout(() => void flush(), saveEveryMs);
      timer.unref();
    },
    flush,
  };
}

/** Makes the folder of a session. */
export function prepareDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Reads stored output of a command from byte `from` on; empty when it was not stored. */
export function readStoredOutput(directory: string, from: number, maxBytes: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(outputPath(directory), "r");
  } catch {
    return Buffer.alloc(0); // it never printed anything, or the disk was full
  }
  try {
    const length = Math.max(0, Math.min(maxBytes, fstatSync(descriptor).size - from));
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, length, from));
  } finally {
    closeSync(descriptor);
  }
}

/** The last stored output of a session and the number of its first byte, or `null` when nothing was stored. */
export async function readStoredTail(directory: string): Promise<{ from: number; bytes: Buffer } | null> {
  try {
    const file = await open(tailPath(directory), "r");
    try {
      const all = await file.readFile();
      return { from: all.readDoubleBE(0), bytes: all.subarray(8) };
    } finally {
      await file.close();
    }
  } catch {
    return readEnd(directory);
  }
}

function readEnd(directory: string): { from: number; bytes: Buffer } | null {
  try {
    const from = Math.max(0, statSync(outputPath(directory)).size - tailBytes);
    return { from, bytes: readStoredOutput(directory, from, tailBytes) };
  } catch {
    return null; // it never printed anything
  }
}

function outputPath(directory: string): string {
  return join(directory, "output");
}

function tailPath(directory: string): string {
  return join(directory, "tail");
}

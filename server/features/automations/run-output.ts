import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../../../lib/clock.ts";
import { redact } from "../../../lib/redact.ts";
import { createOutputWriter, type OutputWriter } from "./output-writer.ts";
import { wholeCharacters } from "./redacting-stream.ts";

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
  /** Takes secrets out of outputs that were written before those were known. */
  redactKept(isFinished: (id: string) => boolean): Promise<void>;
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
      return createOutputWriter(file(id));
    },
    read: (id, from, maxBytes, isComplete) => readSlice(file(id), from, maxBytes, isComplete),
    redactKept: (isFinished) => redactFiles(directory, isFinished),
    prune: (keepDays, maxTotalBytes) => prune(directory, clock.now() - keepDays * 86_400_000, maxTotalBytes),
  };
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

/** Rewrites finished outputs that hold a secret which became known after they were written. */
async function redactFiles(directory: string, isFinished: (id: string) => boolean): Promise<void> {
  for (const name of await namesIn(directory)) {
    const id = /^(oc-[a-z0-9]{8,32})\.log$/.exec(name)?.[1];
    if (id === undefined || !isFinished(id)) continue;
    const path = join(directory, name);
    const text = await readFile(path, "utf8");
    const clean = redact(text);
    if (clean === text) continue;
    await writeFile(`${path}.clean`, clean, { mode: 0o600 });
    await rename(`${path}.clean`, path);
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function prune(directory: string, olderThan: number, maxTotalBytes: number): Promise<void> {
  const names = await namesIn(directory);
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

import { createHash, randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

import { AppError } from "../../../lib/app-error.ts";
import type { LogFile } from "./log-file.ts";

export interface GzSpoolOptions {
  /** Folder of its own; emptied when the process starts. */
  directory: string;
  /** A file that unpacks to more than this is refused. */
  maxFileBytes?: number;
  /** Unpacked files kept; the ones used longest ago go first. */
  maxTotalBytes?: number;
}

/** Unpacked copies of compressed logs, so that a place in them is reached as fast as in a plain file. */
export interface GzSpool {
  /** Path of the unpacked copy. Throws `too_large` when it would be too big, `upstream_failed` when it is damaged. */
  unpack(file: LogFile): Promise<string>;
  /** Removes copies left by an earlier run. */
  clear(): Promise<void>;
}

interface Copy {
  path: Promise<string>;
  sizeBytes: number;
}

/** A spool below `directory`; copies are shared by everybody who reads the same file at the same time. */
export function createGzSpool({
  directory,
  maxFileBytes = 1024 ** 3,
  maxTotalBytes = 2 * 1024 ** 3,
}: GzSpoolOptions): GzSpool {
  const copies = new Map<string, Copy>();

  async function write(file: LogFile, key: string, copy: Copy): Promise<string> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, key);
    const partial = `${path}.${randomBytes(4).toString("hex")}`;
    try {
      await pipeline(
        createReadStream(file.path),
        createGunzip(),
        limit(maxFileBytes),
        createWriteStream(partial, { mode: 0o600 }),
      );
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      if (error instanceof AppError) throw error;
      throw new AppError("upstream_failed", `${file.name} cannot be unpacked; it is damaged`, { cause: error });
    }
    copy.sizeBytes = (await stat(path)).size;
    await makeRoom(key);
    return path;
  }

  async function makeRoom(newest: string): Promise<void> {
    let total = [...copies.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const gone: string[] = [];
    for (const [key, { sizeBytes }] of copies) {
      if (total <= maxTotalBytes || key === newest) continue;
      total -= sizeBytes;
      copies.delete(key);
      gone.push(key);
    }
    // Whoever still reads one of them has it open.
    await Promise.all(gone.map((key) => rm(join(directory, key), { force: true })));
  }

  return {
    async unpack(file) {
      const facts = `${file.path}\0${file.id}\0${String(file.sizeBytes)}\0${String(file.modifiedMs)}`;
      const key = createHash("sha256").update(facts).digest("hex").slice(0, 24);
      const known = copies.get(key);
      copies.delete(key);
      const copy: Copy = known ?? { path: Promise.resolve(""), sizeBytes: 0 };
      copies.set(key, copy); // last in the map: used last
      if (!known) copy.path = write(file, key, copy);
      try {
        return await copy.path;
      } catch (error) {
        copies.delete(key);
        throw error;
      }
    },
    clear: () => rm(directory, { recursive: true, force: true }),
  };
}

function limit(maxBytes: number): Transform {
  let total = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      total += chunk.length;
      if (total > maxBytes)
        done(new AppError("too_large", "The log file unpacks to more than 1 GB; download it instead"));
      else done(null, chunk);
    },
  });
}

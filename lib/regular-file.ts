import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

import { AppError } from "./app-error.ts";

/**
 * Opens a file that somebody else may have put there: neither through a link in its last part, nor anything that could keep the
 * reader waiting or never end, as a pipe or a device. Throws `conflict` for what is no regular file, and what the disk says.
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      const code = error instanceof Error && "code" in error ? error.code : null;
      // What Linux and macOS say of a link, of a socket, and of a device nobody serves.
      if (code === "ELOOP" || code === "EMLINK" || code === "ENXIO" || code === "EOPNOTSUPP") throw irregular(path);
      throw error;
    },
  );
  try {
    if (!(await handle.stat()).isFile()) throw irregular(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The text of such a file. Throws `too_large` when it has more than `maxBytes`. */
export async function readRegularFile(path: string, maxBytes: number): Promise<string> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw new AppError("too_large", `${nameOf(path)} has more than ${maxBytes} bytes`);
    // As much as there was when its size was asked: it may grow meanwhile.
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(size), position: 0 });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

function irregular(path: string): AppError {
  return new AppError("conflict", `${nameOf(path)} is no regular file`);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

import { watch, type FSWatcher } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";

const readBytes = 256 * 1024;
const pollMs = 250;
/** What is written line by line within this time is read at once. */
const gatherMs = 5;

export interface FileTail {
  /** Reads what is left and stops. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

/** Gives the bytes of a growing file from its beginning on, in order, soon after they were written. */
export async function tailFile(path: string, onBytes: (bytes: Uint8Array) => void): Promise<FileTail> {
  const handle = await open(path, "r");
  const buffer = Buffer.alloc(readBytes);
  let offset = 0;
  let isStopped = false;
  let reading: Promise<void> | null = null;
  let asked = 0;
  let isQuiet = false;

  async function readAll(): Promise<void> {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, readBytes, offset);
      if (bytesRead === 0 || isStopped) return;
      offset += bytesRead;
      onBytes(buffer.subarray(0, bytesRead));
      if (bytesRead < readBytes) return; // the end; what is written from now on is told by the watcher
    }
  }

  function read(): Promise<void> {
    asked += 1;
    isQuiet = false;
    reading ??= (async () => {
      let answered: number;
      do {
        answered = asked;
        await readAll();
      } while (answered !== asked);
    })().finally(() => {
      reading = null;
    });
    return reading;
  }

  let gathering: NodeJS.Timeout | null = null;
  const look = (): void => {
    if (!isStopped) read().catch(() => undefined); // the final read says what is wrong
  };
  const watcher = watchFile(path, () => {
    gathering ??= setTimeout(() => {
      gathering = null;
      look();
    }, gatherMs);
  });
  // Where the watcher tells nothing; a file that is being read needs no second look.
  const timer = setInterval(() => {
    if (isQuiet) look();
    isQuiet = true;
  }, pollMs);
  look();

  async function close(): Promise<void> {
    clearInterval(timer);
    if (gathering) clearTimeout(gathering);
    watcher?.close();
    await closeQuietly(handle, reading);
  }

  return {
    async finish() {
      try {
        await read();
        await read();
      } finally {
        isStopped = true;
        await close();
      }
    },
    async stop() {
      isStopped = true;
      await close();
    },
  };
}

/** Without a watcher (too many of them on this machine) the file is polled. */
function watchFile(path: string, onChange: () => void): FSWatcher | null {
  try {
    return watch(path, onChange).on("error", () => undefined);
  } catch {
    return null;
  }
}

async function closeQuietly(handle: FileHandle, reading: Promise<void> | null): Promise<void> {
  await reading?.catch(() => undefined);
  await handle.close();
}

import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { AppError } from "../../../lib/app-error.ts";
import {
  type Disk,
  diskError,
  errorCode,
  identify,
  isSameFile,
  keepAs,
  readWhole,
  replaceFile,
  syncFolder,
} from "../../../lib/durable-file.ts";

/** A larger file is not read, and none is written. */
export const maxFileBytes = 5 * 1024 * 1024;

export type FileReading =
  | { kind: "missing" }
  | { kind: "text"; text: string; modifiedMs: number }
  /** Something that cannot be used; `canReplace` when it may be set aside for a new one. */
  | { kind: "bad"; problem: string; canReplace: boolean };

/** `TASKS.md` was changed between reading and writing it. */
export class ChangedMeanwhile extends Error {}

/** Reads and writes the file itself. */
export interface TasksFileDisk {
  read(): Promise<FileReading>;
  /**
   * Puts `text` in the place of exactly `expected`, what was read (`null`: no file). Throws `ChangedMeanwhile` when something
   * else is there by now, which then stays. Whatever another program does meanwhile, nothing it wrote is overwritten: the
   * file is taken away first and looked at, then the new one is put there only if the place is still free.
   */
  write(text: string, expected: string | null): Promise<void>;
  /** What a program that had the former file still open wrote into it; `null` when nothing was. */
  readLate(): Promise<string | null>;
  /** Remembers a text both sides agree on, for the day somebody loses it. */
  keepAgreed(text: string): Promise<void>;
  /** The text that was kept last; `null` without one. */
  readAgreed(): Promise<string | null>;
  /** Takes away what is there now, to be kept under another name. */
  setAside(suffix: string): Promise<void>;
}

/** The file at `path`; `folder`, on the same disk, is where its former content is kept. */
export function createTasksFileDisk(options: { disk: Disk; path: string; folder: string }): TasksFileDisk {
  const { disk, path, folder } = options;
  const next = join(folder, "TASKS.next.md");
  const former = join(folder, "TASKS.former.md");
  /** What the former file was taken for. */
  let formerText: string | null = null;
  let isChecked = false;

  /** A write that was broken off between taking the file away and putting the new one there. */
  async function recover(): Promise<void> {
    isChecked = true;
    if ((await identify(disk, path)) === null && (await identify(disk, next)) && (await identify(disk, former)))
      await linkIfFree(former);
    await disk.rm(next, { force: true });
  }

  async function readText(file: string): Promise<string | null> {
    const whole = await readWhole(disk, file, maxFileBytes);
    return whole && decode(whole.bytes);
  }

  /** Whether the place was free. */
  async function linkIfFree(file: string): Promise<boolean> {
    try {
      await disk.link(file, path);
      return true;
    } catch (error) {
      if (errorCode(error) === "EEXIST") return false;
      throw error;
    }
  }

  /** Whether the file that is there is the expected one; it is then taken away. */
  async function takeAway(expected: string): Promise<void> {
    try {
      // A file that was put back has both names, and renaming one name of a file to its other one does nothing.
      const [there, kept] = [await identify(disk, path), await identify(disk, former)];
      if (there && kept && isSameFile(there, kept)) await disk.rm(former, { force: true });
      await disk.rename(path, former);
    } catch (error) {
      if (errorCode(error) === "ENOENT") throw new ChangedMeanwhile();
      throw error;
    }
    if ((await readText(former)) !== expected) {
      await linkIfFree(former);
      throw new ChangedMeanwhile();
    }
    formerText = expected;
  }

  async function put(text: string, expected: string | null): Promise<void> {
    await replaceFile(disk, next, text);
    try {
      if (expected !== null) await takeAway(expected);
      if (!(await linkIfFree(next))) throw new ChangedMeanwhile();
    } catch (error) {
      // Whatever went wrong, the file does not stay away.
      if (!(error instanceof ChangedMeanwhile) && expected !== null && (await identify(disk, path)) === null)
        await disk.rename(former, path);
      throw error;
    } finally {
      await disk.rm(next, { force: true });
    }
    await syncFolder(disk, dirname(path));
  }

  /** Without hard links there remains a moment between looking and replacing. */
  async function putOver(text: string, expected: string | null): Promise<void> {
    const before = await identify(disk, path);
    if ((before === null ? null : await readText(path)) !== expected) throw new ChangedMeanwhile();
    await replaceFile(disk, path, text, {
      beforeRename: async () => {
        if (!isSameFile(await identify(disk, path), before)) throw new ChangedMeanwhile();
      },
    });
  }

  return {
    async read() {
      try {
        if (!isChecked) await recover();
        const found = await lstat(path);
        if (!found.isFile())
          return bad(`TASKS.md is ${found.isSymbolicLink() ? "a link" : "no plain file"}; it is not touched.`, false);
        const whole = await readWhole(disk, path, maxFileBytes);
        if (whole === null) return { kind: "missing" };
        const text = decode(whole.bytes);
        if (text === null) return bad("TASKS.md is not UTF-8 text; it is not touched.", true);
        return { kind: "text", text, modifiedMs: Number(whole.identity.modifiedNs / 1_000_000n) };
      } catch (error) {
        if (error instanceof AppError && error.code === "too_large")
          return bad("TASKS.md is larger than 5 MB; it is not touched.", true);
        if (errorCode(error) === "ENOENT") return { kind: "missing" };
        if (errorCode(error) === undefined) throw error;
        return bad(`TASKS.md cannot be read (${errorCode(error)}); it is not touched.`, false);
      }
    },
    async write(text, expected) {
      if (Buffer.byteLength(text) > maxFileBytes)
        throw new AppError("too_large", "TASKS.md would be larger than 5 MB, so it is not written.");
      try {
        await put(text, expected);
      } catch (error) {
        if (error instanceof ChangedMeanwhile) throw error;
        if (!["EPERM", "ENOTSUP", "ENOSYS", "EMLINK", "EXDEV"].includes(errorCode(error) ?? ""))
          throw diskError(error, path);
        await putOver(text, expected);
      }
    },
    async readLate() {
      if (formerText === null) return null;
      const late = await readText(former).catch((error: unknown) => {
        if (errorCode(error) === undefined && !(error instanceof AppError)) throw error;
        return null; // gone or not readable: there is nothing to save
      });
      if (late === null || late === formerText) return null;
      formerText = late;
      return late;
    },
    ...createAgreedText(disk, join(folder, "TASKS.agreed.md"), readText),
    async setAside(suffix) {
      await keepAs(disk, path, `${path}.${suffix}`);
      await disk.rm(path, { force: true });
    },
  };
}

function createAgreedText(
  disk: Disk,
  file: string,
  readText: (file: string) => Promise<string | null>,
): Pick<TasksFileDisk, "keepAgreed" | "readAgreed"> {
  let known: string | null = null;
  return {
    async keepAgreed(text) {
      if (text === known) return;
      await replaceFile(disk, file, text);
      known = text;
    },
    async readAgreed() {
      known ??= await readText(file).catch((error: unknown) => {
        if (errorCode(error) === undefined && !(error instanceof AppError)) throw error;
        return null;
      });
      return known;
    },
  };
}

function bad(problem: string, canReplace: boolean): FileReading {
  return { kind: "bad", problem, canReplace };
}

/** `null` for what is no text. */
function decode(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

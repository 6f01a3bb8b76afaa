import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { screenshotIdSchema, screenshotSchema, type Screenshot } from "../../../contract/features/browser.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import { replaceFile, systemDisk } from "../../../lib/durable-file.ts";

const pngMagic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const undoMs = 60_000;

export interface NewScreenshot {
  title: string;
  url: string;
  width: number;
  height: number;
  png: Buffer;
}

/**
 * Pictures in a folder: `<id>.png` and beside it `<id>.json` with where it was taken. The description is written last and
 * removed first, so that only whole pictures are listed. A deleted one stays for a minute under another name.
 */
export function createScreenshotStore({ directory, clock }: { directory: string; clock: Clock }) {
  const path = (id: string, ending: string): string => join(directory, `${screenshotIdSchema.parse(id)}.${ending}`);

  async function describe(id: string): Promise<Screenshot> {
    const text = await readPlain(path(id, "json"));
    return screenshotSchema.parse(JSON.parse(text.toString("utf8")));
  }

  async function ids(ending: string): Promise<string[]> {
    const names = await readdir(directory).catch(() => []);
    const pattern = new RegExp(`^(.+)\\.${ending}$`);
    return names.flatMap((name) => {
      const id = pattern.exec(name)?.[1];
      return id !== undefined && screenshotIdSchema.safeParse(id).success ? [id] : [];
    });
  }

  async function purge(): Promise<void> {
    for (const id of await ids("deleted")) {
      const { ctimeMs } = await stat(path(id, "deleted"));
      if (clock.now() - ctimeMs < undoMs) continue;
      await rm(path(id, "png"), { force: true });
      await rm(path(id, "deleted"), { force: true });
    }
  }

  return {
    async save({ png, ...where }: NewScreenshot): Promise<Screenshot> {
      if (!png.subarray(0, pngMagic.length).equals(pngMagic))
        throw new AppError("upstream_failed", "The browser sent something that is no picture");
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const takenAt = new Date(clock.now()).toISOString();
      const id = `${takenAt.replace(/[-:.]/g, "")}-${randomBytes(3).toString("hex")}`;
      const screenshot = screenshotSchema.parse({ id, takenAt, ...where, bytes: png.length });
      await replaceFile(systemDisk, path(id, "png"), png);
      await replaceFile(systemDisk, path(id, "json"), Buffer.from(`${JSON.stringify(screenshot, null, 2)}\n`));
      return screenshot;
    },

    /** Newest first; a picture whose description was damaged by hand is left out. */
    async page(before: string | undefined, limit: number): Promise<{ items: Screenshot[]; next: string | null }> {
      await purge();
      const all = (await ids("json")).toSorted().toReversed();
      const older = before === undefined ? all : all.filter((id) => id < before);
      const shown = older.slice(0, limit);
      const described = await Promise.allSettled(shown.map(describe));
      const items = described.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      return { items, next: older.length > limit ? (shown.at(-1) ?? null) : null };
    },

    async image(id: string): Promise<{ screenshot: Screenshot; png: Buffer }> {
      return { screenshot: await describe(id), png: await readPlain(path(id, "png")) };
    },

    /** What it shows: the title of the page, else its address. */
    async nameOf(id: string): Promise<string> {
      const { title, url } = await describe(id);
      return title || url;
    },

    async remove(id: string): Promise<{ undoUntil: string }> {
      await rename(path(id, "json"), path(id, "deleted")).catch(notThere);
      return { undoUntil: new Date(clock.now() + undoMs).toISOString() };
    },

    async restore(id: string): Promise<Screenshot> {
      await rename(path(id, "deleted"), path(id, "json")).catch(notThere);
      return describe(id);
    },
  };
}

export type ScreenshotStore = ReturnType<typeof createScreenshotStore>;

/** Reads a regular file; a link that somebody put in its place is not followed. */
async function readPlain(file: string): Promise<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW).catch(notThere);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function notThere(cause: unknown): never {
  throw new AppError("not_found", "This screenshot is gone", { cause });
}

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Run, RunImage } from "../../../contract/features/runs.ts";
import { makeFolder, replaceFile, systemDisk } from "../../../lib/durable-file.ts";

type ImageFacts = NonNullable<Run["images"]>[number];

const endings: Record<ImageFacts["mediaType"], string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
};

/** File of a picture below the folder of its run; `number` counts from 1. */
export function imageFile(number: number, { mediaType }: Pick<ImageFacts, "mediaType">): string {
  return `images/${number}.${endings[mediaType]}`;
}

/** Keeps the pictures a run was given. */
export async function writeImages(runFolder: string, images: readonly RunImage[]): Promise<void> {
  await makeFolder(systemDisk, join(runFolder, "images"));
  for (const [index, image] of images.entries())
    await replaceFile(systemDisk, join(runFolder, imageFile(index + 1, image)), Buffer.from(image.data, "base64"));
}

/** The pictures a run was given, in order. */
export function readImages(runFolder: string, images: readonly ImageFacts[]): Promise<RunImage[]> {
  return Promise.all(
    images.map(async (image, index) => ({
      ...image,
      data: (await readFile(join(runFolder, imageFile(index + 1, image)))).toString("base64"),
    })),
  );
}

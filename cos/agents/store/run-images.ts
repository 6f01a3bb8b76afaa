import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Run, RunImage } from "../../../contract/features/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { errorCode, makeFolder, replaceFile, systemDisk } from "../../../lib/durable-file.ts";

type ImageFacts = NonNullable<Run["images"]>[number];

const endings: Record<ImageFacts["mediaType"], string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
};

/** Folder of the pictures below the folder of their run; it holds nothing else, and programs of the run may read it. */
export const imagesFolderName = "images";

/** File of a picture below the folder of its run; `number` counts from 1. */
export function imageFile(number: number, { mediaType }: Pick<ImageFacts, "mediaType">): string {
  return `${imagesFolderName}/${number}.${endings[mediaType]}`;
}

/** Keeps the pictures a run was given. */
export async function writeImages(runFolder: string, images: readonly RunImage[]): Promise<void> {
  await makeFolder(systemDisk, join(runFolder, imagesFolderName));
  for (const [index, image] of images.entries())
    await replaceFile(systemDisk, join(runFolder, imageFile(index + 1, image)), Buffer.from(image.data, "base64"));
}

/** The pictures a run was given, in order. Throws `conflict` naming one whose file is gone. */
export function readImages(runFolder: string, images: readonly ImageFacts[]): Promise<RunImage[]> {
  return Promise.all(images.map((image, index) => readImage(runFolder, image, index + 1)));
}

/** One picture a run was given; `number` counts from 1. Throws `conflict` when its file is gone. */
export async function readImage(runFolder: string, image: ImageFacts, number: number): Promise<RunImage> {
  const file = imageFile(number, image);
  try {
    return { ...image, data: (await readFile(join(runFolder, file))).toString("base64") };
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new AppError("conflict", `The picture "${image.name}" is not there any more`, {
      hint: `Put it back as ${file} in the folder of the run, or start a new run without it.`,
    });
  }
}

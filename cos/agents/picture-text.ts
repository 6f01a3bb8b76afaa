import { join } from "node:path";

import type { AttemptTask } from "./attempt.ts";
import { imageFile, imagesFolderName } from "./store/run-images.ts";

/** Folder of the pictures the programs of a run may read; `null` when it was given none. */
export function picturesFolder({ runImages, runFolder }: Pick<AttemptTask, "runImages" | "runFolder">): string | null {
  return runImages.length === 0 ? null : join(runFolder, imagesFolderName);
}

/** The text for somebody who takes nothing but text: it says where the pictures that belong to it are. */
export function withPicturePaths({
  text,
  images,
  runFolder,
}: Pick<AttemptTask, "text" | "images" | "runFolder">): string {
  if (images.length === 0) return text;
  const files = images.map((image, index) => `- ${join(runFolder, imageFile(index + 1, image))} (${image.name})`);
  return `${text}\n\nPictures that belong to this:\n${files.join("\n")}`;
}

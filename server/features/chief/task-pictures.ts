import { basename, dirname } from "node:path";

import { type RunImage, runImagesSchema } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { type PromptPlaces, readWithin } from "./task-prompt.ts";

/** In base64 it fills a request alone. */
const maxPictureBytes = 660_000;

/**
 * Pictures among what a task gives along, for models that can look at them; what does not fit into `roomBytes` of a request
 * is left out and only named in the prompt.
 */
export async function taskPictures(
  { attachments }: Pick<Task, "attachments">,
  { folder, screenshotFile }: PromptPlaces,
  roomBytes: number,
): Promise<RunImage[]> {
  let pictures: RunImage[] = [];
  let left = roomBytes;
  for (const attachment of attachments) {
    const isScreenshot = attachment.kind === "screenshot";
    const file = isScreenshot ? screenshotFile(attachment.name) : attachment.path;
    const root = isScreenshot ? dirname(file) : folder;
    const bytes = root === null ? null : await readWithin(root, isScreenshot ? basename(file) : file, maxPictureBytes);
    const mediaType = bytes === null ? null : pictureType(bytes);
    if (bytes === null || mediaType === null) continue;
    const more = [...pictures, { name: basename(file).slice(-120), mediaType, data: bytes.toString("base64") }];
    const size = more.at(-1)?.data.length ?? 0;
    if (size > left || !runImagesSchema.safeParse(more).success) continue;
    left -= size;
    pictures = more;
  }
  return pictures;
}

/** By its first bytes, whatever its name says. */
function pictureType(bytes: Buffer): RunImage["mediaType"] | null {
  const head = bytes.toString("latin1", 0, 12);
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (head.startsWith("GIF8")) return "image/gif";
  return head.startsWith("RIFF") && head.endsWith("WEBP") ? "image/webp" : null;
}

import { basename, dirname } from "node:path";

import type { RunImage } from "../../../contract/features/runs.ts";
import type { Task } from "../../../contract/features/tasks.ts";
import { readWithin } from "./task-prompt.ts";

/** APIs take five megabytes of base64 for one picture. */
const maxPictureBytes = 3_500_000;
/** Base64 of all pictures of a run together. */
const maxTotalCharacters = 8_000_000;

export interface PicturePlaces {
  /** Folder of the app; `null` without one. */
  folder: string | null;
  /** Where a screenshot of the panel lies. */
  screenshotFile(name: string): string;
}

/** A picture that goes along, and what of the task it is. */
export interface GivenPicture {
  attachment: Task["attachments"][number];
  image: RunImage;
}

/** Pictures among what a task gives along, for agents and models that can look at them; what is too large is left out. */
export async function taskPictures(
  { attachments }: Pick<Task, "attachments">,
  { folder, screenshotFile }: PicturePlaces,
): Promise<GivenPicture[]> {
  const pictures: GivenPicture[] = [];
  let left = maxTotalCharacters;
  for (const attachment of attachments) {
    const isScreenshot = attachment.kind === "screenshot";
    const file = isScreenshot ? screenshotFile(attachment.name) : attachment.path;
    const root = isScreenshot ? dirname(file) : folder;
    const bytes = root === null ? null : await readWithin(root, isScreenshot ? basename(file) : file, maxPictureBytes);
    const mediaType = bytes === null ? null : pictureType(bytes);
    if (bytes === null || mediaType === null) continue;
    const image = { name: basename(file).slice(-120), mediaType, data: bytes.toString("base64") };
    if (image.data.length > left) continue;
    left -= image.data.length;
    pictures.push({ attachment, image });
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

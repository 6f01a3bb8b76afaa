import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { ModelMessage } from "ai";

import type { RunImage } from "../../../contract/features/runs.ts";
import { errorCode, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import { redactValue } from "../../../lib/redact.ts";

/** Where the conversation of a run with a model is kept; also the name of its session. */
export const messageFileName = "messages.json";

/** Stands in the file for a picture of the run; its bytes lie beside it already. */
const imageMark = "picture:";

/** What the user says, with the pictures that belong to it. */
export function userMessage(text: string, images: readonly RunImage[]): ModelMessage {
  if (images.length === 0) return { role: "user", content: text };
  const pictures = images.map(({ data, mediaType }) => ({ type: "image" as const, image: data, mediaType }));
  return { role: "user", content: [{ type: "text", text }, ...pictures] };
}

/** The conversation so far; empty when there is none. `images` are those the run was given. */
export async function readMessages(runFolder: string, images: readonly RunImage[]): Promise<ModelMessage[]> {
  const { modelMessageSchema } = await import("ai");
  try {
    const messages: unknown = JSON.parse(await readFile(join(runFolder, messageFileName), "utf8"));
    const restored = withImages(modelMessageSchema.array().parse(messages), (image) =>
      image.startsWith(imageMark) ? (images[Number(image.slice(imageMark.length))]?.data ?? image) : image,
    );
    return restored;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** Keeps the conversation, without secrets and without the bytes of pictures, so that it can be gone on with. */
export async function writeMessages(
  runFolder: string,
  messages: readonly ModelMessage[],
  images: readonly RunImage[],
): Promise<void> {
  const plain = withImages(messages, (image) => {
    const place = images.findIndex(({ data }) => data === image);
    return place === -1 ? image : `${imageMark}${place}`;
  });
  await replaceFile(systemDisk, join(runFolder, messageFileName), JSON.stringify(redactValue(plain)));
}

function withImages(messages: readonly ModelMessage[], change: (image: string) => string): ModelMessage[] {
  return messages.map((message) => {
    if (message.role !== "user" || typeof message.content === "string") return message;
    const content = message.content.map((part) =>
      part.type === "image" && typeof part.image === "string" ? { ...part, image: change(part.image) } : part,
    );
    return { ...message, content };
  });
}

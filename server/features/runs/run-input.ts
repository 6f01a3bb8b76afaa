import { randomBytes } from "node:crypto";
import { realpath, stat } from "node:fs/promises";

import { AppError } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";

const maxTitle = 80;

/** An id that sorts by time: nine digits of milliseconds in base 36, then chance. */
export function newRunId(nowMs: number): string {
  const chance = BigInt(`0x${randomBytes(8).toString("hex")}`)
    .toString(36)
    .padStart(13, "0")
    .slice(-10);
  return `run-${nowMs.toString(36).padStart(9, "0")}${chance}`;
}

/** An id for runs that were given the same prompt at once. */
export function newGroupId(nowMs: number): string {
  return `group-${newRunId(nowMs).slice(4)}`;
}

/** The title as given, or the first line of the prompt that says something, without the signs of a heading or a list; without secrets, which are looked for before it is cut. */
export function titleOf(title: string | undefined, text: string): string {
  if (title !== undefined && title !== "") return redact(title);
  const line =
    redact(text)
      .split(/\r?\n/)
      .map((one) => one.replace(/^[\s#>*-]+/, "").trim())
      .find((one) => one !== "") ?? text.trim();
  return line.length > maxTitle ? `${line.slice(0, maxTitle - 1).trimEnd()}…` : line;
}

/** The folder itself behind all links. Throws `invalid_request` when it is none or cannot be read. */
export async function existingFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    throw wrongFolder(`There is no folder ${folder}`, error);
  }
  throw wrongFolder(`${folder} is not a folder`);
}

function wrongFolder(message: string, cause?: unknown): AppError {
  return new AppError("invalid_request", message, {
    issues: [{ path: "body.folder", message: "is not a folder on this machine" }],
    cause,
  });
}

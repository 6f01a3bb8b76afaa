import { open } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";

import type { KnownSecrets } from "../lib/known-secrets.ts";
import { redact } from "../lib/redact.ts";

const tailBytes = 256 * 1024;
const maxLineLength = 2_000;
const timePrefix = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z?)/;

/**
 * The last lines a process wrote, oldest first: redacted as one text (a secret may span lines), without control
 * characters, output and error file merged by PM2's time prefix. A file that is not there counts as empty.
 */
export async function readLogTail(files: readonly (string | null)[], maxLines: number): Promise<string[]> {
  const paths = [...new Set(files.filter((file) => file !== null && file !== "/dev/null"))] as string[];
  const texts = await Promise.all(paths.map(readTail));
  const parts = texts.map((text) => toLines(redactTail(text)).slice(-maxLines));
  return merge(parts).slice(-maxLines);
}

/** `readLogTail` that knows the secrets apps were given, also those stored since the last time. */
export function createLogTail(secrets: KnownSecrets): typeof readLogTail {
  return async (files, maxLines) => {
    await secrets.refresh();
    return readLogTail(files, maxLines);
  };
}

/** The last 256 kB of a text file, from the beginning of a line; empty when it cannot be read. */
export async function readTail(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => null);
  if (!file) return "";
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const buffer = Buffer.alloc(Math.min(size, tailBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const text = buffer.subarray(0, bytesRead).toString("utf8");
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    await file.close();
  }
}

/** A private key whose beginning was cut off would not be known by its shape any more. */
function redactTail(text: string): string {
  const end = text.search(/-----END [A-Z ]*PRIVATE KEY-----/);
  const begin = text.search(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  return redact(end !== -1 && (begin === -1 || begin > end) ? `[redacted]${text.slice(end)}` : text);
}

function toLines(text: string): string[] {
  const lines = text.split("\n").map((line) => {
    // What a progress bar overwrote is not shown: the text after the last carriage return is what stood there.
    const shown = line.replace(/\r+$/, "").split("\r").at(-1) ?? "";
    return stripVTControlCharacters(shown).slice(0, maxLineLength);
  });
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Merges files by time; a line without a time stays behind the one before it. */
function merge(parts: string[][]): string[] {
  if (parts.length < 2) return parts[0] ?? [];
  const timed = parts.flatMap((lines) => {
    let time = "";
    return lines.map((line) => {
      time = timePrefix.exec(line)?.[1] ?? time;
      return { time, line };
    });
  });
  return timed.toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).map(({ line }) => line);
}

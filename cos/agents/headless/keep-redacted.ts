import { open, readFile, rm, stat } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";

import { errorCode, replaceFile, systemDisk } from "../../../lib/durable-file.ts";
import { redact, redactValue } from "../../../lib/redact.ts";

const keptBytes = 2 * 1024 * 1024;
const pieceLines = 200;

/** Rewrites raw output without secrets, its last 2 MiB; what is empty goes. Lines are cleaned in turns, so that nothing else waits. */
export async function keepRedacted(file: string): Promise<void> {
  try {
    const { size } = await stat(file);
    if (size === 0) {
      await rm(file);
      return;
    }
    const lines = (await readLast(file, size)).split("\n");
    const cleaned: string[] = [];
    for (let at = 0; at < lines.length; at += pieceLines) {
      cleaned.push(...cleanLines(lines.slice(at, at + pieceLines)));
      await nextTurn();
    }
    await replaceFile(systemDisk, file, cleaned.join("\n"));
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
}

/** In JSON the end of a line is written as "\\n", and stands before a name as a letter would: it is cleaned as what it says. */
function cleanLines(lines: readonly string[]): string[] {
  const cleaned: string[] = [];
  let plain: string[] = [];
  const flush = (): void => {
    if (plain.length > 0) cleaned.push(redact(plain.join("\n")));
    plain = [];
  };
  for (const line of lines) {
    const json = cleanJson(line);
    if (json === null) plain.push(line);
    else {
      flush();
      cleaned.push(json);
    }
  }
  flush();
  return cleaned;
}

/** `null` for what is no JSON. */
function cleanJson(line: string): string | null {
  if (!/^\s*[{[]/.test(line)) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const known = JSON.stringify(value);
  const clean = JSON.stringify(redactValue(value));
  return clean === known ? line : clean;
}

async function readLast(file: string, size: number): Promise<string> {
  if (size <= keptBytes) return readFile(file, "utf8");
  const handle = await open(file, "r");
  try {
    const buffer = Buffer.alloc(keptBytes);
    const { bytesRead } = await handle.read(buffer, 0, keptBytes, size - keptBytes);
    const text = buffer.toString("utf8", 0, bytesRead);
    return text.slice(text.indexOf("\n") + 1);
  } finally {
    await handle.close();
  }
}

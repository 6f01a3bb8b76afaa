import { realpath } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { ToolCall } from "../contract/features/run-events.ts";

const pathField = /(?:path|file|dir|directory|folder|cwd|root|uri|source|destination|target)s?$/i;
const maxPaths = 200;

/**
 * The files and folders a tool call names, each absolute with its links followed as they are now. Of more than `most` the
 * rest is "/": nobody has looked where they are.
 */
export async function touchedPaths(
  call: Pick<ToolCall, "input" | "edits">,
  folder: string,
  most = maxPaths,
): Promise<string[]> {
  const named = [...new Set([...call.edits.map(({ path }) => path), ...namedIn(call.input)])];
  const places = await Promise.all(named.slice(0, most).map((path) => realPlace(absolute(path, folder))));
  return [...new Set(named.length > most ? [...places, "/"] : places)];
}

/** Where a path leads: its links followed as far as it exists. */
export async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path); // not there yet, or not ours to look at: what is above it counts
    return parent === path ? path : join(await realPlace(parent), basename(path));
  }
}

/** Whether an absolute path is the folder or lies below it. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

function absolute(path: string, folder: string): string {
  if (path.startsWith("file://")) {
    try {
      return fileURLToPath(path);
    } catch {
      return "/"; // no file of this machine: it lies in nobody's folder
    }
  }
  if (path === "~" || path.startsWith("~/")) return join(homedir(), path.slice(1));
  return resolve(folder, path);
}

/** Texts of fields that are named like a path, at any depth. */
function namedIn(input: string | null): string[] {
  let value: unknown;
  try {
    value = JSON.parse(input ?? "null") as unknown;
  } catch {
    return []; // arguments of no known form
  }
  const found: string[] = [];
  const look = (inner: unknown, isPath: boolean, depth: number): void => {
    if (depth > 20) return;
    if (typeof inner === "string") {
      if (isPath && inner !== "") found.push(inner);
    } else if (Array.isArray(inner)) for (const item of inner) look(item, isPath, depth + 1);
    else if (typeof inner === "object" && inner !== null)
      for (const [name, item] of Object.entries(inner)) look(item, pathField.test(name), depth + 1);
  };
  look(value, false, 0);
  return found;
}

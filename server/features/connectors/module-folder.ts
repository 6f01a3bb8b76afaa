import { readdir, realpath } from "node:fs/promises";
import { basename, extname, join, sep } from "node:path";

import { connectorIdSchema } from "../../../contract/features/connectors.ts";
import { readRegularFile } from "../../../lib/regular-file.ts";
import { moduleHash } from "../../connectors/custom/module/module-hash.ts";

/** A file with its text. */
export interface SourceFile {
  file: string;
  text: string;
}

const endings = new Set([".ts", ".mts", ".js", ".mjs"]);
const maxFileBytes = 1024 * 1024;
const mostModules = 200;

/** Whether a file in the folder is a module: helpers have names that are no ids, such as `_dates.ts`, or lie in folders. */
export function isModuleFile(name: string): boolean {
  return endings.has(extname(name)) && connectorIdSchema.safeParse(idOfFile(name)).success;
}

function idOfFile(name: string): string {
  return basename(name, extname(name));
}

/** The modules there are, by id; of two files with one id the first counts. */
export async function moduleFiles(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(folder)).filter(isModuleFile).toSorted().slice(0, mostModules);
  const found = new Map<string, string>();
  for (const name of names) if (!found.has(idOfFile(name))) found.set(idOfFile(name), name);
  return found;
}

/** Files of a module with their texts; `null` when one is gone, too large, or lies elsewhere. */
export async function readSources(folder: string, files: readonly string[]): Promise<SourceFile[] | null> {
  const sources: SourceFile[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const real = await realpath(path).catch(() => null);
    if (real?.startsWith((await realpath(folder)) + sep) !== true) return null;
    const text = await readRegularFile(path, maxFileBytes).catch(() => null);
    if (text === null) return null;
    sources.push({ file, text });
  }
  return sources;
}

/** What a module's files come to; something that is no hash when they cannot be read. */
export async function hashOfFiles(folder: string, files: readonly string[]): Promise<string> {
  const sources = await readSources(folder, files);
  return sources === null ? "" : moduleHash(sources);
}

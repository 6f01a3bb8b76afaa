import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

const packageSchema = z.object({ version: z.string().max(60) });
/** The folder of an npm package a program lies in. */
const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
/** Claude Code and Cursor keep each version in a folder or file of its own. */
const versionFolder = /\/versions\/v?(\d+\.\d[^/]*)(?:\/|$)/;

/** The version of a program as its installer wrote it down: in the npm package it belongs to, or in its path. Nothing is started. */
export function installedVersion(program: string): string | null {
  try {
    const file = realpathSync(program);
    const named = versionFolder.exec(file)?.[1];
    if (named !== undefined) return named;
    const folder = packageFolder.exec(file)?.[0];
    if (folder === undefined) return null;
    const found = packageSchema.safeParse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
    return found.success ? found.data.version : null;
  } catch {
    return null; // whatever is wrong with it, a check of the program tells it better
  }
}

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The nearest folder from this one upwards with a package.json; the folder itself when there is none. */
export function packageFolder(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, "package.json"))) return at;
  return folder;
}

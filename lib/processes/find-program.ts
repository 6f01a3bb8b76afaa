import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/**
 * The absolute path of a program: a path is resolved against `cwd`, a bare name is searched in the folders of
 * `searchPath` (a `PATH` value). Its empty entries, which mean the current folder to a shell (POSIX, 8.3), are skipped:
 * what is run by its bare name must not be what lies in a project. `null` when there is no such executable file.
 */
export function findProgram(name: string, cwd: string, searchPath: string | undefined): string | null {
  if (name.includes("/") || isAbsolute(name)) {
    const path = resolve(cwd, name);
    return isExecutable(path) ? path : null;
  }
  for (const folder of (searchPath ?? "").split(delimiter)) {
    if (folder === "") continue;
    const path = join(resolve(cwd, folder), name);
    if (isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // missing or not ours to run: the same for a search
  }
}

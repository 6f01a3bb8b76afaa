import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { z } from "zod";

const packageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

/** Version of PM2 in this project's `node_modules`. */
export function ownPm2Version(rootDir: string): string {
  return readPackage(join(rootDir, "node_modules/pm2")).version;
}

/**
 * The folder of a PM2 package that updates of this project do not replace: `<stateDir>/pm2-runtime/<version>`, copied
 * from `node_modules` with everything PM2 needs when it is not there yet. A daemon keeps reading its own files for as
 * long as it runs, so it must not run out of a folder that `npm ci` empties.
 */
export function preparePm2Runtime(rootDir: string, stateDir: string): string {
  const version = ownPm2Version(rootDir);
  const target = join(stateDir, "pm2-runtime", version);
  const entry = join(target, "node_modules/pm2");
  if (existsSync(join(entry, "package.json"))) return entry;
  const draft = `${target}.new-${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  for (const folder of closureOf(rootDir, "pm2")) {
    cpSync(folder, join(draft, relative(rootDir, folder)), {
      recursive: true,
      filter: (source) => source === folder || !/[\\/]node_modules(?:[\\/]|$)/.test(relative(folder, source)),
    });
  }
  rmSync(target, { recursive: true, force: true });
  renameSync(draft, target);
  return entry;
}

/** Removes copies of other versions; call it only while the daemon runs this version. */
export function removeOldRuntimes(rootDir: string, stateDir: string): void {
  const folder = join(stateDir, "pm2-runtime");
  const kept = ownPm2Version(rootDir);
  for (const name of readdirSync(folder)) if (name !== kept) rmSync(join(folder, name), { recursive: true });
}

/** Folders of a package and of everything it needs, as Node would find them. */
function closureOf(rootDir: string, name: string): Set<string> {
  const found = new Set<string>();
  const visit = (folder: string): void => {
    if (found.has(folder)) return;
    found.add(folder);
    for (const dependency of Object.keys(readPackage(folder).dependencies)) {
      const next = findPackage(dependency, folder, rootDir);
      if (next) visit(next);
    }
  };
  visit(join(rootDir, "node_modules", name));
  return found;
}

function findPackage(name: string, from: string, rootDir: string): string | null {
  for (let folder = from; folder.startsWith(rootDir); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
  }
  return null;
}

function readPackage(folder: string): z.output<typeof packageSchema> {
  return packageSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
}

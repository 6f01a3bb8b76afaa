// Node 20 runs no TypeScript: tests that start real children and bench programs bundle their TypeScript entry first.
import { mkdir } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { external } from "./targets.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Bundles a TypeScript entry, given as a path from the project's root, into one file that Node can run or import;
 * returns its absolute path. The file lies in `dist/`, so that packages which are not bundled are found.
 */
export async function bundleProgram(entry) {
  const { rolldown } = await import("rolldown");
  const folder = join(root, "dist", ".programs");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${basename(entry, extname(entry))}-${process.pid}.mjs`);
  const bundle = await rolldown({
    cwd: root,
    input: resolve(root, entry),
    platform: "node",
    external: (id) => external.some((one) => id === one || id.startsWith(`${one}/`)),
    logLevel: "silent",
  });
  try {
    await bundle.write({
      file,
      format: "esm",
      codeSplitting: false,
      banner:
        'import { createRequire as createRequireHere } from "node:module"; const require = createRequireHere(import.meta.url);',
    });
  } finally {
    await bundle.close();
  }
  return file;
}

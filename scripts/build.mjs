// Builds into dist/ what changed since the last build: a bundle per process, and the client, compressed.
//   npm run build                 what changed
//   npm run build -- --force      everything
//   npm run build -- server ui    these only
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

import { hashSources } from "./lib/source-hash.mjs";
import { bundles, client, external } from "./lib/targets.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const distDir = join(root, "dist");
const stampDir = join(distDir, ".stamp");
const compressed = new Set([".js", ".css", ".html", ".svg", ".json", ".webmanifest", ".txt", ".map", ".wasm"]);
const leastBytes = 512;

/** Builds stale targets; returns the names that were built. Throws the first failure after all have been tried. */
export async function build({ only = [], isForced = false, log = console.log } = {}) {
  mkdirSync(stampDir, { recursive: true });
  const wanted = [...bundles, client].filter(({ name }) => only.length === 0 || only.includes(name));
  const unknown = only.filter((name) => !wanted.some((target) => target.name === name));
  if (unknown.length > 0) throw new Error(`There is no target named ${unknown.join(", ")}`);
  const stale = wanted.filter((target) => {
    if (!existsSync(join(root, target.entry))) log(`  skipped ${target.name}: there is no ${target.entry}`);
    else return isForced || readStamp(target.name)?.input !== inputHash(target);
    return false;
  });
  const results = await Promise.allSettled(stale.map((target) => buildTarget(target, log)));
  const failed = results.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return stale.map(({ name }) => name);
}

/** Hash of what the last build of a target wrote, `null` when it was never built. */
export function builtHash(name) {
  return readStamp(name)?.output ?? null;
}

/** Removes lazily loaded parts of former builds. Only safe while no process runs a former build. */
export function pruneFormerBuilds() {
  for (const { name } of bundles) {
    const folder = join(distDir, name);
    if (!existsSync(folder)) continue;
    const kept = new Set(readStamp(name)?.files ?? []);
    for (const file of readdirSync(folder)) {
      if (!kept.has(`${name}/${file.replace(/\.[0-9a-f]{8}\.cache$/, "")}`)) rmSync(join(folder, file));
    }
  }
}

async function buildTarget(target, log) {
  const started = performance.now();
  const input = inputHash(target);
  const result = target === client ? await buildClient() : await buildBundle(target);
  writeFileSync(join(stampDir, `${target.name}.json`), JSON.stringify({ input, ...result }));
  log(`  built ${target.name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function buildBundle({ name, entry, isCached = false }) {
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    cwd: root,
    input: { [name]: join(root, entry) },
    platform: "node",
    external: (id) => external.some((one) => id === one || id.startsWith(`${one}/`)),
    logLevel: "warn",
    checks: { eval: false },
    plugins: [leanPackages, lazyPackages],
  });
  try {
    const { output } = await bundle.write({
      dir: distDir,
      ...(isCached ? cachedProgram(name) : plainProgram(name)),
      sourcemap: true,
      // Node keeps the text of a program and the ends of its lines in memory: names of functions stay, for stacks; the others,
      // space and comments go.
      minify: {
        compress: false,
        mangle: { keepNames: { function: true, class: true } },
        codegen: { removeWhitespace: true },
      },
    });
    if (isCached) writeStarter(name, output);
    const hash = createHash("sha256");
    for (const part of output) {
      if (part.type !== "chunk") continue;
      hash.update(part.fileName).update(part.code);
      escapeBeyondAscii(join(distDir, part.fileName));
    }
    return { output: hash.digest("hex"), files: output.map(({ fileName }) => fileName) };
  } finally {
    await bundle.close();
  }
}

/** What scripts/lib/cached-program.cjs runs. */
function cachedProgram(name) {
  return {
    format: "cjs",
    entryFileNames: `${name}/main-[hash].cjs`,
    chunkFileNames: `${name}/[name]-[hash].cjs`,
    // What `lazyPackages` looks for has a name then.
    minifyInternalExports: false,
    // V8 forgets who a program was loaded by when it takes what it has made of it before, and could import nothing.
    dynamicImportInCjs: false,
  };
}

function plainProgram(name) {
  return {
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: `${name}/[name]-[hash].js`,
    // Packages in CommonJS ask for built-in modules at run time.
    banner:
      'import { createRequire as portosRequire } from "node:module"; const require = portosRequire(import.meta.url);',
  };
}

function writeStarter(name, output) {
  const { fileName } = output.find((part) => part.type === "chunk" && part.isEntry);
  const text = `import { fileURLToPath } from "node:url";

import { runCached } from "../scripts/lib/cached-program.cjs";

runCached(fileURLToPath(new URL("./${fileName}", import.meta.url)));
`;
  writeFileSync(join(distDir, `${name}.js`), text);
}

/**
 * V8 reads a function expression only roughly until it is called, but an arrow function in an argument, as packages in
 * CommonJS are wrapped in, to its last detail at once: 15 MB that portos-server would never give back. Lines stay.
 */
const lazyPackages = {
  name: "lazy-packages",
  renderChunk(code) {
    return {
      code: code.replace(/(__commonJSMin\()\(\(([\w$, ]*)\) => \{/g, "$1(0, function($2) {"),
      map: null,
    };
  },
};

/**
 * What packages bring along and nothing here uses: the program's text stays in memory for good. Express reads no bodies here
 * (lib/json-body.ts does), so the package for that, with its tables of every character set, is left out; of the list of file
 * types there is one, not one for each package that looks at it.
 */
const leanPackages = {
  name: "lean-packages",
  resolveId(id) {
    if (id === "mime-db") return join(root, "node_modules/mime-db/index.js");
    return id === "body-parser" ? emptyPackage : null;
  },
  load: (id) => (id === emptyPackage ? "module.exports = {};" : null),
};
const emptyPackage = "\0empty-package";

/**
 * Node keeps a program's text in memory, with two bytes for each character as soon as one does not fit into one byte:
 * what is beyond ASCII is written as an escape, which means the same in strings and regular expressions.
 */
function escapeBeyondAscii(file) {
  writeFileSync(file, readFileSync(file, "utf8").replace(/[\u0080-\uffff]/g, escapeOf));
}

function escapeOf(unit) {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

async function buildClient() {
  const { build: buildWithVite } = await import("vite");
  const outDir = join(distDir, "client");
  await buildWithVite({
    root: join(root, "client"),
    configFile: join(root, client.entry),
    mode: "production",
    logLevel: "warn",
    build: { outDir, emptyOutDir: true },
  });
  const files = readdirSync(outDir, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name));
  await Promise.all(files.map(compressFile));
  const hash = createHash("sha256");
  for (const file of files.toSorted()) hash.update(file.slice(outDir.length)).update(readFileSync(file));
  return { output: hash.digest("hex"), files: [] };
}

/** Writes `<file>.br` and `<file>.gz` beside a file when they are smaller. */
async function compressFile(file) {
  if (!compressed.has(extname(file))) return;
  const bytes = await readFile(file);
  if (bytes.length < leastBytes) return;
  const hint = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length, [constants.BROTLI_PARAM_QUALITY]: 11 };
  const [brotli, zipped] = await Promise.all([
    promisify(brotliCompress)(bytes, { params: hint }),
    promisify(gzip)(bytes, { level: 9 }),
  ]);
  if (brotli.length < bytes.length) await writeFile(`${file}.br`, brotli);
  if (zipped.length < bytes.length) await writeFile(`${file}.gz`, zipped);
}

/** Everything a target is made from; the build program and the locked packages are part of it. */
function inputHash(target) {
  return hashSources(root, [
    ...target.sources,
    "package-lock.json",
    "tsconfig.json",
    "scripts/build.mjs",
    "scripts/lib/targets.mjs",
  ]);
}

function readStamp(name) {
  try {
    return JSON.parse(readFileSync(join(stampDir, `${name}.json`), "utf8"));
  } catch {
    return null; // never built, or not by us: build it
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const words = process.argv.slice(2);
  try {
    const built = await build({
      only: words.filter((word) => !word.startsWith("-")),
      isForced: words.includes("--force"),
    });
    console.log(built.length === 0 ? "Everything is up to date." : `Built ${built.join(", ")}.`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

// Puts a connector of the user's own, its helpers and what runs it into one file, for a child that may read nothing else.
//   node scripts/build-connector-module.mjs <folder> <file> [<output>]
// Prints one line of JSON: the files it is made of with their hash, or what is wrong with it. Nothing of it is run.
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ours = "\0runner";
const mostFiles = 50;
const endings = ["", ".ts", ".js", ".mjs", ".mts"];

/** What an author may import besides files beside the module. */
const framework = join(root, "server/connectors/framework/define-connector.ts");

async function build(folder, file, output) {
  const [{ rolldown }, { parseAst }] = await Promise.all([import("rolldown"), import("rolldown/parseAst")]);
  const entry = realpathSync(join(folder, file));
  const sources = new Map();
  const walls = {
    name: "walls",
    resolveId(source, importer) {
      if (source === ours) return ours;
      if (importer === ours)
        return source === "module" ? entry : join(root, "server/connectors/custom/module/runner.ts");
      if (importer === undefined || !isInside(folder, importer)) return null;
      if (source === "portos") return framework;
      if (source === "zod") return this.resolve(source, framework, { skipSelf: true }); // the one that the runner has
      const found = source.startsWith(".") ? besideOf(importer, source) : null;
      if (found !== null && isInside(folder, found)) return found;
      throw new Error(
        `${basename(importer)} imports ${source}, and only zod, portos and files in its folder can be imported`,
      );
    },
    load(id) {
      if (id === ours)
        return 'import { serve } from "runner";\nimport * as given from "module";\nserve(given.default);\n';
      if (!isInside(folder, id)) return null;
      const text = readFileSync(id, "utf8");
      sources.set(relative(folder, id), text);
      if (sources.size > mostFiles) throw new Error(`It is made of more than ${mostFiles} files`);
      return text;
    },
  };
  const bundle = await rolldown({ cwd: root, input: ours, platform: "neutral", logLevel: "silent", plugins: [walls] });
  try {
    const made = await bundle.generate({ format: "esm", codeSplitting: false });
    const [{ code }] = made.output;
    if (holdsImport(parseAst(code)))
      throw new Error("It imports something whose name is only known when it runs, which is not allowed");
    if (output !== undefined) {
      await writeFile(output, code, { mode: 0o600 });
      await chmod(output, 0o600);
    }
    const files = [...sources.keys()].toSorted((a, b) => (a < b ? -1 : 1));
    return { ok: true, files, hash: hashOf(files.map((name) => [name, sources.get(name)])) };
  } finally {
    await bundle.close();
  }
}

function isInside(folder, path) {
  return (
    path.startsWith(folder + sep) &&
    !path
      .slice(folder.length + 1)
      .split(sep)
      .includes("node_modules")
  );
}

/** `null` for what is not there. A link is followed before it is judged. */
function besideOf(importer, source) {
  for (const ending of endings)
    try {
      return realpathSync(resolve(dirname(importer), source + ending));
    } catch {
      // the next ending
    }
  return null;
}

/** As server/connectors/custom/module/module-hash.ts makes it. */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const [name, text] of files) hash.update(`${name}\0${createHash("sha256").update(text).digest("hex")}\n`);
  return hash.digest("hex");
}

function holdsImport(node) {
  if (Array.isArray(node)) return node.some(holdsImport);
  if (typeof node !== "object" || node === null) return false;
  return node.type === "ImportExpression" || Object.values(node).some(holdsImport);
}

const [folder, file, output] = process.argv.slice(2);
try {
  console.log(JSON.stringify(await build(realpathSync(folder), file, output)));
} catch (error) {
  const words = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  console.log(JSON.stringify({ ok: false, message: words.trim().slice(0, 2000) }));
}

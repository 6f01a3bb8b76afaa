// Writes the files of a new connector of your own, with a test.
//   npm run new:connector <id>                    a program in TypeScript and its test
//   npm run new:connector <id> -- --declarative   a file of data
//   --folder=<folder>                             somewhere else than data/connectors
// The program does not run before you have looked at it and accepted it under Connectors.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const ids = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

function titleOf(id) {
  return id.charAt(0).toUpperCase() + id.slice(1).replaceAll("-", " ");
}

async function fromTemplate(name, id) {
  const text = await readFile(join(root, "scripts/templates", name), "utf8");
  return text.replaceAll("__ID__", id).replaceAll("__TITLE__", titleOf(id)).replaceAll("__FILE__", `${id}.ts`);
}

function declarative(id) {
  const operation = {
    name: "find",
    title: "Find items",
    effect: "read",
    method: "GET",
    path: "/items",
    query: { q: "{text}" },
    input: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
    output: { pick: "[*].{id: id, title: title}" },
    examples: [{ title: "Lamps", input: { text: "lamp" } }],
  };
  const definition = {
    id,
    title: titleOf(id),
    baseUrl: "{address}",
    config: [
      { name: "address", title: "Address", description: "Where the service is, such as https://api.example.com" },
      { name: "token", title: "Token", isSecret: true, isRequired: false },
    ],
    auth: { kind: "bearer", secret: "token" },
    operations: [operation],
  };
  return `${JSON.stringify(definition, null, 2)}\n`;
}

/** For editors: where the types of what is imported are. */
function editorSettings(folder) {
  const to = (path) => {
    const way = relative(folder, join(root, path));
    return way.startsWith(".") || isAbsolute(way) ? way : `./${way}`;
  };
  const paths = {
    portos: [to("server/connectors/framework/define-connector.ts")],
    "portos/testing": [to("server/connectors/framework/testing/test-gateway.ts")],
    zod: [to("node_modules/zod")],
    vitest: [to("node_modules/vitest")],
  };
  const compilerOptions = {
    target: "es2023",
    module: "nodenext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    typeRoots: [to("node_modules/@types")],
    types: ["node"],
    paths,
  };
  return `${JSON.stringify({ compilerOptions, include: ["*.ts"] }, null, 2)}\n`;
}

/** What is there stays: nobody's work is written over. */
async function write(folder, name, text, isNeeded = true) {
  try {
    await writeFile(join(folder, name), text, { flag: "wx", mode: 0o600 });
    console.log(`  wrote ${relative(process.cwd(), join(folder, name))}`);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isNeeded) throw new Error(`${name} is there already`, { cause: error });
  }
}

async function main(words) {
  const given = words.filter((word) => !word.startsWith("--"));
  const wanted = words.find((word) => word.startsWith("--folder="))?.slice("--folder=".length);
  const data = resolve(root, process.env.PORTOS_DATA_DIR ?? "data");
  const folder = wanted === undefined ? join(data, "connectors") : resolve(wanted);
  const [id] = given;
  if (given.length !== 1 || !ids.test(id) || id.length > 40)
    throw new Error("Give one id of lower-case letters, digits and single hyphens: npm run new:connector my-service");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (words.includes("--declarative")) {
    await write(folder, `${id}.json`, declarative(id));
    console.log("It is in force at once, turned off: give it an address under Connectors, then turn it on.");
    return;
  }
  await write(folder, `${id}.ts`, await fromTemplate("connector-module.ts.txt", id));
  await write(folder, `${id}.test.ts`, await fromTemplate("connector-module.test.ts.txt", id));
  await write(folder, "tsconfig.json", editorSettings(folder), false);
  const where = wanted === undefined ? "" : ` -- --folder=${wanted}`;
  console.log(`Run its test with: npm run test:connectors${where}`);
  console.log("It does not run before you have looked at it and accepted it under Connectors.");
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

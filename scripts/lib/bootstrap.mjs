// What has to be right before anything else can be loaded. Uses nothing but Node itself.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const leastNode = [20, 19, 0];

/** A problem with its cure, shown to the user without a stack. */
export class SetupError extends Error {
  constructor(message, cure) {
    super(message);
    this.cure = cure;
  }
}

/** Refuses a Node that is too old. */
export function checkNode(version = process.versions.node) {
  const parts = version.split(".").map(Number);
  const difference = leastNode.map((least, index) => (parts[index] ?? 0) - least).find((value) => value !== 0) ?? 0;
  if (difference >= 0) return;
  throw new SetupError(
    `Node ${version} is too old: PortOS needs ${leastNode.join(".")} or newer.`,
    "Install a newer one from https://nodejs.org, or with nvm: nvm install 22",
  );
}

/** Whether node_modules holds exactly what the lock file says, apart from packages for other systems. */
export function isInstalled(folder = root) {
  const [wanted, found] = ["package-lock.json", "node_modules/.package-lock.json"].map((file) =>
    readPackages(join(folder, file)),
  );
  if (!wanted || !found) return false;
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const installed = found[path];
    if (installed ? installed.version !== entry.version : !entry.optional && !entry.devOptional) return false;
  }
  return Object.keys(found).every((path) => path in wanted);
}

/** Installs exactly the lock file when needed. */
export function install({ log = console.log } = {}) {
  if (!isInstalled()) {
    log("Installing the packages of package-lock.json …");
    runNpm(["ci"], "npm ci failed. Is the network there? Its output is above.");
  }
  const missing = missingBindings();
  if (missing.length === 0) return;
  log(`Adding the parts for this system: ${missing.join(", ")} …`);
  runNpm(
    ["install", "--no-save", "--no-package-lock", ...missing],
    "The parts for this system could not be installed.",
  );
  const still = missingBindings();
  if (still.length > 0)
    throw new SetupError(`Not usable on this system: ${still.join(", ")}`, "Remove node_modules and start again.");
}

/** Packages with native code of which the lock file may not hold this system's part: it is made on one system. */
const nativePackages = ["rolldown", "oxc-parser", "lightningcss"];

/** `name@version` of each missing native part that its package lists for this system. */
function missingBindings() {
  const require = createRequire(join(root, "package.json"));
  return nativePackages.flatMap((name) => {
    const file = findPackageFile(name);
    if (!file) return [];
    const { optionalDependencies = {} } = JSON.parse(readFileSync(file, "utf8"));
    const mine = Object.keys(optionalDependencies).filter(isForThisSystem);
    const isThere = mine.some((part) => isResolvable(require, `${part}/package.json`));
    return isThere || mine.length === 0 ? [] : mine.map((part) => `${part}@${optionalDependencies[part]}`);
  });
}

function findPackageFile(name) {
  const file = join(root, "node_modules", name, "package.json");
  return existsSync(file) ? file : null;
}

function isForThisSystem(part) {
  const isMusl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const system = `${process.platform}-${process.arch}`;
  if (!part.includes(system)) return false;
  if (process.platform !== "linux") return !part.endsWith("-gnu");
  return isMusl ? part.includes("musl") : !part.includes("musl");
}

function isResolvable(require, id) {
  try {
    require.resolve(id);
    return true;
  } catch {
    return false;
  }
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null; // missing or damaged: install anew
  }
}

function runNpm(args, failure) {
  const { status, error } = spawnSync("npm", args, {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  throw new SetupError(failure, error ? `npm could not be run: ${error.message}` : "Mend it and start again.");
}

/** Runs a program of the command line and shows what it throws in a readable way. */
export async function main(work) {
  try {
    checkNode();
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    console.error(`✗ ${error instanceof Error ? error.message : error}`);
    if (error instanceof SetupError) console.error(`  ${error.cure}`);
    process.exitCode = 1;
  }
}

/** The typed programs behind the commands; built when they are missing or stale. */
export async function loadControl() {
  const { build } = await import("../build.mjs");
  await build({ only: ["control"], log: () => {} });
  return import("../../dist/control.js");
}

// Ports, folders and the environment of the six processes, computed without any dependency, so that PM2 itself, the
// bootstrap and the tests can load it. `lib/env.ts` parses the same variables with their rules; a test holds the two together.
const { createHash } = require("node:crypto");
const { realpathSync } = require("node:fs");
const { homedir } = require("node:os");
const path = require("node:path");

const inherited = require("../../lib/processes/inherited-variables.json");

const rootDir = path.resolve(__dirname, "../..");
const inheritedPattern = /^(?:LC_|XDG_)[A-Z_]+$/;

/** Where everything is for these environment variables. */
function layout(variables = process.env, root = rootDir) {
  const value = (name) => (variables[name] === "" ? undefined : variables[name]);
  const base = Number(value("PORTOS_BASE_PORT") ?? 5554);
  const dataDir = path.resolve(root, value("PORTOS_DATA_DIR") ?? "data");
  const stateDir = path.resolve(
    root,
    value("PORTOS_STATE_DIR") ?? path.join(homedir(), ".local/state/portos", stateName(dataDir)),
  );
  return {
    rootDir: root,
    dataDir,
    stateDir,
    pm2Home: path.join(stateDir, "pm2"),
    logsDir: path.join(stateDir, "logs"),
    ports: {
      server: base,
      ui: base + 1,
      cdp: Number(value("CDP_PORT") ?? base + 2),
      browserHealth: base + 3,
      cos: base + 4,
      autofixer: base + 5,
      autofixerUi: base + 6,
    },
  };
}

/** Eight hex digits that stand for one data folder, whatever name it was reached by. */
function stateName(dataDir) {
  let real = dataDir;
  try {
    real = realpathSync(dataDir);
  } catch {
    real = dataDir; // not made yet: the plain path stands for it
  }
  return createHash("sha256").update(real).digest("hex").slice(0, 8);
}

/** The environment of our processes: the machine's own settings and our variables, nothing else of the caller's shell. */
function processEnvironment(variables = process.env) {
  const result = {};
  for (const [name, value] of Object.entries(variables)) {
    const isKept = inherited.includes(name) || inheritedPattern.test(name) || name.startsWith("PORTOS_");
    if (isKept && value) result[name] = value;
  }
  for (const name of ["HOST", "CDP_PORT", "CDP_HOST", "VITE_API_HOST"]) {
    if (variables[name]) result[name] = variables[name];
  }
  if (result.PATH) result.PATH = withoutPackageFolders(result.PATH);
  // glibc keeps an arena per thread; two are plenty here and save some MB per process.
  return { ...result, NODE_ENV: variables.NODE_ENV || "production", TZ: "UTC", MALLOC_ARENA_MAX: "2" };
}

/** npm puts folders of its own in front of PATH while it runs a script; they must not reach the user's shells. */
function withoutPackageFolders(searchPath) {
  const isNpms = /(?:[\\/]node_modules[\\/]\.bin|[\\/]node-gyp-bin)$/;
  return searchPath
    .split(path.delimiter)
    .filter((folder) => !isNpms.test(folder))
    .join(path.delimiter);
}

module.exports = { layout, processEnvironment, rootDir };

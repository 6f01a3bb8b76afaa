import { dirname } from "node:path";

const systems = ["android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "aix", "win32"];
const processors = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const exactVersion = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/**
 * Optional packages that some locked package names but the lock file does not hold: `{ path, by, version }`. npm leaves
 * out what the registry in use does not have, and then `npm ci` refuses the file on every system.
 */
export function missingOptionalPackages({ packages }) {
  const missing = new Map();
  for (const [folder, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const path = `node_modules/${name}`;
      if (!isLocked(packages, folder, name)) missing.set(path, { path, by: folder, version });
    }
  }
  return [...missing.values()];
}

/** A copy of the lock file with an entry for each of them, for the system its name says. Throws for a version range. */
export function completeLock(lock) {
  const added = missingOptionalPackages(lock).map(({ path, by, version }) => {
    if (!exactVersion.test(version)) throw new Error(`${path}, wanted by ${by}, has no exact version: ${version}`);
    const isDevelopment = lock.packages[by].dev === true || lock.packages[by].devOptional === true;
    return [path, { version, ...platformOf(path), ...(isDevelopment ? { dev: true } : {}), optional: true }];
  });
  const [[, project], ...others] = Object.entries(lock.packages);
  const sorted = [...others, ...added].toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return { ...lock, packages: { "": project, ...Object.fromEntries(sorted) } };
}

/** npm looks in the folder of the package and in every one above it. */
function isLocked(packages, folder, name) {
  for (
    let current = folder;
    ;
    current = current.includes("/node_modules/") ? current.slice(0, current.lastIndexOf("/node_modules/")) : ""
  ) {
    if (`${current === "" ? "" : `${current}/`}node_modules/${name}` in packages) return true;
    if (current === "" || dirname(current) === ".") return `node_modules/${name}` in packages;
  }
}

/** `cpu`, `os` and `libc` as the name of a platform package says them: "binding-linux-arm64-musl". */
function platformOf(path) {
  const words = path.split(/[/-]/);
  const cpu = processors.filter((name) => words.includes(name));
  const os = systems.filter((name) => words.includes(name));
  if (cpu.length + os.length === 0) throw new Error(`The name of ${path} does not say for which system it is`);
  const isMusl = words.some((word) => word.startsWith("musl"));
  const isGlibc = words.some((word) => word.startsWith("gnu")) && os.includes("linux");
  return {
    ...(cpu.length > 0 ? { cpu } : {}),
    ...(isMusl ? { libc: ["musl"] } : isGlibc ? { libc: ["glibc"] } : {}),
    ...(os.length > 0 ? { os } : {}),
  };
}

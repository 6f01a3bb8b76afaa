import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";

const skipped = /(?:\.test\.tsx?$|\.spec\.ts$|routeTree\.gen\.ts$|^\.)/;

/** Every source file below the given folders and files, sorted, tests left out. */
export function listSources(root, paths) {
  const files = [];
  const visit = (path) => {
    const status = statSync(join(root, path), { throwIfNoEntry: false });
    if (status?.isFile()) files.push(path);
    else if (status) for (const name of readdirSync(join(root, path))) if (!skipped.test(name)) visit(join(path, name));
  };
  for (const path of paths) visit(path);
  return files.map((file) => file.split(sep).join("/")).toSorted((a, b) => (a < b ? -1 : 1));
}

/** SHA-256 over names and contents: equal exactly when nothing relevant changed. */
export function hashSources(root, paths) {
  const hash = createHash("sha256");
  for (const file of listSources(root, paths))
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

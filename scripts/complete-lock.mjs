// Adds to package-lock.json the packages for other systems that the registry in use did not have. Run it after every
// npm install; `--check` only says what is missing.
import { readFileSync, writeFileSync } from "node:fs";

import { completeLock, missingOptionalPackages } from "./lib/lock-platforms.mjs";

const file = "package-lock.json";
const lock = JSON.parse(readFileSync(file, "utf8"));
const missing = missingOptionalPackages(lock);
if (missing.length > 0 && process.argv.includes("--check")) {
  for (const { path, by, version } of missing) console.error(`${path}@${version}, wanted by ${by}, is not locked`);
  console.error("Run node scripts/complete-lock.mjs");
  process.exitCode = 1;
} else if (missing.length > 0) {
  writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`);
  console.log(`locked ${missing.length} packages for other systems`);
}

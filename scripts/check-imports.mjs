// npm run imports: who may import whom, one home per dangerous package, no cycles at run time. Rules: import-rules.json.
import { readFileSync } from "node:fs";

import { root } from "./lib/bootstrap.mjs";
import { findViolations } from "./lib/import-checker.mjs";

const rules = JSON.parse(readFileSync(new URL("import-rules.json", import.meta.url), "utf8"));
const violations = findViolations(root, rules);
for (const { file, line, message } of violations) console.error(`${file}:${line} ${message}`);
if (violations.length > 0) {
  console.error(`${violations.length} forbidden import(s)`);
  process.exitCode = 1;
}

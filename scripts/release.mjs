// Prepares a release: the section "## Unreleased" of CHANGELOG.md becomes that of the version in package.json and is
// archived in docs/changelogs/. Prints "version=…" and "notes=…" (a file), or nothing when no change is waiting.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { releaseChangelog } from "./lib/changelog.mjs";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const released = releaseChangelog(readFileSync("CHANGELOG.md", "utf8"), version, new Date().toISOString().slice(0, 10));
if (released) {
  const archive = `docs/changelogs/${version}.md`;
  mkdirSync("docs/changelogs", { recursive: true });
  writeFileSync("CHANGELOG.md", released.changelog);
  writeFileSync(archive, released.notes);
  console.log(`version=${version}\nnotes=${archive}`);
}

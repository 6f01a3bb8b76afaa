const placeholder = /^## Unreleased[ \t]*$/m;

/**
 * Turns the section under "## Unreleased" into that of a version: `{ changelog, notes }`, the new text of the file
 * with an empty placeholder on top, and the text of this version alone. `null` when nothing is waiting for a release.
 */
export function releaseChangelog(changelog, version, date) {
  const match = placeholder.exec(changelog);
  if (!match) throw new Error('CHANGELOG.md has no line "## Unreleased"');
  const after = changelog.slice(match.index + match[0].length);
  const next = /^## /m.exec(after);
  const notes = after.slice(0, next?.index).trim();
  if (notes === "") return null;
  if (new RegExp(`^## ${version.replaceAll(".", "\\.")}(?: |$)`, "m").test(changelog)) {
    throw new Error(`CHANGELOG.md already has a section ${version}: raise the version in package.json`);
  }
  const rest = next ? after.slice(next.index) : "";
  const head = changelog.slice(0, match.index);
  return {
    changelog: `${head}## Unreleased\n\n## ${version} – ${date}\n\n${notes}\n${rest === "" ? "" : `\n${rest}`}`,
    notes: `# PortOS ${version} – ${date}\n\n${notes}\n`,
  };
}

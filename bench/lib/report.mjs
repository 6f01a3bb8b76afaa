// What every bench program prints: an aligned table under a heading that names the machine. `--save` puts the same table
// into bench/RESULTS.md, in the section of the program.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const resultsFile = fileURLToPath(new URL("../RESULTS.md", import.meta.url));
const preamble = `# Measured

Each program in this folder prints ours beside the limit or the peer, measured in the same run; \`--save\` writes its
section here. Figures of one machine at one time: compare within a table, not across machines.
`;

/** "2 cores, 24 GiB, Debian 12, Node 20". */
export function machineName() {
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores, ${gibibytes} GiB, ${systemName()}, Node ${process.versions.node.split(".")[0]}`;
}

/**
 * Prints `rows` (arrays of cells) under `columns` and saves them when asked to.
 * `goals` are `{ text, isMet }`; a goal that is not met makes the exit code 1.
 */
export function report({ program, title, columns, rows, goals = [], notes = [] }) {
  const cells = [columns, ...rows].map((row) => row.map(String));
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join(" | ");
  const rule = widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ");
  const [head, ...body] = cells;
  const lines = [
    `## ${program}: ${title}`,
    "",
    `${machineName()}, ${new Date().toISOString().slice(0, 10)}.`,
    "",
    ...[line(head), rule, ...body.map(line)].map((row) => `| ${row} |`),
    "",
    ...goals.map(({ text, isMet }) => `- ${isMet ? "met" : "NOT met"}: ${text}`),
    ...notes.map((note) => `- ${note}`),
  ];
  const section = `${lines.join("\n").trimEnd()}\n`;
  console.log(`\n${section}`);
  if (process.argv.includes("--save")) save(`## ${program}: `, section);
  if (goals.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

/** The middle one of several measurements. */
export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

/** The value below which `share` (0 to 1) of the numbers lie. */
export function quantile(numbers, share) {
  return numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];
}

/** "38 187", "0.84". */
export function format(number, digits = 0) {
  const [whole, fraction] = number.toFixed(digits).split(".");
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ");
  return fraction ? `${grouped}.${fraction}` : grouped;
}

function save(heading, section) {
  const old = existsSync(resultsFile) ? readFileSync(resultsFile, "utf8") : preamble;
  const sections = old.split(/^(?=## )/m);
  const at = sections.findIndex((text) => text.startsWith(heading.split(":")[0] + ":"));
  if (at === -1) sections.push(section);
  else sections[at] = section;
  writeFileSync(resultsFile, `${sections.map((text) => text.trimEnd()).join("\n\n")}\n`);
}

function systemName() {
  if (process.platform === "darwin")
    return `macOS ${execFileSync("sw_vers", ["-productVersion"], { encoding: "utf8" }).trim()}`;
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const value = (name) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(release)?.[1];
  return `${value("NAME")?.split(" ")[0] ?? process.platform} ${value("VERSION_ID") ?? ""}`.trim();
}

import { emptyFinding, proposal, type Finding } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";
import { portIn } from "../frameworks.ts";
import { splitCommand } from "../split-command.ts";

const maxLines = 50;
/** Where process managers of Procfiles start to count. */
const firstPort = 5000;

/** Lines of a Procfile, `Procfile.dev` before `Procfile`. */
export async function detectProcfile(folder: FolderReader): Promise<Finding> {
  const finding = emptyFinding();
  for (const file of ["Procfile.dev", "Procfile"]) {
    const text = await folder.readText(file, 64 * 1024);
    if (text === null) continue;
    const entries = parseProcfile(text).slice(0, maxLines);
    for (const [index, { name, line }] of entries.entries()) {
      const port = firstPort + index * 100;
      const usesPort = /\$\{?PORT\b/.test(line);
      const { command, environment, needs } = splitCommand(line, { PORT: String(port) });
      const isRelease = name === "release";
      finding.proposals.push(
        proposal({
          source: file,
          reason: line.slice(0, 120),
          name,
          run: { kind: "command", command: needs === null ? command : ["sh", "-c", line] },
          ports: usesPort ? [port] : [portIn(line)].filter((found) => found !== null),
          environment,
          isRestarted: !isRelease,
          weight: isRelease ? 0 : 60,
          doubts: needs === null ? [] : [`Needs a shell for ${needs}, so it is started through sh`],
        }),
      );
    }
    finding.lines = entries.map(({ name, line }) => `${name}: ${line}`);
    return finding;
  }
  return finding;
}

/** "web: node server.js" per line; comments and everything else are passed over. */
export function parseProcfile(text: string): { name: string; line: string }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^([A-Za-z0-9_-]{1,40}):\s*(\S.*)$/.exec(line);
    return match?.[1] !== undefined && match[2] !== undefined ? [{ name: match[1], line: match[2].trim() }] : [];
  });
}

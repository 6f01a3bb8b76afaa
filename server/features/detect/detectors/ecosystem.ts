import { ecosystemFolder, findEcosystemFile, readEcosystemFile, type EcosystemProcess } from "../ecosystem-file.ts";
import { emptyFinding, proposal, type Finding } from "../finding.ts";
import type { FolderReader } from "../../../../lib/folder-reader.ts";
import { portIn } from "../frameworks.ts";

/** Apps of the project's own PM2 file, read without running it. */
export async function detectEcosystem(folder: FolderReader): Promise<Finding> {
  const finding = emptyFinding();
  const file = await findEcosystemFile(folder);
  const content = file === null ? null : await readEcosystemFile(folder, file);
  if (!content) return finding;
  if (content.problem !== null) {
    finding.lines.push(`${content.file} is there, but ${content.problem}`);
    finding.facts.push({ source: content.file, text: `Could not be read without running it: ${content.problem}` });
    return finding;
  }
  finding.lines = content.processes.map(({ name, script, args }) => `${name}: ${[script, ...args].join(" ")}`);
  for (const why of content.skipped)
    finding.facts.push({ source: content.file, text: `A further entry is only known when the file runs: ${why}` });
  for (const process of content.processes) {
    const cwd = ecosystemFolder(folder.root, content, process.cwd);
    if (process.otherEnvironments.length > 0) {
      const names = process.otherEnvironments.join(", ");
      finding.facts.push({
        source: content.file,
        text: `${process.name} has further environments (${names}); env is used`,
      });
    }
    finding.proposals.push(
      proposal({
        source: content.file,
        reason: describe(process),
        name: process.name,
        run: { kind: "ecosystem", file: content.file, name: process.name.slice(0, 200) },
        cwd: ".",
        ports: portsOf(process),
        isRestarted: process.isRestarted,
        maxMemoryBytes: process.maxMemoryBytes,
        weight: 100,
        doubts: [
          ...process.unread.map((text) => `Only known when the file runs: ${text}`),
          ...(cwd === null ? [`Its folder ${process.cwd} lies outside of the project`] : []),
          ...(process.instances > 1 ? [`It asks for ${process.instances} instances; one is started`] : []),
        ],
      }),
    );
  }
  return finding;
}

function describe({ script, args }: EcosystemProcess): string {
  return [script, ...args].join(" ").slice(0, 120);
}

function portsOf({ env, args, script }: EcosystemProcess): number[] {
  const port = Number(env["PORT"]) || portIn([script, ...args].join(" "));
  return port !== null && Number.isInteger(port) && port > 0 && port < 65_536 ? [port] : [];
}

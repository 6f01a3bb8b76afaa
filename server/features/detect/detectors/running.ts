import { readlink } from "node:fs/promises";

import type { Process } from "../../../../contract/features/processes.ts";
import type { ListeningPort } from "../../../../lib/processes/listening-ports.ts";
import { emptyFinding, proposal, type Finding } from "../finding.ts";
import { insideOf } from "../../../../lib/folder-reader.ts";

/** Processes of both PM2 homes that run in the folder; those that belong to no app yet can be taken over where they are. */
export function detectPm2Processes(folder: string, processes: readonly Process[]): Finding {
  const finding = emptyFinding();
  const counts = new Map<string, number>();
  for (const { home, name } of processes) counts.set(`${home}:${name}`, (counts.get(`${home}:${name}`) ?? 0) + 1);
  for (const process of processes.filter(({ cwd }) => cwd !== "" && insideOf(folder, cwd) !== null)) {
    const where = process.home === "user" ? "your PM2" : "PM2 of PortOS";
    finding.lines.push(`${process.name} is ${process.status} in ${where}`);
    if (process.owner.kind !== "other") {
      finding.facts.push({ source: "PM2", text: `${process.name} belongs to PortOS already` });
      continue;
    }
    const isUnique = counts.get(`${process.home}:${process.name}`) === 1;
    finding.proposals.push(
      proposal({
        source: process.home === "user" ? "PM2 (yours)" : "PM2",
        reason: `${process.status} now: ${process.command}`.slice(0, 160),
        name: process.name,
        run: { kind: "linked", home: process.home, name: process.name },
        weight: isUnique ? 200 : 0,
        doubts: isUnique ? [] : ["Several processes have this name, so it cannot be told apart"],
      }),
    );
  }
  return finding;
}

/** Programs that listen on a port and were started in the folder. */
export async function detectListeningPorts(folder: string, listening: readonly ListeningPort[]): Promise<Finding> {
  const finding = emptyFinding();
  const byPid = new Map(listening.flatMap((entry) => (entry.pid === null ? [] : [[entry.pid, entry] as const])));
  const inside = await Promise.all(
    [...byPid.keys()].map(async (pid) => {
      const cwd = await workingFolder(pid);
      return cwd !== null && insideOf(folder, cwd) !== null ? [pid] : [];
    }),
  );
  const pids = new Set(inside.flat());
  for (const { port, pid, command } of listening) {
    if (pid === null || !pids.has(pid)) continue;
    const text = `port ${port}: ${(command ?? "a program").slice(0, 120)} (pid ${pid})`;
    if (finding.lines.includes(text)) continue;
    finding.lines.push(text);
    finding.facts.push({ source: "listening ports", text: `Running from this folder now, ${text}` });
    finding.ports = [...(finding.ports ?? []), port];
  }
  return finding;
}

async function workingFolder(pid: number): Promise<string | null> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    return null; // not Linux, not ours, or just ended
  }
}

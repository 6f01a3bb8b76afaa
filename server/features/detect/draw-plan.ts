import { basename } from "node:path";

import { processInputSchema } from "../../../contract/features/apps.ts";
import type { ImportPlan, PlanConflict, PlanProcess } from "../../../contract/features/detect.ts";
import type { ListeningPort } from "../../../lib/processes/listening-ports.ts";
import { toProcessInput, type Finding, type Proposal } from "./finding.ts";

/** What a plan may clash with. */
export interface Surroundings {
  apps: readonly { id: string; name: string; folder: string; ports: readonly number[] }[];
  /** Ports of the panel itself. */
  panelPorts: readonly number[];
  listening: readonly ListeningPort[];
}

const maxProcesses = 50;

/** Turns what the detectors found into one plan: names made valid and unique, the likeliest processes ticked, conflicts named. */
export function drawPlan(folder: string, findings: readonly Finding[], around: Surroundings): ImportPlan {
  const named = findings.find(({ name }) => name !== undefined && name !== "")?.name;
  const name = clean(named ?? basename(folder), 80) || "app";
  const conflicts: PlanConflict[] = [];
  const id = freeId(slugOf(name), around, conflicts);
  for (const app of around.apps.filter((entry) => entry.folder === folder)) {
    const message = `This folder is registered already as ${app.name}`;
    conflicts.push({ kind: "folder_registered", isBlocking: false, message });
  }
  const proposals = findings.flatMap((finding) => finding.proposals.filter(isUsable)).slice(0, maxProcesses);
  const chosen = choose(proposals);
  const isLinked = proposals.some(({ run, weight }) => run.kind === "linked" && weight > 0);
  // The port of an .env file is meant for one process: the first that names none, if no other names that port.
  const inUse = new Set([...chosen].flatMap(({ ports }) => ports));
  const hinted = findings.flatMap(({ ports }) => ports ?? []).find((port) => !inUse.has(port));
  const first = proposals.find((entry) => chosen.has(entry) && entry.ports.length === 0);
  const taken = new Set<string>();
  const processes = proposals.map((entry): PlanProcess => {
    const ports = entry === first && hinted !== undefined ? [hinted] : entry.ports;
    const own: PlanConflict[] = entry.doubts.map((message) => ({ kind: "unreadable", isBlocking: false, message }));
    if (isLinked && entry.run.kind !== "linked")
      own.push({ kind: "already_running", isBlocking: false, message: "This project runs under PM2 already" });
    own.push(...ports.flatMap((port) => portConflicts(port, around)));
    return {
      isSelected: chosen.has(entry),
      source: entry.source,
      reason: clean(entry.reason, 160),
      process: toProcessInput(entry, freeName(processName(entry.name), taken), ports),
      conflicts: own,
    };
  });
  markShared(processes);
  return {
    folder,
    id,
    name,
    description: clean(findings.find(({ description }) => description)?.description ?? "", 400),
    links: processes.filter(({ isSelected }) => isSelected).flatMap(toLink),
    git: findings.find(({ git }) => git)?.git ?? null,
    processes,
    facts: findings.flatMap(({ facts }) => facts).slice(0, 100),
    conflicts,
  };
}

/** A project may name things in ways no process can be started by: over-long, or with control characters. */
function isUsable(entry: Proposal): boolean {
  return processInputSchema.safeParse(toProcessInput(entry, "process", entry.ports)).success;
}

/** What runs already wins, then the project's own process file, then its Procfile, then the likeliest single command. */
function choose(proposals: readonly Proposal[]): ReadonlySet<Proposal> {
  const best = Math.max(0, ...proposals.map(({ weight }) => weight));
  if (best === 0) return new Set();
  if (best >= 60) return new Set(proposals.filter(({ weight }) => weight === best));
  return new Set(proposals.filter(({ weight }) => weight === best).slice(0, 1));
}

function portConflicts(port: number, { apps, panelPorts, listening }: Surroundings): PlanConflict[] {
  if (panelPorts.includes(port))
    return [{ kind: "port_taken", isBlocking: false, message: `Port ${port} belongs to PortOS` }];
  const conflicts: PlanConflict[] = [];
  const app = apps.find(({ ports }) => ports.includes(port));
  if (app)
    conflicts.push({ kind: "port_taken", isBlocking: false, message: `Port ${port} is used by the app ${app.name}` });
  const holder = listening.find((entry) => entry.port === port);
  if (holder) {
    const who =
      holder.pid === null
        ? "a program of another user"
        : `${clean(holder.command ?? "a program", 100)} (pid ${holder.pid})`;
    conflicts.push({ kind: "port_taken", isBlocking: false, message: `Port ${port} is taken by ${who}` });
  }
  return conflicts;
}

/** Two ticked processes cannot listen on one port. */
function markShared(processes: readonly PlanProcess[]): void {
  const users = new Map<number, PlanProcess[]>();
  for (const entry of processes.filter(({ isSelected }) => isSelected))
    for (const port of entry.process.ports) users.set(port, [...(users.get(port) ?? []), entry]);
  for (const [port, entries] of users) {
    if (entries.length < 2) continue;
    const names = entries.map(({ process }) => process.name).join(" and ");
    for (const { conflicts } of entries)
      conflicts.push({ kind: "port_shared", isBlocking: false, message: `${names} both want port ${port}` });
  }
}

function toLink({ process }: PlanProcess): ImportPlan["links"] {
  const [port] = process.ports;
  return port === undefined ? [] : [{ kind: "port", label: process.name, port, path: "/" }];
}

function freeId(wished: string, { apps }: Surroundings, conflicts: PlanConflict[]): string {
  const taken = new Map(apps.map(({ id, name }) => [id, name]));
  const owner = taken.get(wished);
  if (owner === undefined) return wished;
  conflicts.push({ kind: "id_taken", isBlocking: false, message: `The id ${wished} belongs to ${owner}` });
  return freeSuffix(wished, 40, (candidate) => taken.has(candidate));
}

function freeName(wished: string, taken: Set<string>): string {
  const name = taken.has(wished) ? freeSuffix(wished, 40, (candidate) => taken.has(candidate)) : wished;
  taken.add(name);
  return name;
}

function freeSuffix(base: string, max: number, isTaken: (candidate: string) => boolean): string {
  for (let number = 2; ; number++) {
    const candidate = `${base.slice(0, max - 4).replace(/-+$/, "")}-${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** A name as an id: lower case, letters without accents, digits, single dashes, at most 40 characters. */
export function slugOf(name: string): string {
  const plain = name.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const slug = plain
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "app" : slug;
}

function processName(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .slice(0, 40);
  const trimmed = plain.replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
  return trimmed === "" ? "process" : trimmed;
}

/** Without control characters and surrounding space, cut to `max`. */
function clean(text: string, max: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, max);
}

import type { App, AppProcess, AppStatus } from "../../../contract/features/apps.ts";
import type { Problem, Process } from "../../../contract/features/processes.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { toVariable } from "../../sealed-variables.ts";
import type { AppRecord, StoredProcess } from "./app-record.ts";

export interface ViewDependencies {
  secrets: SecretBox;
  /** The panel's editor link, for apps without one of their own. */
  editorTemplate: () => string;
}

/** What is known of an app's folder. */
export interface FolderFacts {
  problem: Problem | null;
  iconVersion: string | null;
}

/** An app with its live state; `live` finds the PM2 process of one of its processes. */
export function toApp(
  record: AppRecord,
  facts: FolderFacts,
  live: (process: StoredProcess) => Process | null,
  { secrets, editorTemplate }: ViewDependencies,
): App {
  const processes = record.processes.map((process): AppProcess => {
    const running = live(process);
    const missing = process.run.kind === "linked" && running === null ? missingProblem(process.run.name) : null;
    return {
      ...process,
      environment: process.environment.map((variable) => toVariable(variable, secrets)),
      live: running,
      problem: running?.problem ?? missing,
    };
  });
  const alive = processes.flatMap(({ live: process }) => (process === null ? [] : [process]));
  const { deletedAt: _deletedAt, wasOnline: _wasOnline, processes: _processes, ...settings } = record;
  return {
    ...settings,
    editorUrl: (record.editorTemplate ?? editorTemplate()).replace(
      "{folder}",
      record.folder.split("/").map(encodeURIComponent).join("/"),
    ),
    iconVersion: facts.iconVersion,
    status: statusOf(alive),
    onlineCount: alive.filter(({ status }) => status === "online").length,
    cpuPercent: Math.round(alive.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0) * 10) / 10,
    memoryBytes: alive.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    restarts: alive.reduce((sum, { restarts }) => sum + restarts, 0),
    onlineSince: alive.flatMap(({ onlineSince }) => onlineSince ?? []).toSorted()[0] ?? null,
    problem: facts.problem ?? processes.find(({ problem }) => problem !== null)?.problem ?? null,
    processes,
  };
}

/** Errored when any process is, on its way while any is, online when any runs. */
export function statusOf(processes: readonly Pick<Process, "status">[]): AppStatus {
  const has = (...statuses: Process["status"][]): boolean => processes.some(({ status }) => statuses.includes(status));
  if (has("errored")) return "errored";
  if (has("launching", "waiting", "stopping")) return "launching";
  return has("online") ? "online" : "stopped";
}

function missingProblem(name: string): Problem {
  return {
    code: "process_missing",
    message: `PM2 does not know ${name} any more`,
    hint: "Start it with your own PM2, or give it a command here.",
  };
}

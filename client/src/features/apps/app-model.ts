import type { App, AppProcess, AppStatus, ProcessInput } from "../../../../contract/features/apps.ts";
import type { Process } from "../../../../contract/features/processes.ts";
import { toVariableInputs } from "../../ui/variables-editor.tsx";
import { formatCommand } from "./command-text.ts";

/** An app whose processes carry the newest CPU and memory, which come with the processes. */
export function withSamples(app: App, processes: readonly Process[] | undefined): App {
  if (processes === undefined) return app;
  const byKey = new Map(processes.map((process) => [process.key, process]));
  const own = app.processes.map((process) => {
    const newest = process.live === null ? undefined : byKey.get(process.live.key);
    if (process.live === null || newest === undefined) return process;
    const { cpuPercent, memoryBytes } = newest;
    return { ...process, live: { ...process.live, cpuPercent, memoryBytes } };
  });
  const alive = own.flatMap(({ live }) => (live === null ? [] : [live]));
  return {
    ...app,
    processes: own,
    cpuPercent: alive.reduce((sum, { cpuPercent }) => sum + cpuPercent, 0),
    memoryBytes: alive.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
  };
}

export type SortKey = "name" | "status" | "cpu" | "memory";
export type GroupKey = "none" | "group" | "status";

export interface ListChoice {
  text: string;
  status: AppStatus | "all";
  sort: SortKey;
  group: GroupKey;
  isArchived: boolean;
}

const statusRank: Record<AppStatus, number> = { errored: 0, launching: 1, online: 2, stopped: 3 };

const order: Record<SortKey, (a: App, b: App) => number> = {
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  status: (a, b) => statusRank[a.status] - statusRank[b.status],
  cpu: (a, b) => b.cpuPercent - a.cpuPercent,
  memory: (a, b) => b.memoryBytes - a.memoryBytes,
};

/** Apps to show, in groups with a title each; one group without a title when nothing is grouped. */
export function arrangeApps(apps: readonly App[], choice: ListChoice): { title: string | null; apps: App[] }[] {
  const text = choice.text.trim().toLowerCase();
  const shown = apps
    .filter(({ isArchived }) => isArchived === choice.isArchived)
    .filter(({ status }) => choice.status === "all" || status === choice.status)
    .filter((app) => text === "" || searchText(app).includes(text))
    .toSorted((a, b) => order[choice.sort](a, b) || order.name(a, b));
  if (choice.group === "none") return shown.length === 0 ? [] : [{ title: null, apps: shown }];
  const groups = new Map<string, App[]>();
  for (const app of shown) {
    const title = choice.group === "status" ? app.status : app.group === "" ? "Without a group" : app.group;
    groups.set(title, [...(groups.get(title) ?? []), app]);
  }
  return [...groups]
    .map(([title, members]) => ({ title, apps: members }))
    .toSorted((a, b) => a.title.localeCompare(b.title));
}

function searchText({ name, id, folder, group, processes }: App): string {
  const ports = processes.flatMap((process) => process.ports.map(String));
  return [name, id, folder, group, ...ports].join("\n").toLowerCase();
}

/** What a process runs, for the eye. */
export function runText({ run }: Pick<ProcessInput, "run">): string {
  if (run.kind === "command") return formatCommand(run.command);
  if (run.kind === "npm-script") return [run.manager, "run", run.script, ...run.arguments].join(" ");
  if (run.kind === "ecosystem") return `${run.name} of ${run.file}`;
  return `${run.name} in ${run.home === "user" ? "your own PM2" : "PM2"}`;
}

/** A process as it is saved again: secrets stay what they are. */
export function toInput({ live: _live, problem: _problem, environment, ...definition }: AppProcess): ProcessInput {
  return { ...definition, environment: toVariableInputs(environment) };
}

/** A process to begin with when one is added by hand. */
export function newProcess(name: string): ProcessInput {
  return {
    name,
    run: { kind: "command", command: [] },
    cwd: ".",
    ports: [],
    isRestarted: true,
    isStartedWithApp: true,
    maxMemoryBytes: null,
    environment: [],
  };
}

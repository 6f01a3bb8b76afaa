import type { Problem, Process, ProcessOwner } from "../../../contract/features/processes.ts";
import { processNames } from "../../../contract/ports.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-client.ts";
import { redact } from "../../../lib/redact.ts";

/** PM2 namespace of PortOS's own six. */
export const panelNamespace = "portos";
/** PM2 namespace of the processes of one app. */
export const appNamespace = (appId: string): string => `app:${appId}`;
/** PM2 name of a process of an app, which is also its key. */
export const appProcessKey = (appId: string, processName: string): string => `${appId}/${processName}`;

/** Unstable ends in a row from which on a process counts as looping. */
const loopingAfter = 3;

/** To whom a process belongs; names count only together with the namespace PortOS gave it. */
export function ownerOf({ home, name, namespace }: Pick<Pm2Process, "home" | "name" | "namespace">): ProcessOwner {
  if (home !== "portos") return { kind: "other" };
  const own = processNames.find((candidate) => candidate === name);
  if (own !== undefined && namespace === panelNamespace) return { kind: "portos", name: own };
  const [appId = "", processName = "", ...rest] = name.split("/");
  if (namespace === appNamespace(appId) && processName !== "" && rest.length === 0)
    return { kind: "app", appId, processName };
  return { kind: "other" };
}

/** The stable keys of a list of processes, in its order. */
export function keysOf(processes: readonly Pm2Process[]): string[] {
  const bases = processes.map((process) => {
    const owner = ownerOf(process);
    if (owner.kind === "portos") return owner.name;
    if (owner.kind === "app") return appProcessKey(owner.appId, owner.processName);
    return `${process.home === "user" ? "user" : "other"}:${process.name.slice(0, 250)}`;
  });
  const counts = new Map<string, number>();
  for (const base of bases) counts.set(base, (counts.get(base) ?? 0) + 1);
  return bases.map((base, index) => (counts.get(base) === 1 ? base : `${base}#${processes[index]?.pmId ?? index}`));
}

/** A key nobody has yet: the plain one, or with the number of the process behind it. */
export function freeKey(base: string, taken: { has(key: string): boolean }, pid: number | null): string {
  return taken.has(base) ? `${base}#pid-${pid ?? 0}` : base;
}

/** A PM2 process as the panel shows it. */
export function toProcess(
  from: Pm2Process,
  key: string,
  problem: Problem | null,
  unmanagedSince: string | null = null,
): Process {
  return {
    key,
    home: from.home,
    pmId: from.pmId,
    name: from.name,
    owner: ownerOf(from),
    status: from.status,
    pid: from.pid,
    cpuPercent: Math.round(from.cpuPercent * 10) / 10,
    memoryBytes: from.memoryBytes,
    restarts: from.restarts,
    unstableRestarts: from.unstableRestarts,
    isCrashLooping: isCrashLooping(from),
    onlineSince: from.status === "online" ? from.onlineSince : null,
    exitCode: from.exitCode,
    cwd: from.cwd,
    command: commandLine(from),
    problem,
    unmanagedSince,
  };
}

function isCrashLooping({ status, unstableRestarts }: Pm2Process): boolean {
  return status !== "stopped" && unstableRestarts >= loopingAfter;
}

function commandLine({ interpreter, script, args }: Pm2Process): string {
  const program = interpreter === "none" || interpreter === "" ? [] : [interpreter.split("/").at(-1) ?? interpreter];
  return redact([...program, script, ...args].join(" ")).slice(0, 500);
}

/** Whether two views differ in more than CPU and memory. */
export function isSameState(a: Process, b: Process): boolean {
  return (
    JSON.stringify({ ...a, cpuPercent: 0, memoryBytes: 0 }) === JSON.stringify({ ...b, cpuPercent: 0, memoryBytes: 0 })
  );
}

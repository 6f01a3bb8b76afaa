import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import { isProcessAlive, parentOf, signalProcess } from "../../lib/processes/process-info.ts";
import { askHealth } from "./health.ts";
import { stillUnmanaged } from "../../lib/processes/known-process.ts";
import { readRecordedProcesses, type RecordedProcess } from "../../lib/processes/process-record.ts";
import type { OwnProcess } from "./own-processes.ts";
import { readRunRecord } from "./run-record.ts";
import { say, style } from "./terminal-output.ts";

/** One of our processes whose PM2 daemon was killed: it goes on, but nobody looks after it any more. */
export interface Orphan {
  name: string;
  pid: number;
  sessionCount: number;
}

const endWithinMs = 12_000;

/**
 * Those among our processes: started from this state folder, answering under our names on our ports, and either known to
 * have been started by our PM2 or without a parent. To be asked only while no daemon runs.
 */
export async function findOrphans(env: Env, processes: readonly Pick<OwnProcess, "name" | "port">[]) {
  const record = readRunRecord(env.stateDir);
  if (record?.rootDir !== env.rootDir || record.dataDir !== env.dataDir || record.basePort !== env.ports.server)
    return [];
  const [listening, recorded] = await Promise.all([listeningPorts(), unmanagedOf(env)]);
  const known = new Set(recorded.map(({ identity }) => identity.pid));
  const looked = await Promise.all(
    processes.map(async ({ name, port }): Promise<Orphan | null> => {
      const pid = listening.find((entry) => entry.port === port)?.pid ?? null;
      // Where sessions have a reaper of their own (systemd), what lost its parent does not get 1.
      if (pid === null || !(known.has(pid) || (await parentOf(pid)) === 1)) return null;
      const health = await askHealth(port, name);
      return health ? { name, pid, sessionCount: health.sessionCount ?? 0 } : null;
    }),
  );
  return looked.filter((orphan) => orphan !== null);
}

async function unmanagedOf({ stateDir, pm2Home }: Env): Promise<RecordedProcess[]> {
  return stillUnmanaged(await readRecordedProcesses(stateDir), pm2Home);
}

/** Processes of the user's apps that have outlived the PM2 that started them. */
export async function findUnmanagedApps(env: Env): Promise<RecordedProcess[]> {
  return (await unmanagedOf(env)).filter(({ namespace }) => namespace !== "portos");
}

/** Says which apps run without PM2 and how they are managed again. */
export function sayUnmanaged(apps: readonly RecordedProcess[]): void {
  if (apps.length === 0) return;
  const names = apps.map(({ name, identity }) => `${name} (pid ${identity.pid})`).join(", ");
  say(`${style.yellow("!")} outside PortOS' management since PM2 was killed: ${names}`);
  say("  Restart them in the panel to manage them again.");
}

/** Ends them before new ones take their ports; refuses while terminals live in one, unless that is wanted. */
export async function endOrphans(orphans: readonly Orphan[], { withSessions }: { withSessions: boolean }) {
  const inUse = orphans.find(({ sessionCount }) => sessionCount > 0);
  if (inUse && !withSessions)
    throw new AppError(
      "conflict",
      `PM2 was killed; ${inUse.name} (pid ${inUse.pid}) goes on without it, with ${inUse.sessionCount} session(s)`,
      { hint: "Finish what runs there, then: npm start -- --restart-cos (it ends the sessions)." },
    );
  for (const { pid } of orphans) signalProcess(pid, "SIGTERM");
  await Promise.all(orphans.map(({ pid }) => ended(pid)));
  const names = orphans.map(({ name }) => name).join(", ");
  if (orphans.length > 0) say(`${style.green("✓")} ended ${names}, left behind by a PM2 that was killed`);
}

async function ended(pid: number): Promise<void> {
  const until = performance.now() + endWithinMs;
  while (await isProcessAlive(pid)) {
    if (performance.now() > until) signalProcess(pid, "SIGKILL");
    await sleep(50);
  }
}

import { setTimeout as sleep } from "node:timers/promises";

import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import { isProcessAlive, parentOf, signalProcess } from "../../lib/processes/process-info.ts";
import { askHealth } from "./health.ts";
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
 * Those among our processes: started from this state folder, answering under our names on our ports, without a parent.
 * To be asked only while no daemon runs.
 */
export async function findOrphans(env: Env, processes: readonly Pick<OwnProcess, "name" | "port">[]) {
  const record = readRunRecord(env.stateDir);
  if (record?.rootDir !== env.rootDir || record.dataDir !== env.dataDir || record.basePort !== env.ports.server)
    return [];
  const listening = await listeningPorts();
  const looked = await Promise.all(
    processes.map(async ({ name, port }): Promise<Orphan | null> => {
      const pid = listening.find((entry) => entry.port === port)?.pid ?? null;
      if (pid === null || (await parentOf(pid)) !== 1) return null;
      const health = await askHealth(port, name);
      return health ? { name, pid, sessionCount: health.sessionCount ?? 0 } : null;
    }),
  );
  return looked.filter((orphan) => orphan !== null);
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

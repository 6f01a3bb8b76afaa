import type { Env } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { endTree } from "../../lib/processes/end-tree.ts";
import { createPm2Client } from "../../lib/processes/pm2-client.ts";
import { interruptRuns, nameRunsGoingOn } from "./open-runs.ts";
import { keepsRunning } from "./keeps-running.ts";
import { endOrphans, findOrphans, findUnmanagedApps } from "./orphans.ts";
import { readOwnProcesses } from "./own-processes.ts";
import { withStartLock } from "./run-record.ts";
import { say, style } from "./terminal-output.ts";

/** Ends the six processes; with `isAll` all runs, the user's apps in our home and the daemon, too. Without apps the daemon always ends. */
export async function stop(env: Env, { isAll }: { isAll: boolean }): Promise<void> {
  // Before anything is ended: a start that is at work would start some of it again.
  await withStartLock(env.stateDir, () => stopLocked(env, isAll));
}

async function stopLocked(env: Env, isAll: boolean): Promise<void> {
  const client = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
  try {
    // First of all: portos-cos lets go of agents that can be found again when it is ended.
    if (isAll) await interruptRuns(env);
    if (!(await client.isUp())) {
      const orphans = await findOrphans(env, readOwnProcesses(env.rootDir));
      if (orphans.length === 0) say("PortOS is not running.");
      else await endOrphans(orphans, { withSessions: true });
      await endOrNameApps(env, isAll);
      if (!isAll) await nameRunsGoingOn(env);
      return;
    }
    const list = await client.list();
    const wanted = list.filter(({ namespace }) => isAll || namespace === "portos");
    await Promise.all(wanted.map(({ pmId }) => client.remove(pmId)));
    const unmanaged = isAll ? await findUnmanagedApps(env) : [];
    await Promise.all(unmanaged.map((app) => endTree(app)));
    const ended = [...wanted, ...unmanaged];
    say(`${style.green("✓")} stopped ${ended.map(({ name }) => name).join(", ") || "nothing"}`);
    if (!isAll) await nameRunsGoingOn(env);
    const left = await client.list();
    if (left.length === 0) {
      await client.endDaemon();
      return;
    }
    const running = keepsRunning(left);
    if (running.length === 0) return;
    say(`${running.length} process(es) of your apps keep running: ${running.join(", ")}`);
    say("To end them, too: npm stop -- --all");
  } finally {
    client.close();
  }
}

/** Apps whose PM2 was killed: ended with `--all`, else named. */
async function endOrNameApps(env: Env, isAll: boolean): Promise<void> {
  const apps = await findUnmanagedApps(env);
  if (apps.length === 0) return;
  const names = apps.map(({ name }) => name).join(", ");
  if (isAll) {
    await Promise.all(apps.map((app) => endTree(app)));
    say(`${style.green("✓")} ended ${names}, left behind by a PM2 that was killed`);
    return;
  }
  say(`${apps.length} process(es) of your apps keep running: ${names}`);
  say("To end them, too: npm stop -- --all");
}

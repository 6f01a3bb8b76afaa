import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { listeningPorts } from "../../lib/processes/listening-ports.ts";
import { createPm2Client, type Pm2Client, type Pm2Process } from "../../lib/processes/pm2-client.ts";
import { readDaemonPid, startPm2Daemon } from "../../lib/processes/pm2-daemon.ts";
import { printAddresses } from "./addresses.ts";
import { askHealth } from "./health.ts";
import { launch, planSteps, takeBack, type Step } from "./launch.ts";
import { endOrphans, findOrphans, findUnmanagedApps, sayUnmanaged } from "./orphans.ts";
import { processPorts, readOwnProcesses, type OwnProcess } from "./own-processes.ts";
import { ownPm2Version, preparePm2Runtime, removeOldRuntimes } from "./pm2-runtime.ts";
import { checkFolders, takenPorts } from "./preflight.ts";
import { readRunRecord, withStartLock, writeRunRecord } from "./run-record.ts";
import { say, style } from "./terminal-output.ts";

export interface StartOptions {
  /** Restart portos-cos although sessions live in it. */
  isCosRestarted: boolean;
  isQuiet?: boolean;
  /** Leaves portos-ui out, and ends it when it runs: something else serves the page on its port. */
  isUiLeftOut?: boolean;
}

/** Brings up what does not run or has changed; resolves with whether every process now runs the current build. */
export async function start(env: Env, options: StartOptions): Promise<{ isCurrent: boolean }> {
  const started = performance.now();
  checkFolders(env);
  return withStartLock(env.stateDir, async () => {
    const client = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
    try {
      const isWanted = (name: string): boolean => options.isUiLeftOut !== true || name !== "portos-ui";
      const processes = readOwnProcesses(env.rootDir).filter(({ name }) => isWanted(name));
      checkBuilt(processes);
      checkRecord(env, await client.list());
      const wasUp = await checkDaemon(env, client);
      if (!wasUp) await endOrphans(await findOrphans(env, processes), { withSessions: options.isCosRestarted });
      const steps = await plan(env, client, processes, options);
      if (!wasUp) await startDaemon(env);
      for (const { pmId, name, namespace } of await client.list())
        if (namespace === "portos" && !isWanted(name)) await client.remove(pmId);
      await bringUp(env, client, steps, wasUp);
      const isCurrent = steps.every(({ own }) => recorded(env, own) === own.fingerprint);
      if (!wasUp) sayUnmanaged(await findUnmanagedApps(env));
      if (options.isQuiet !== true) await report(env, steps, performance.now() - started);
      return { isCurrent };
    } finally {
      client.close();
    }
  });
}

function checkBuilt(processes: readonly OwnProcess[]): void {
  const missing = processes.filter(({ isBuilt }) => !isBuilt).map(({ name }) => name);
  if (missing.length > 0)
    throw new AppError("unavailable", `Not built: ${missing.join(", ")}`, {
      hint: "Run npm run build and look at its output.",
    });
}

/** The same data must not be served twice, from another folder or on other ports. */
function checkRecord(env: Env, list: readonly Pm2Process[]): void {
  const record = readRunRecord(env.stateDir);
  const runs = list.some(({ namespace, status }) => namespace === "portos" && status === "online");
  if (!record || !runs) return;
  const isSame =
    record.rootDir === env.rootDir && record.dataDir === env.dataDir && record.basePort === env.ports.server;
  if (isSame) return;
  throw new AppError(
    "conflict",
    `A PortOS with this state folder already runs: ${record.rootDir}, data ${record.dataDir}, http://localhost:${record.basePort}`,
    { hint: "Stop it there with npm stop, or give this one its own PORTOS_DATA_DIR and PORTOS_BASE_PORT." },
  );
}

/** Returns whether a daemon is there. Refuses one of another PM2 version, because it may not understand us. */
async function checkDaemon(env: Env, client: Pm2Client): Promise<boolean> {
  const [running, ours] = [await client.version(), ownPm2Version(env.rootDir)];
  if (running === null || running === ours) return running !== null;
  throw new AppError("conflict", `The PM2 daemon of PortOS runs version ${running}, this PortOS brings ${ours}`, {
    hint: "Run npm stop -- --all (it also ends your apps and terminals), then npm start.",
  });
}

async function startDaemon(env: Env): Promise<void> {
  const pid = readDaemonPid(env.pm2Home);
  const runtimeDir = preparePm2Runtime(env.rootDir, env.stateDir);
  try {
    await startPm2Daemon({ directory: env.pm2Home, runtimeDir, cwd: env.stateDir });
  } catch (error) {
    if (pid === null) throw error;
    throw new AppError("unavailable", `A process that looks like our PM2 daemon (pid ${pid}) does not answer`, {
      hint: `Look at ${env.pm2Home}/pm2.log, end that process and start again.`,
      cause: error,
    });
  }
}

async function plan(
  env: Env,
  client: Pm2Client,
  processes: readonly OwnProcess[],
  options: StartOptions,
): Promise<Step[]> {
  const list = await client.list();
  const steps = planSteps(processes, list, readRunRecord(env.stateDir)?.fingerprints ?? {});
  for (const step of steps) {
    if (step.own.name !== "portos-cos" || step.action !== "restart" || step.running?.status !== "online") continue;
    const sessionCount = (await askHealth(step.own.port, step.own.name))?.sessionCount ?? 0;
    if (sessionCount === 0 || options.isCosRestarted) continue;
    step.action = "keep";
    say(
      `${style.yellow("!")} portos-cos has changed, but ${sessionCount} session(s) live in it: it keeps running as it is.`,
    );
    say("  To restart it and end them: npm start -- --restart-cos");
  }
  await checkPorts(env, steps, list);
  return steps;
}

async function checkPorts(env: Env, steps: readonly Step[], list: readonly Pm2Process[]): Promise<void> {
  const needed = steps.filter(({ action }) => action !== "keep");
  if (needed.length === 0) return;
  const wanted = Object.fromEntries(needed.map(({ own }) => [processPorts[own.name], own.port]));
  const ours = new Set(list.map(({ pid }) => pid));
  const taken = takenPorts(wanted, await listeningPorts(), ({ pid }) => pid !== null && ours.has(pid));
  if (taken.length === 0) return;
  const lines = taken.map(({ port, by }) => `port ${port} is taken by ${by}`);
  throw new AppError("conflict", `PortOS needs ports that are in use: ${lines.join("; ")}`, {
    hint: `Stop that program, or choose other ports: PORTOS_BASE_PORT=${env.ports.server + 1000} npm start`,
  });
}

async function bringUp(env: Env, client: Pm2Client, steps: readonly Step[], wasUp: boolean): Promise<void> {
  try {
    await launch(client, steps);
  } catch (error) {
    await takeBack(client, steps);
    if (!wasUp && (await client.list()).length === 0) await client.endDaemon();
    throw error;
  }
  const before = readRunRecord(env.stateDir)?.fingerprints ?? {};
  const fingerprints = steps.map(({ own, action }) => {
    const kept = before[own.name] ?? own.fingerprint;
    return [own.name, action === "keep" ? kept : own.fingerprint] as const;
  });
  writeRunRecord(env.stateDir, {
    rootDir: env.rootDir,
    dataDir: env.dataDir,
    basePort: env.ports.server,
    fingerprints: Object.fromEntries(fingerprints),
  });
  removeOldRuntimes(env.rootDir, env.stateDir);
}

function recorded(env: Env, own: OwnProcess): string | undefined {
  return readRunRecord(env.stateDir)?.fingerprints[own.name];
}

async function report(env: Env, steps: readonly Step[], milliseconds: number): Promise<void> {
  const names = (action: Step["action"]): string =>
    steps
      .filter((step) => step.action === action)
      .map(({ own }) => own.name)
      .join(", ");
  if (names("start") !== "") say(`${style.green("✓")} started ${names("start")}`);
  if (names("restart") !== "") say(`${style.green("✓")} restarted ${names("restart")}`);
  if (names("keep") !== "") say(`${style.green("✓")} running ${names("keep")}`);
  say(`${style.green("✓")} all ${steps.length} processes are healthy (${(milliseconds / 1000).toFixed(1)} s)`);
  await printAddresses(env);
}

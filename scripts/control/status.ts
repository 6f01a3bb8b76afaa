import type { Env } from "../../lib/env.ts";
import { silentLogger } from "../../lib/logger.ts";
import { createPm2Client, type Pm2Process } from "../../lib/processes/pm2-client.ts";
import { askHealth, type Health } from "./health.ts";
import { findUnmanagedApps, sayUnmanaged } from "./orphans.ts";
import { readOwnProcesses, type OwnProcess } from "./own-processes.ts";
import { readRunRecord } from "./run-record.ts";
import { duration, megabytes, say, style, table } from "./terminal-output.ts";

/** Prints a table of the six processes; resolves with whether all of them are online and answer. */
export async function status(env: Env): Promise<boolean> {
  const client = createPm2Client({ home: "portos", directory: env.pm2Home, logger: silentLogger });
  try {
    const [list, version, processes] = [await client.list(), await client.version(), readOwnProcesses(env.rootDir)];
    const fingerprints = readRunRecord(env.stateDir)?.fingerprints ?? {};
    const health = await Promise.all(processes.map(({ port, name }) => askHealth(port, name)));
    const rows = processes.map((own, index) => {
      const found = list.find(({ name, namespace }) => name === own.name && namespace === "portos");
      if (!found && health[index]) return orphanRow(own);
      return row(own, found, health[index] ?? null, fingerprints[own.name] === own.fingerprint);
    });
    const head = ["PROCESS", "STATE", "PID", "UP", "MEMORY", "RESTARTS", "PORT", "HEALTH", "BUILD"].map(style.dim);
    say(table([head, ...rows]));
    say();
    const apps = list.filter(({ namespace }) => namespace !== "portos").length;
    say(
      style.dim(
        version === null
          ? `PM2 is not running.${health.some(Boolean) ? " Bring it up again: npm start" : ""}`
          : `PM2 ${version} in ${env.pm2Home}, ${apps} process(es) of apps`,
      ),
    );
    sayUnmanaged(await findUnmanagedApps(env));
    return processes.every(({ name }, index) => list.some((found) => isOnline(found, name)) && health[index] !== null);
  } finally {
    client.close();
  }
}

/** It answers, but PM2 does not know it. */
function orphanRow(own: OwnProcess): string[] {
  return [own.name, style.red("without PM2"), "–", "–", "–", "–", String(own.port), style.green("ok"), "–"];
}

const isOnline = (found: Pm2Process, name: string): boolean => found.name === name && found.status === "online";

function row(own: OwnProcess, found: Pm2Process | undefined, health: Health | null, isCurrent: boolean): string[] {
  const state = found?.status ?? "not started";
  return [
    own.name,
    state === "online" ? style.green(state) : style.red(state),
    String(found?.pid ?? "–"),
    found?.onlineSince ? duration(Date.now() - Date.parse(found.onlineSince)) : "–",
    found?.pid ? megabytes(found.memoryBytes) : "–",
    String(found?.restarts ?? "–"),
    String(own.port),
    health ? (health.status === "ok" ? style.green("ok") : style.yellow(health.status)) : style.red("no answer"),
    found ? (isCurrent ? "current" : style.yellow("former")) : "–",
  ];
}

import type { Pm2Home, Process, RestartEffect } from "../../../contract/features/processes.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Pm2Client } from "../../../lib/processes/pm2-client.ts";
import type { ProcessSnapshots } from "./process-snapshot.ts";
import { pm2Gone } from "../../../lib/processes/pm2-gone.ts";

/** Outcome of a request: `isDone` is false when the deed ends the process that answers. */
export interface ProcessDeed {
  isDone: boolean;
  process: Process | null;
}

export interface ProcessService {
  start(key: string): Promise<ProcessDeed>;
  stop(key: string): Promise<ProcessDeed>;
  restart(key: string): Promise<ProcessDeed>;
  restartEffect(key: string): Promise<RestartEffect>;
}

export interface ProcessServiceOptions {
  snapshots: ProcessSnapshots;
  clients: Record<Pm2Home, Pm2Client | null>;
  logger: Logger;
  /** Terminals and commands that run in portos-cos now; `null` when it does not answer. */
  countSessions: () => Promise<number | null>;
  /** Which process answers this request, so that it acknowledges before it ends itself. */
  ownName: string;
}

/** Time for the acknowledgement to reach the browser before the panel goes away. */
const farewellMs = 250;

/** Starts, stops and restarts processes of both homes by key. PortOS's own six may only be restarted. */
export function createProcessService(options: ProcessServiceOptions): ProcessService {
  const { snapshots, clients, logger, countSessions, ownName } = options;

  async function need(key: string): Promise<{ process: Process; client: Pm2Client }> {
    const found = snapshots.find(key) ?? (await snapshots.refresh(), snapshots.find(key));
    if (!found) {
      throw new AppError("not_found", `There is no process ${key}`, {
        hint: "It may have been removed from PM2 meanwhile.",
      });
    }
    const client = clients[found.process.home];
    if (!client) throw new AppError("unavailable", "This PM2 is switched off in the environment of PortOS");
    return { process: found.process, client };
  }

  async function done(key: string): Promise<ProcessDeed> {
    await snapshots.refresh();
    return { isDone: true, process: snapshots.find(key)?.process ?? null };
  }

  return {
    async start(key) {
      const { process, client } = await need(key);
      await refuseUnmanaged(process, client);
      if (process.status === "online" || process.status === "launching") return { isDone: true, process };
      await client.restart(process.pmId);
      return done(key);
    },
    async stop(key) {
      const { process, client } = await need(key);
      if (process.owner.kind === "portos") {
        throw new AppError("conflict", `${process.name} is part of PortOS and is not stopped from here`, {
          hint: "Restart it, or stop everything with npm stop.",
        });
      }
      if (process.unmanagedSince === null) await client.stop(process.pmId);
      else await snapshots.endUnmanaged(process.name);
      return done(key);
    },
    async restart(key) {
      const { process, client } = await need(key);
      await refuseUnmanaged(process, client);
      if (process.owner.kind === "portos" && process.owner.name === ownName) {
        logger.info("Restarting this process as asked", { process: key });
        setTimeout(() => {
          // The daemon does it; this process is gone before the answer could be read.
          client.restart(process.pmId).catch((error: unknown) => {
            logger.error("PM2 did not restart this process", { process: key }, error);
          });
        }, farewellMs);
        return { isDone: false, process };
      }
      await client.restart(process.pmId);
      return done(key);
    },
    async restartEffect(key) {
      const { process } = await need(key);
      return effectOf(process, ownName, process.name === "portos-cos" ? await countSessions() : 0);
    },
  };
}

/** What PM2 does not know it cannot start; how it is started again depends on what it is. */
async function refuseUnmanaged({ name, owner, unmanagedSince }: Process, client: Pm2Client): Promise<void> {
  if (unmanagedSince === null) return;
  if (owner.kind === "portos" || !(await client.isUp())) throw pm2Gone();
  throw new AppError("conflict", `${name} runs outside PortOS' management`, {
    hint: owner.kind === "app" ? "Restart it on its app's page." : "Stop it, then start it where it was started.",
  });
}

/** What a restart would end, in one sentence for the question asked before it. */
export function effectOf(process: Process, ownName: string, sessions: number | null): RestartEffect {
  const owner = process.owner.kind === "portos" ? process.owner.name : null;
  const isPanelAway = owner !== null && owner === ownName;
  const base = { key: process.key, sessionsEnded: sessions ?? 0, isPanelAway };
  if (isPanelAway) {
    return { ...base, message: "The panel is away for a second or two. Terminals and apps go on." };
  }
  if (owner === "portos-cos") {
    const what =
      sessions === null
        ? "Every running terminal and command ends."
        : sessions === 0
          ? null
          : `${sessions === 1 ? "1 running terminal or command ends" : `${sessions} running terminals and commands end`}.`;
    return { ...base, message: what };
  }
  if (owner === "portos-browser")
    return { ...base, message: "Chrome is closed and opened again; its tabs come back empty." };
  return { ...base, message: null };
}

import type { ProcessAction, WatchedProcess, WatchedProcesses } from "../contract/internal/autofixer.ts";
import { AppError } from "../lib/app-error.ts";
import type { Pm2Client } from "../lib/processes/pm2-client.ts";
import type { Pm2HomeName, Pm2Process } from "../lib/processes/pm2-types.ts";
import { processMark } from "./process-key.ts";

/** The two PM2 homes; the user's own may be switched off. */
export interface Pm2Homes {
  portos: Pm2Client;
  user: Pm2Client | null;
}

export interface ProcessControlOptions {
  homes: Pm2Homes;
  /** The process that runs this code: it may be restarted, but only after the answer is out. */
  ownPid: number;
  /** The last lines of log files, redacted. */
  logTail(files: readonly (string | null)[], maxLines: number): Promise<string[]>;
}

const answerFirstMs = 200;

/** Lists, starts, stops and restarts processes by asking PM2 directly; used by both processes of the autofixer. */
export function createProcessControl({ homes, ownPid, logTail }: ProcessControlOptions) {
  const clientOf = (home: Pm2HomeName): Pm2Client => {
    const client = homes[home];
    if (!client) throw new AppError("not_found", "Your own PM2 is not looked at");
    return client;
  };

  async function listAll(): Promise<Pm2Process[]> {
    const lists = await Promise.all([homes.portos.list(), homes.user?.list() ?? []]);
    return lists.flat();
  }

  async function find(home: Pm2HomeName, pmId: number): Promise<Pm2Process> {
    const found = (await clientOf(home).list()).find((process) => process.pmId === pmId);
    if (!found) throw new AppError("not_found", "There is no such process any more");
    return found;
  }

  return {
    listAll,

    async overview(isAutofixerUp: boolean): Promise<WatchedProcesses> {
      const [items, portos, user] = await Promise.all([listAll(), homes.portos.isUp(), homes.user?.isUp() ?? false]);
      const states = [
        { home: "portos" as const, isUp: portos },
        ...(user ? [{ home: "user" as const, isUp: true }] : []),
      ];
      return { isAutofixerUp, homes: states, items: items.map(toWatched).toSorted(byImportance) };
    },

    async log(home: Pm2HomeName, pmId: number, lines: number): Promise<{ name: string; lines: string[] }> {
      const process = await find(home, pmId);
      return { name: process.name, lines: await logTail([process.outLog, process.errLog], lines) };
    },

    /** `isDone` is false when the answer comes before the deed, because the deed ends who answers. */
    async act(home: Pm2HomeName, pmId: number, name: string, action: ProcessAction): Promise<{ isDone: boolean }> {
      const process = await find(home, pmId);
      if (process.name !== name) throw new AppError("conflict", `Number ${pmId} is now ${process.name}, not ${name}`);
      const client = clientOf(home);
      const deed = (): Promise<void> => (action === "stop" ? client.stop(pmId) : client.restart(pmId));
      if (process.pid !== ownPid) {
        await deed();
        return { isDone: true };
      }
      setTimeout(() => {
        deed().catch(() => undefined); // PM2 ends us while it answers
      }, answerFirstMs);
      return { isDone: false };
    },
  };
}

export type ProcessControl = ReturnType<typeof createProcessControl>;

function toWatched(process: Pm2Process): WatchedProcess {
  const { key, kind } = processMark(process);
  const { home, pmId, name, status, pid, cpuPercent, memoryBytes, restarts, onlineSince, exitCode } = process;
  return { key, kind, home, pmId, name, status, pid, cpuPercent, memoryBytes, restarts, onlineSince, exitCode };
}

const kindOrder: Record<WatchedProcess["kind"], number> = { own: 0, app: 1, other: 2 };

function byImportance(a: WatchedProcess, b: WatchedProcess): number {
  return kindOrder[a.kind] - kindOrder[b.kind] || a.key.localeCompare(b.key) || a.pmId - b.pmId;
}

import type { HomeState, Pm2Home, Problem, Process } from "../../../contract/features/processes.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { Pm2Client, Pm2Process } from "../../../lib/processes/pm2-client.ts";
import type { ProcessRecord, RecordedProcess } from "../../../lib/processes/process-record.ts";
import { diagnoseExit } from "./exit-diagnosis.ts";
import { freeKey, keysOf, toProcess } from "./process-view.ts";
import { toUnmanaged, unmanagedProblem } from "./unmanaged.ts";

/** A process as shown, with PM2's own record of it. */
export interface PicturedProcess {
  process: Process;
  raw: Pm2Process;
  /** It has outlived the PM2 that started it. */
  isUnmanaged?: true;
}

export interface Picture {
  homes: HomeState[];
  processes: ReadonlyMap<string, PicturedProcess>;
  /** What ended while PM2 was gone, once it is back. */
  lost: RecordedProcess[];
}

export interface PictureTakerOptions {
  clients: readonly { home: Pm2Home; client: Pm2Client }[];
  /** Processes the autofixer stopped for good, by key, with its reason. */
  givenUp?: () => ReadonlyMap<string, string>;
  /** Recognises what runs on without PM2; nothing is recognised without one. */
  record?: ProcessRecord;
  clock: Clock;
  logger: Logger;
}

/** Returns what asks all homes once. A home that does not answer keeps its last known processes. */
export function createPictureTaker({
  clients,
  record,
  givenUp,
  clock,
  logger,
}: PictureTakerOptions): () => Promise<Picture> {
  const lastRaw = new Map<Pm2Home, Pm2Process[]>();
  const seenAt = new Map<Pm2Home, string>();
  const diagnoses = new Map<string, { of: string; problem: Problem | null }>();

  async function ask({ home, client }: { home: Pm2Home; client: Pm2Client }): Promise<HomeState> {
    try {
      const isUp = await client.isUp();
      lastRaw.set(home, isUp ? await client.list() : []);
      if (isUp) seenAt.set(home, new Date(clock.now()).toISOString());
      return { home, isUp, seenAt: seenAt.get(home) ?? null };
    } catch (error) {
      logger.warn("PM2 did not answer", { home, cause: error instanceof Error ? error.message : String(error) });
      return { home, isUp: false, seenAt: seenAt.get(home) ?? null };
    }
  }

  /** Reads the log of a process once for each of its ends, not at each look. */
  async function problemOf(key: string, raw: Pm2Process): Promise<Problem | null> {
    const of = [raw.status, raw.pid, raw.restarts, raw.unstableRestarts, raw.exitCode].join();
    const known = diagnoses.get(key);
    if (known?.of === of) return known.problem;
    const problem = await diagnoseExit(raw);
    diagnoses.set(key, { of, problem });
    return problem;
  }

  return async () => {
    const homes = await Promise.all(clients.map(ask));
    // A PM2 that is there but does not answer keeps what it last said.
    const isUp = homes.some((one) => one.home === "portos" && (one.isUp || lastRaw.get("portos")?.length));
    const { unmanaged, lost } = (await record?.look(lastRaw.get("portos") ?? [], isUp)) ?? { unmanaged: [], lost: [] };
    const raws = clients.flatMap(({ home }) => lastRaw.get(home) ?? []);
    const processes = new Map<string, PicturedProcess>();
    for (const [index, key] of keysOf(raws).entries()) {
      const raw = raws[index];
      if (!raw) continue;
      const reason = raw.status === "stopped" ? givenUp?.().get(key) : undefined;
      const problem = reason === undefined ? await problemOf(key, raw) : givenUpProblem(reason);
      processes.set(key, { raw, process: toProcess(raw, key, problem) });
    }
    for (const found of unmanaged) {
      const raw = toUnmanaged(found);
      const [base = ""] = keysOf([raw]);
      const key = freeKey(base, processes, raw.pid);
      processes.set(key, {
        raw,
        isUnmanaged: true,
        process: toProcess(raw, key, unmanagedProblem(found), found.unmanagedSince),
      });
    }
    for (const key of diagnoses.keys()) if (!processes.has(key)) diagnoses.delete(key);
    return { homes, processes, lost };
  };
}

function givenUpProblem(reason: string): Problem {
  return { code: "given_up", message: reason, hint: "Look at its incident, mend it, then start it again." };
}

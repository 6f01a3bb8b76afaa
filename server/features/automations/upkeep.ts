import type { Logger } from "../../../lib/logger.ts";
import type { OccurrenceLedger } from "./occurrence-ledger.ts";
import type { RunOutputs } from "./run-output.ts";

const checkpointEveryMs = 20_000;
const pruneEveryMs = 12 * 3_600_000;
const firstPruneMs = 60_000;
const keepLedgerDays = 400;
const keepOutputDays = 30;
const maxOutputBytes = 512 * 1024 * 1024;

interface Dependencies {
  ledger: OccurrenceLedger;
  outputs: RunOutputs;
  logger: Logger;
  known: () => { id: string; schedule: string; nextDue: number | null }[];
}

/** Writes checkpoints while things happen and removes what is too old. */
export function createUpkeep({ ledger, outputs, logger, known }: Dependencies) {
  const timers: NodeJS.Timeout[] = [];
  let written = Promise.resolve();

  function checkpoint(): void {
    written = written
      .then(() => ledger.checkpoint(known()))
      .catch((error: unknown) => {
        logger.error("The checkpoint of the ledger could not be written", {}, error);
      });
  }

  function prune(): void {
    Promise.all([ledger.prune(keepLedgerDays), outputs.prune(keepOutputDays, maxOutputBytes)]).catch(
      (error: unknown) => {
        logger.error("Old ledger rows or outputs could not be removed", {}, error);
      },
    );
  }

  const every = (delayMs: number, work: () => void): void => {
    const timer = setInterval(work, delayMs);
    timer.unref();
    timers.push(timer);
  };

  return {
    checkpointSoon: checkpoint,
    start() {
      every(checkpointEveryMs, () => {
        if (ledger.isDirty()) checkpoint();
      });
      every(pruneEveryMs, prune);
      const first = setTimeout(prune, firstPruneMs);
      first.unref();
      timers.push(first);
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      checkpoint();
      await written;
    },
  };
}

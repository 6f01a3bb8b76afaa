import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { AppsFile } from "./app-record.ts";

/** Keeps deleted apps until their deletion can no longer be undone. */
export interface UndoWindows {
  /** Picks up windows that were open when the panel ended. */
  start(): Promise<void>;
  stop(): void;
  /** Opens the window of an app just marked as deleted; returns when it ends. */
  open(id: string): string;
  /** The deletion is undone. */
  cancel(id: string): void;
  /** Forgets a deleted app now, because its id is wanted. */
  close(id: string): Promise<void>;
}

/** Creates the windows; `undoMs` is how long each stays open. */
export function createUndoWindows(options: {
  store: JsonStore<AppsFile>;
  clock: Clock;
  logger: Logger;
  undoMs: number;
}): UndoWindows {
  const { store, clock, logger, undoMs } = options;
  const timers = new Map<string, NodeJS.Timeout>();

  function cancel(id: string): void {
    clearTimeout(timers.get(id));
    timers.delete(id);
  }

  async function close(id: string): Promise<void> {
    cancel(id);
    await store.update((file) => ({
      next: { apps: file.apps.filter((app) => app.id !== id || app.deletedAt === null) },
      result: null,
    }));
  }

  function closeLater(id: string, delayMs: number): void {
    cancel(id);
    const timer = setTimeout(() => {
      close(id).catch((error: unknown) => {
        logger.error("A deleted app could not be forgotten", { app: id }, error);
      });
    }, delayMs);
    timers.set(id, timer);
  }

  return {
    async start() {
      for (const { id, deletedAt } of store.get().apps) {
        if (deletedAt === null) continue;
        const left = Date.parse(deletedAt) + undoMs - clock.now();
        if (left > 0) closeLater(id, Math.min(left, undoMs));
        else await close(id);
      }
    },
    stop() {
      for (const id of timers.keys()) cancel(id);
    },
    open(id) {
      closeLater(id, undoMs);
      return new Date(clock.now() + undoMs).toISOString();
    },
    cancel,
    close,
  };
}

import { watch, type FSWatcher } from "node:fs";

import type { Logger } from "./logger.ts";

const pollMs = 2_000;

export interface WatchFolderOptions {
  folder: string;
  /** Names whose changes count. */
  isWatched(name: string): boolean;
  onChange(): void;
  /** Pause after the last sign of a change before it is told. */
  debounceMs: number;
  logger: Logger;
}

/**
 * Calls `onChange` when something in a folder may have changed; where the system refuses to watch, every two seconds instead.
 * Returns how to stop. Does not keep the process alive.
 */
export function watchFolder({ folder, isWatched, onChange, debounceMs, logger }: WatchFolderOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs).unref();
  }

  function fallBack(error: unknown): void {
    logger.warn("This folder cannot be watched, so it is looked at every two seconds", {
      folder,
      reason: error instanceof Error ? error.message : String(error),
    });
    watcher?.close();
    poll ??= setInterval(onChange, pollMs).unref();
  }

  try {
    watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || isWatched(name)) soon();
    });
    watcher.on("error", fallBack);
  } catch (error) {
    fallBack(error);
  }

  return () => {
    clearTimeout(timer);
    clearInterval(poll);
    watcher?.close();
  };
}

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
 * Calls `onChange` when something in a folder may have changed; while the system refuses to watch, every two seconds instead.
 * Returns how to stop. Does not keep the process alive.
 */
export function watchFolder({ folder, isWatched, onChange, debounceMs, logger }: WatchFolderOptions): () => void {
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;
  let isTold = false;

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs).unref();
  }

  function listen(): void {
    watcher = watch(folder, { persistent: false }, (_event, name) => {
      if (name === null || isWatched(name)) soon();
    });
    watcher.on("error", fallBack);
  }

  function look(): void {
    try {
      listen();
      clearInterval(poll);
      poll = undefined;
    } catch {
      // Still not there, or still refused: it is looked at.
    }
    onChange();
  }

  function fallBack(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (!isTold) {
      logger.warn("This folder cannot be watched, so it is looked at every two seconds", { folder, reason });
    }
    isTold = true;
    watcher?.close();
    poll ??= setInterval(look, pollMs).unref();
  }

  try {
    listen();
  } catch (error) {
    fallBack(error);
  }

  return () => {
    clearTimeout(timer);
    clearInterval(poll);
    watcher?.close();
  };
}

import { watch, type FSWatcher } from "node:fs";
import { basename, dirname } from "node:path";

import type { Logger } from "./logger.ts";

const debounceMs = 25;
const pollMs = 2_000;

/**
 * Calls `onChange` when a file, or one whose name continues its name, may have changed: 25 ms after the last sign of it.
 * The folder is watched, because a watched file is lost with its first replacement; where the system refuses to watch,
 * it is called every two seconds instead. Returns how to stop. Does not keep the process alive.
 */
export function watchFile(file: string, onChange: () => void, logger: Logger): () => void {
  const name = basename(file);
  let timer: NodeJS.Timeout | undefined;
  let poll: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | undefined;

  function soon(): void {
    clearTimeout(timer);
    timer = setTimeout(onChange, debounceMs).unref();
  }

  function fallBack(error: unknown): void {
    logger.warn("This folder cannot be watched, so it is looked at every two seconds", {
      folder: dirname(file),
      reason: error instanceof Error ? error.message : String(error),
    });
    watcher?.close();
    poll ??= setInterval(onChange, pollMs).unref();
  }

  try {
    watcher = watch(dirname(file), { persistent: false }, (_event, changed) => {
      if (changed === null || (changed.startsWith(name) && changed !== `${name}.tmp`)) soon();
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

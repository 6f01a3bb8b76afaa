import { basename, dirname } from "node:path";

import type { Logger } from "./logger.ts";
import { watchFolder } from "./watch-folder.ts";

/**
 * Calls `onChange` when a file, or one whose name continues its name, may have changed: 25 ms after the last sign of it.
 * The folder is watched, because a watched file is lost with its first replacement; where the system refuses to watch,
 * it is called every two seconds instead. Returns how to stop. Does not keep the process alive.
 */
export function watchFile(file: string, onChange: () => void, logger: Logger): () => void {
  const name = basename(file);
  return watchFolder({
    folder: dirname(file),
    isWatched: (changed) => changed.startsWith(name) && changed !== `${name}.tmp`,
    onChange,
    debounceMs: 25,
    logger,
  });
}

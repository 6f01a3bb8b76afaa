import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppContext } from "../../app-context.ts";

const everyMs = 6 * 3600_000;

/** Removes days of a history that are older than the setting, now and then. Returns how to stop. */
export function startHistoryRetention(
  { history, logger }: Pick<AppContext, "logger"> & { history: Pick<AppContext["history"], "prune"> },
  settings: JsonStore<Settings>,
): () => void {
  const prune = (): void => {
    history.prune(settings.get().history.keepDays).catch((error: unknown) => {
      logger.error("Old history could not be removed", {}, error);
    });
  };
  const first = setTimeout(prune, 60_000);
  const timer = setInterval(prune, everyMs);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

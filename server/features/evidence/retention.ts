import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";

const firstMs = 3 * 60_000;
const everyMs = 12 * 3_600_000;
/** A shorter time can be taken back until then: what is removed is gone. */
const afterChangeMs = 60_000;

interface Parts {
  book: Pick<EvidenceBook, "prune">;
  settings: Pick<JsonStore<Settings>, "get" | "subscribe">;
  logger: Logger;
}

/** Removes days of evidence that are older than the settings say; answers how to stop that. */
export function startEvidenceRetention({ book, settings, logger }: Parts): () => void {
  const keepDays = (): number => settings.get().evidence.keepDays;
  let keptDays = keepDays();
  let soon: NodeJS.Timeout | undefined;

  const prune = (): void => {
    keptDays = keepDays();
    book.prune(keptDays).catch((error: unknown) => {
      logger.error("Old evidence could not be removed", {}, error);
    });
  };
  const first = setTimeout(prune, firstMs);
  const timer = setInterval(prune, everyMs);
  const stopFollowing = settings.subscribe(() => {
    clearTimeout(soon);
    if (keepDays() < keptDays) soon = setTimeout(prune, afterChangeMs);
  });
  return () => {
    stopFollowing();
    clearTimeout(first);
    clearTimeout(soon);
    clearInterval(timer);
  };
}

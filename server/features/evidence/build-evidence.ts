import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppContext } from "../../app-context.ts";
import { openEvidenceBook, type EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import {
  evidenceRowSchema,
  indexEvidence,
  type EvidenceRow,
} from "../../connectors/framework/evidence/evidence-row.ts";
import { mountEvidence } from "./routes.ts";

/** Larger days are several files: each is proved, indexed and removed on its own. */
const maxFileBytes = 32 * 1024 * 1024;
const firstPruneMs = 3 * 60_000;
const pruneEveryMs = 12 * 3_600_000;

/** Opens the book of calls to the outside and mounts its endpoints; kept as long as the history is. */
export async function buildEvidence(context: AppContext, settings: JsonStore<Settings>): Promise<EvidenceBook> {
  const logger = context.logger.child("evidence");
  const log = await context.openLog<EvidenceRow>("evidence", {
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
    maxFileBytes,
  });
  const directory = join(context.env.dataDir, dataFiles.evidence.path);
  const book = await openEvidenceBook({ log, directory, clock: context.clock, logger });
  mountEvidence(context.mount, book);
  const prune = (): void => {
    book.prune(settings.get().history.keepDays).catch((error: unknown) => {
      logger.error("Old evidence could not be removed", {}, error);
    });
  };
  const first = setTimeout(prune, firstPruneMs);
  const timer = setInterval(prune, pruneEveryMs);
  context.onStop(async () => {
    clearTimeout(first);
    clearInterval(timer);
    await book.stop();
  });
  return book;
}

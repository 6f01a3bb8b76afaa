import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import type { Settings } from "../../../contract/features/settings.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { AppContext } from "../../app-context.ts";
import { openEvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import {
  evidenceRowSchema,
  indexEvidence,
  type EvidenceRow,
} from "../../connectors/framework/evidence/evidence-row.ts";
import { startEvidenceRetention } from "./retention.ts";
import { mountEvidence } from "./routes.ts";
import { tellEvidence, type ToldEvidence } from "./told-evidence.ts";

/** Larger days are several files: each is proved, indexed and removed on its own. */
const maxFileBytes = 32 * 1024 * 1024;

/** Opens the book of calls to the outside and mounts its endpoints; days are kept as long as the settings say. */
export async function buildEvidence(context: AppContext, settings: JsonStore<Settings>): Promise<ToldEvidence> {
  const logger = context.logger.child("evidence");
  const log = await context.openLog<EvidenceRow>("evidence", {
    schema: evidenceRowSchema,
    isChain: true,
    index: indexEvidence,
    maxFileBytes,
  });
  const directory = join(context.env.dataDir, dataFiles.evidence.path);
  const book = tellEvidence(await openEvidenceBook({ log, directory, clock: context.clock, logger }), context.realtime);
  mountEvidence(context.mount, book, () => settings.get().evidence.keepDays);
  const stopRetention = startEvidenceRetention({ book, settings, logger });
  context.onStop(async () => {
    stopRetention();
    await book.stop();
  });
  return book;
}

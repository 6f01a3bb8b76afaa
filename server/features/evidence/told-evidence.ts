import type { z } from "zod";

import { evidenceFeed, type EvidenceRecord } from "../../../contract/features/evidence.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";

/** A book that tells of what is written into it. */
export interface ToldEvidence extends EvidenceBook {
  /** Calls with each call that has ended and is on record. */
  onEnded(listener: (record: EvidenceRecord) => void): void;
}

type Ended = Extract<z.output<typeof evidenceFeed.server.event>["event"], { kind: "ended" }>["call"];

/** The same book; what is written goes to the `evidence` feed, too. */
export function tellEvidence(book: EvidenceBook, realtime: Realtime): ToldEvidence {
  const listeners: ((record: EvidenceRecord) => void)[] = [];
  const feed = createFeed(realtime, evidenceFeed, {
    snapshot: async () => ({ underWay: (await book.page({ limit: 1 })).underWay }),
  });
  return {
    ...book,
    async begin(intent) {
      await book.begin(intent);
      feed.publish({ kind: "begun", call: intent });
    },
    async append(record) {
      await book.append(record);
      feed.publish({ kind: "ended", call: endedOf(record) });
      for (const listener of listeners) listener(record);
    },
    onEnded: (listener) => void listeners.push(listener),
  };
}

function endedOf(record: EvidenceRecord): Ended {
  const { id, at, correlationId, caller, connector, operation, effect, isDryRun, outcome, code, durationMs } = record;
  return { id, at, correlationId, caller, connector, operation, effect, isDryRun, outcome, code, durationMs };
}

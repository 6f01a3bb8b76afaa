import { Readable } from "node:stream";

import { evidenceEndpoints, type EvidenceFilter } from "../../../contract/features/evidence.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import type { Mount } from "../../http/mount.ts";

/** Mounts the endpoints of evidence. */
export function mountEvidence(mount: Mount, book: EvidenceBook, keepDays: () => number): void {
  mount(
    "evidence",
    evidenceEndpoints,
  )({
    list: ({ query }) => book.page(query),
    verify: (_input, { signal }) => book.verify(signal),
    statistics: ({ query }) => book.statistics(query),
    extent: async () => ({ keepDays: keepDays(), ...(await book.extent()) }),
    removal: ({ query }) => book.wouldPrune(query.keepDays),
    chain: () => ({ headers: headersOf("evidence-chain.jsonl"), body: Readable.from(book.chain()) }),
    export: ({ query }, { signal }) => ({
      headers: headersOf("evidence.jsonl"),
      body: Readable.from(lines(book, query, signal)),
    }),
    get: ({ params }) => book.get(params.id),
  });
}

function headersOf(name: string): Record<string, string> {
  return {
    "Content-Type": "application/x-ndjson; charset=utf-8",
    "Content-Disposition": `attachment; filename="${name}"`,
    "Content-Security-Policy": "sandbox; default-src 'none'",
  };
}

async function* lines(book: EvidenceBook, filter: EvidenceFilter, signal: AbortSignal): AsyncGenerator<string> {
  for await (const view of book.all(filter)) {
    if (signal.aborted) return;
    yield `${JSON.stringify(view)}\n`;
  }
}

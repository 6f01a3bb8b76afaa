import type { ConnectorStatus } from "../../../contract/features/connectors.ts";
import type { EvidenceRecord } from "../../../contract/features/evidence.ts";
import { isLook } from "./recorded-look.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";

type LastCall = NonNullable<ConnectorStatus["lastCall"]>;

/** The newest call of each connector. */
export interface LastCalls {
  of(connector: string): LastCall | null;
  note(record: EvidenceRecord): void;
  /** Looks into the evidence for connectors nothing is known of. */
  load(connectors: readonly string[]): Promise<void>;
}

/** Dry runs and looks may stand before the newest call. */
const lookedRows = 50;

/** Knows none before `load`. */
export function createLastCalls(evidence: Pick<EvidenceBook, "page">): LastCalls {
  const known = new Map<string, LastCall>();

  function note({ connector, isDryRun, at, operation, outcome, code, id }: EvidenceRecord): void {
    if (isDryRun || isLook({ operation })) return;
    const before = known.get(connector);
    if (before === undefined || before.at <= at) known.set(connector, { at, operation, outcome, code, evidenceId: id });
  }

  return {
    of: (connector) => known.get(connector) ?? null,
    note,
    async load(connectors) {
      for (const connector of connectors) {
        if (known.has(connector)) continue;
        const { items } = await evidence.page({ connector, limit: lookedRows });
        const newest = items.find((record) => !record.isDryRun && !isLook(record));
        if (newest) note(newest);
      }
    },
  };
}

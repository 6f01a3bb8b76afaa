import { expect, test } from "vitest";

import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createOccurrenceLedger, type LedgerEntry } from "./occurrence-ledger.ts";

type Options = Parameters<typeof createOccurrenceLedger>[0];

/** One page for each ended occurrence, newest first. */
function ledgerOf(rows: readonly Occurrence[]) {
  let looked = 0;
  const log = {
    page({ before = "0", match }: { before?: string; match: (entry: LedgerEntry) => boolean }) {
      const at = Number(before);
      const row = rows[at];
      looked += 1;
      const entry = row && ({ type: "finish", number: 1, row, rowId: before } as unknown as LedgerEntry);
      return Promise.resolve({
        items: entry && match(entry) ? [entry] : [],
        next: at + 1 < rows.length ? String(at + 1) : null,
      });
    },
  } as unknown as Options["log"];
  const store = {} as Options["store"];
  return { ledger: createOccurrenceLedger({ log, store, logger: silentLogger }), looked: () => looked };
}

function ended(automationId: string, endedAt: string): Occurrence {
  return { id: endedAt, automationId, endedAt } as Occurrence;
}

test("nothing is looked for behind rows that ended before the time asked for, whoever they belong to", async () => {
  const { ledger, looked } = ledgerOf([
    ended("mine", "2026-05-04T10:00:00.000Z"),
    ended("other", "2026-05-04T09:00:00.000Z"),
    ended("other", "2026-05-03T09:00:00.000Z"),
    ended("mine", "2026-05-02T10:00:00.000Z"),
  ]);
  const found: string[] = [];
  let before: string | undefined;
  do {
    const page = await ledger.page({ automation: "mine", since: "2026-05-04T00:00:00.000Z", limit: 1, before });
    found.push(...page.items.map(({ id }) => id));
    before = page.next ?? undefined;
  } while (before !== undefined);
  expect(found).toEqual(["2026-05-04T10:00:00.000Z"]);
  expect(looked()).toBe(3);
});

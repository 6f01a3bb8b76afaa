import { historyEndpoints, historyEntrySchema, type HistoryEntry } from "../../../contract/features/history.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { Mount } from "../../http/mount.ts";

/** Rows of later versions may say more. Made once: making a schema for each row takes longer than all the rest of a page. */
const rowSchema = historyEntrySchema.strip();

/** The history page: filters run over the append-only log, newest first. */
export function mountHistory(mount: Mount, log: JsonLog<HistoryEntry>): void {
  mount(
    "history",
    historyEndpoints,
  )({
    async list({ query }) {
      const match = matcher(query);
      const page = await log.page({
        limit: query.limit,
        ...(query.before ? { before: query.before } : {}),
        ...(match ? { match } : {}),
      });
      return { items: page.items.map((row) => rowSchema.parse(row)), next: page.next };
    },
  });
}

function matcher(query: {
  feature?: string | undefined;
  outcome?: string | undefined;
  subject?: string | undefined;
  text?: string | undefined;
}) {
  const text = query.text?.toLowerCase();
  if (!query.feature && !query.outcome && !query.subject && !text) return undefined;
  return (entry: HistoryEntry): boolean => {
    if (query.feature && !entry.action.startsWith(`${query.feature}.`)) return false;
    if (query.outcome && entry.outcome !== query.outcome) return false;
    if (query.subject && entry.subject !== query.subject) return false;
    if (!text) return true;
    const { summary, subject, subjectName, message, caller, action } = entry;
    return [summary, subject, subjectName, message, caller.name, action].some((part) =>
      part?.toLowerCase().includes(text),
    );
  };
}

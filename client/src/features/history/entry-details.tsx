import type { ReactNode } from "react";

import type { HistoryEntry } from "../../../../contract/features/history.ts";
import { formatDuration } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { CopyText } from "../../ui/copy-text.tsx";
import { Facts } from "../../ui/facts.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { outcomeStatus } from "./history-filters.ts";
import classes from "./history-page.module.css";

/** All that is known about one action. */
export function EntryDetails({ entry, onClose }: { entry: HistoryEntry | null; onClose: () => void }) {
  if (entry === null) return null;
  const facts: [string, ReactNode][] = [
    ["Outcome", <StatusBadge key="outcome" status={outcomeStatus[entry.outcome]} />],
    ["When", formatAbsolute(entry.at)],
    ["Took", formatDuration(entry.durationMs)],
    ["Who", entry.caller.name],
    ["From", [entry.caller.node, entry.caller.address].filter(Boolean).join(", ")],
    ["Subject", entry.subject === null ? "–" : <CopyText key="subject" text={entry.subject} />],
    ["Call", <CopyText key="action" text={entry.action} />],
    ["Correlation", <CopyText key="id" text={entry.correlationId} />],
  ];
  return (
    <SideSheet title={entry.summary} isOpen onClose={onClose}>
      {entry.message === null ? null : (
        <div className={classes["message"]}>
          <Notice tone={entry.outcome === "failed" ? "bad" : "warn"}>
            {entry.message}
            {entry.code === null ? null : <span className="mono"> ({entry.code})</span>}
          </Notice>
        </div>
      )}
      <Facts items={facts} layout="column" />
    </SideSheet>
  );
}

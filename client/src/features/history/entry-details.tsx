import { Button } from "@mantine/core";
import { IconFilter } from "../../ui/icons.gen.ts";
import type { ReactNode } from "react";

import type { HistoryEntry } from "../../../../contract/features/history.ts";
import { formatDuration } from "../../lib/format.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { Facts } from "../../ui/facts.tsx";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { outcomeStatus } from "./history-filters.ts";
import { subjectPage, type KnownSubjects } from "./subject-page.ts";
import classes from "./history-page.module.css";

interface EntryDetailsProps {
  entry: HistoryEntry | null;
  known: KnownSubjects;
  /** Show only what was done to this subject. */
  onFilter: (subject: string) => void;
  onClose: () => void;
}

/** All that is known about one action. */
export function EntryDetails({ entry, known, onFilter, onClose }: EntryDetailsProps) {
  if (entry === null) return null;
  const { subject, subjectName } = entry;
  const page = subjectPage(entry, known);
  const facts: [string, ReactNode][] = [
    ["Outcome", <StatusBadge key="outcome" status={outcomeStatus[entry.outcome]} />],
    ["When", formatAbsolute(entry.at)],
    ["Took", formatDuration(entry.durationMs)],
    ["Who", entry.caller.name],
    ["From", [entry.caller.node, entry.caller.address].filter(Boolean).join(", ")],
    ...(subjectName === null ? [] : [["Subject", subjectName] satisfies [string, ReactNode]]),
    [subjectName === null ? "Subject" : "Id", subject === null ? "–" : <CopyText key="subject" text={subject} />],
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
      <div className={classes["ways"]}>
        {page === null ? null : (
          <ActionLink href={page}>{subjectName === null ? "Open its page" : `Open ${subjectName}`}</ActionLink>
        )}
        {subject === null ? null : (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconFilter size={15} />}
            onClick={() => {
              onFilter(subject);
            }}
          >
            Only what was done to it
          </Button>
        )}
      </div>
    </SideSheet>
  );
}

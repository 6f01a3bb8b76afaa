import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import type { ReviewSummary } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { useLiveApps, useLiveReviews } from "../../lib/live-queries.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { ApprovalsLink } from "../../ui/approvals-link.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconGitMerge } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { ChangeCount } from "./change-count.tsx";
import { decisionWords } from "./review-words.ts";
import classes from "./reviews.module.css";

/** Work that waits to be looked at, and what was decided last. */
export function ReviewsTab({ tabs }: { tabs: readonly PageTab[] }) {
  const live = useLiveReviews();
  return (
    <Page
      title="Agents"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={live.dataUpdatedAt} isStale={live.error !== null} />}
      actions={<ApprovalsLink />}
    >
      {live.isPending ? <LoadingState rows={5} rowHeight={56} label="Loading the reviews" /> : null}
      {live.data === undefined && live.error !== null ? (
        <ErrorState title="Could not load the reviews" error={live.error} onRetry={() => void live.refetch()} />
      ) : null}
      {live.data === undefined ? null : <Lists {...live.data} />}
    </Page>
  );
}

function Lists({ open, decided }: { open: readonly ReviewSummary[]; decided: readonly ReviewSummary[] }) {
  return (
    <>
      {open.length === 0 ? (
        <EmptyState
          icon={IconGitMerge}
          title="Nothing waits for your review"
          text="When a run works in a worktree of its own, what it has changed is laid open here: look at it, comment on lines, then merge, keep or discard it."
          isCompact={decided.length > 0}
        />
      ) : (
        <Section title="Waits for you">
          <ReviewTable label="Work that waits" reviews={open} />
        </Section>
      )}
      {decided.length === 0 ? null : (
        <Section title="Decided">
          <ReviewTable label="Decided work" reviews={decided} />
        </Section>
      )}
    </>
  );
}

function ReviewTable({ label, reviews }: { label: string; reviews: readonly ReviewSummary[] }) {
  const navigate = useNavigate();
  const apps = useLiveApps().data;
  const isDecided = reviews.some(({ decision }) => decision !== null);
  const columns = useMemo(() => columnsWith(apps ?? [], isDecided), [apps, isDecided]);
  return (
    <DataTable
      label={label}
      columns={columns}
      rows={reviews}
      rowKey={({ runId }) => runId}
      onRowClick={({ runId }) => void navigate({ to: "/agents/$runId/review", params: { runId } })}
    />
  );
}

function columnsWith(apps: readonly App[], isDecided: boolean): Column<ReviewSummary>[] {
  const columns: Column<ReviewSummary>[] = [
    {
      id: "title",
      header: "Run",
      isMain: true,
      cell: ({ runId, title, appId }) => (
        <span className={classes["rowTitle"]}>
          <Link to="/agents/$runId/review" params={{ runId }} className="touch-wide">
            {title}
          </Link>
          <span className={classes["rowApp"]}>{apps.find(({ id }) => id === appId)?.name ?? ""}</span>
        </span>
      ),
    },
    { id: "state", header: "State", width: "220px", isInline: true, cell: (review) => <State review={review} /> },
    {
      id: "changes",
      header: "Changes",
      width: "190px",
      isInline: true,
      cell: ({ files, added, removed }) => (
        <span className={classes["rowChanges"]}>
          {files === 1 ? "1 file" : `${String(files)} files`} <ChangeCount added={added} removed={removed} />
        </span>
      ),
    },
    {
      id: "when",
      header: "Since",
      width: "130px",
      isInline: true,
      cell: ({ decision, createdAt }) => <Time iso={decision?.at ?? createdAt} />,
    },
    {
      id: "by",
      header: "By",
      width: "160px",
      isInline: true,
      isWideOnly: true,
      cell: ({ decision }) => decision?.by ?? "",
    },
  ];
  return isDecided ? columns : columns.filter(({ id }) => id !== "by");
}

function State({ review }: { review: ReviewSummary }) {
  if (review.state !== "open") return <span>{decisionWords(review)}</span>;
  return <StatusBadge status={isOpenState(review.runState) ? "running" : "waiting for you"} isCompact />;
}

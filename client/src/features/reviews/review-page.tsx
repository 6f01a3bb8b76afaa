import { useMediaQuery } from "@mantine/hooks";
import { useParams } from "@tanstack/react-router";

import type { ReactNode } from "react";

import type { Review } from "../../../../contract/features/reviews.ts";
import { ApiError } from "../../lib/api-error.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconGitMerge, IconRobot } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ChangeCount } from "./change-count.tsx";
import { ChecksPanel } from "./checks-panel.tsx";
import { FileChange } from "./file-change.tsx";
import { FileTree } from "./file-tree.tsx";
import { filesInOrder } from "./file-tree-rows.ts";
import { MergeBar } from "./merge-bar.tsx";
import { progressWords } from "./review-words.ts";
import classes from "./reviews.module.css";
import { SetUpNote } from "./set-up-note.tsx";
import { useGoingOn, useReview, type ActOnReview } from "./use-review.ts";

/** The work of one run, file by file: commented on, accepted or reverted, checked, and then merged, kept or discarded. */
export function ReviewPage() {
  const { runId = "" }: { runId?: string } = useParams({ strict: false });
  const { query, busy, act } = useReview(runId);
  const { data: review, error, isPending, refetch, dataUpdatedAt } = query;
  const isGone = error instanceof ApiError && error.code === "not_found";
  // There the header names the page, and the way back is the way to the run.
  const isPhone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  return (
    <Page
      title={review === undefined ? "Review" : `Review of ${review.title}`}
      parents={[
        { label: "Agents", to: "/agents" },
        { label: review?.title ?? "Run", to: `/agents/${runId}` },
      ]}
      layout="full"
      isTitleHidden={isPhone}
      actions={
        <ActionLink to="/agents/$runId" params={{ runId }} leftSection={<IconRobot size={14} />}>
          Transcript
        </ActionLink>
      }
    >
      {review === undefined ? (
        <div className={classes["state"]}>
          {isPending ? <LoadingState rows={8} label="Loading the review" /> : null}
          {isGone ? (
            <EmptyState
              icon={IconGitMerge}
              title="There is nothing to review"
              text="This run has changed nothing, did not work in a worktree of its own, or was deleted."
              action={
                <ActionLink to="/agents" search={{ tab: "reviews" }}>
                  All reviews
                </ActionLink>
              }
            />
          ) : null}
          {error !== null && !isGone ? (
            <ErrorState title="Could not load the review" error={error} onRetry={() => void refetch()} />
          ) : null}
        </div>
      ) : (
        <Content
          key={runId}
          review={review}
          busy={busy}
          act={act}
          age={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
        />
      )}
    </Page>
  );
}

interface ContentProps {
  review: Review;
  busy: string | null;
  act: ActOnReview;
  age: ReactNode;
}

function Content({ review, busy, act, age }: ContentProps) {
  const [search, setSearch] = useSearchState();
  const work = useGoingOn(review);
  const files = filesInOrder(review.files);
  const index = Math.max(
    0,
    files.findIndex(({ path }) => path === search["file"]),
  );
  const file = files[index];
  const go = (step: number): void => {
    const next = files[index + step];
    if (next) setSearch({ file: next.path });
  };
  return (
    <div className={classes["layout"]}>
      <aside className={classes["side"]} aria-label="Changed files and checks">
        <div className={classes["sum"]}>
          <span>{files.length === 1 ? "1 file" : `${files.length} files`}</span>
          <ChangeCount added={review.added} removed={review.removed} />
          <span className={classes["progress"]}>{progressWords(review)}</span>
          {work === null ? null : <StatusBadge status={work.status} />}
          {age}
        </div>
        <FileTree
          files={review.files}
          comments={review.comments}
          current={file?.path}
          onOpen={(path) => {
            setSearch({ file: path });
          }}
        />
        {review.isCut ? <p className={classes["hint"]}>More files are changed than can be listed here.</p> : null}
        <SetUpNote review={review} />
        <ChecksPanel review={review} busy={busy} act={act} />
      </aside>
      <div className={classes["main"]}>
        {file === undefined ? (
          <EmptyState
            icon={IconGitMerge}
            title="Nothing is changed any more"
            text="The work is the same as its base branch. Discard it to let the worktree go."
          />
        ) : (
          <FileChange
            key={file.path}
            review={review}
            file={file}
            place={{ index, count: files.length }}
            busy={busy}
            act={act}
            onStep={go}
          />
        )}
      </div>
      <MergeBar review={review} busy={busy} act={act} />
    </div>
  );
}

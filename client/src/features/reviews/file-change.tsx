import { Button } from "@mantine/core";

import type { Review, ReviewFile } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { call } from "../../lib/api.ts";
import { ApiError } from "../../lib/api-error.ts";
import { undoToast } from "../../lib/toasts.ts";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconArrowBackUp, IconCheck, IconChevronLeft, IconChevronRight } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { ChangeCount } from "./change-count.tsx";
import { HunkList } from "./hunk-list.tsx";
import { changeWords } from "./review-words.ts";
import classes from "./reviews.module.css";
import { useReviewFile, type ActOnReview } from "./use-review.ts";

interface FileChangeProps {
  review: Review;
  file: ReviewFile;
  place: { index: number; count: number };
  busy: string | null;
  act: ActOnReview;
  onStep: (step: number) => void;
}

/** One file of the work: what is done with it as a whole, then its changed lines. */
export function FileChange({ review, file, place, busy, act, onStep }: FileChangeProps) {
  const { data, error, isPending, refetch } = useReviewFile(review.runId, file.path);
  const isOpen = review.state === "open";
  const params = { id: review.runId };
  const { path } = file;
  const accept = (hunk: string | null, isAccepted: boolean): Promise<boolean> =>
    act("accept", `Could not accept ${path}`, () =>
      call("reviews.accept", { params, body: { path, hunk, isAccepted } }),
    );
  const revert = (hunk: string | null): Promise<boolean> =>
    act("revert", `Could not revert ${path}`, async () => {
      const reverted = await call("reviews.revert", { params, body: { path, hunk, tree: review.tree } });
      undoToast(hunk === null ? `Reverted ${path}` : `Reverted lines of ${path}`, () =>
        call("reviews.undoRevert", { params }),
      );
      return reverted;
    });
  const isGone = error instanceof ApiError && error.code === "not_found";
  return (
    <section className={classes["change"]} aria-label={path}>
      <header className={classes["head"]}>
        <FileName file={file} />
        <ChangeCount added={file.added} removed={file.removed} />
        {isOpen ? (
          <div className={classes["headActions"]}>
            <Button
              leftSection={<IconArrowBackUp size={14} />}
              disabled={busy !== null || isOpenState(review.runState)}
              onClick={() => void revert(null)}
            >
              Revert
            </Button>
            <Button
              leftSection={<IconCheck size={14} />}
              aria-pressed={file.isAccepted}
              disabled={busy !== null}
              variant={file.isAccepted ? "light" : "default"}
              onClick={() => void accept(null, !file.isAccepted)}
            >
              {file.isAccepted ? "Accepted" : "Accept"}
            </Button>
          </div>
        ) : null}
      </header>
      <div className={classes["body"]}>
        {isPending ? <LoadingState rows={10} label="Loading the changes" /> : null}
        {isGone ? <p className={classes["hint"]}>This file is not changed any more.</p> : null}
        {error !== null && !isGone && data === undefined ? (
          <ErrorState title="Could not load the changes" error={error} onRetry={() => void refetch()} isCompact />
        ) : null}
        {data === undefined || isGone ? null : (
          <>
            {data.hunks.length === 0 ? <p className={classes["hint"]}>{noLines(data.file)}</p> : null}
            <HunkList
              key={path}
              review={review}
              path={path}
              hunks={data.hunks}
              busy={busy}
              act={act}
              onAccept={accept}
              onRevert={revert}
              onStep={onStep}
            />
            {data.isCut ? <Notice tone="info">This change is too long to be shown as a whole.</Notice> : null}
          </>
        )}
      </div>
      <Steps place={place} onStep={onStep} />
    </section>
  );
}

function FileName({ file: { path, formerPath, change, note } }: { file: ReviewFile }) {
  return (
    <div className={classes["name"]}>
      <h2 className={classes["path"]} title={path}>
        {path}
      </h2>
      <p className={classes["facts"]}>
        {[changeWords[change].word, formerPath === null ? null : `was ${formerPath}`, note]
          .filter((part) => part !== null)
          .join(" · ")}
      </p>
    </div>
  );
}

function noLines({ isBinary, change, note }: ReviewFile): string {
  if (isBinary) return "A binary file: its content is not shown.";
  if (change === "moved") return "Only moved: no line is changed.";
  if (note !== null) return note;
  return change === "changed" ? "No line is changed." : "An empty file.";
}

/** One file after the other, as on a phone where the tree is out of sight. */
function Steps({ place: { index, count }, onStep }: Pick<FileChangeProps, "place" | "onStep">) {
  if (count < 2) return null;
  return (
    <nav className={classes["steps"]} aria-label="Files">
      <Button
        leftSection={<IconChevronLeft size={14} />}
        disabled={index === 0}
        onClick={() => {
          onStep(-1);
        }}
      >
        Previous file
      </Button>
      <span className="tabular">
        {index + 1} of {count}
      </span>
      <Button
        rightSection={<IconChevronRight size={14} />}
        disabled={index === count - 1}
        onClick={() => {
          onStep(1);
        }}
      >
        Next file
      </Button>
    </nav>
  );
}

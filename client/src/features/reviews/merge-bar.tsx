import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { Review } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { call } from "../../lib/api.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconGitBranch,
  IconGitMerge,
  IconGitPullRequest,
  IconHandStop,
  IconPlus,
  IconRobot,
  IconSend,
  IconTrash,
} from "../../ui/icons.gen.ts";
import { Time } from "../../ui/time.tsx";
import { discardReview, draftFromComments, undoDecision } from "./review-calls.ts";
import { decisionWords } from "./review-words.ts";
import classes from "./reviews.module.css";
import { SettleSheet, type Settling } from "./settle-sheet.tsx";
import { useGoingOn, type ActOnReview } from "./use-review.ts";

interface MergeBarProps {
  review: Review;
  busy: string | null;
  act: ActOnReview;
}

/** What becomes of the work: why it cannot be merged, what can be done instead, and what was decided. */
export function MergeBar(props: MergeBarProps) {
  return (
    <footer className={classes["bar"]} aria-label="Decision">
      {props.review.state === "open" ? <OpenBar {...props} /> : <DecidedBar {...props} />}
    </footer>
  );
}

function DecidedBar({ review, busy, act }: MergeBarProps) {
  const { decision, runId } = review;
  return (
    <>
      <p className={classes["verdict"]}>
        <strong>{decisionWords(review)}</strong>
        {decision === null ? null : (
          <span>
            by {decision.by} <Time iso={decision.at} />
            {decision.commit === null ? "" : ` · ${decision.commit.slice(0, 9)}`}
          </span>
        )}
      </p>
      {decision?.canUndo === true ? (
        <Button
          leftSection={<IconArrowBackUp size={14} />}
          disabled={busy !== null}
          onClick={() => void act("undo", "Could not take it back", () => undoDecision(runId))}
        >
          Undo
        </Button>
      ) : null}
    </>
  );
}

function OpenBar({ review, busy, act }: MergeBarProps) {
  const [settling, setSettling] = useState<Settling | null>(null);
  const { blocked, conflicts, worktree, files } = review;
  const params = { id: review.runId };
  const unsent = review.comments.filter(({ sentAt }) => sentAt === null).length;
  const isConflict = conflicts.length > 0;
  const work = useGoingOn(review);
  const items: MenuItem[] = [
    {
      id: "branch",
      label: "Keep as a branch…",
      icon: IconGitBranch,
      isDisabled: files.length === 0,
      run: () => {
        setSettling("branch");
      },
    },
    {
      id: "undo-revert",
      label: "Bring back what was reverted",
      icon: IconArrowBackUp,
      isDisabled: !review.canUndoRevert,
      run: () => act("revert", "Could not bring it back", () => call("reviews.undoRevert", { params })),
    },
    {
      id: "discard",
      label: "Discard the work",
      icon: IconTrash,
      isDangerous: true,
      run: () => act("discard", "Could not discard the work", () => discardReview(review)),
    },
  ];
  return (
    <>
      <div className={classes["verdict"]}>
        {blocked === null ? (
          <span>
            Merges cleanly into <strong>{worktree.baseBranch}</strong>
          </span>
        ) : (
          <Blocked blocked={work?.text ?? blocked} conflicts={conflicts} />
        )}
      </div>
      <div className={classes["decide"]}>
        {work === null ? null : (
          <ActionLink
            to="/agents/$runId"
            params={{ runId: review.runId }}
            variant={work.status === "waiting for you" ? "filled" : "default"}
            leftSection={work.status === "waiting for you" ? <IconHandStop size={14} /> : <IconRobot size={14} />}
          >
            {work.label}
          </ActionLink>
        )}
        <SendButton review={review} count={unsent} busy={busy} act={act} />
        {isConflict ? (
          <Button
            variant="filled"
            leftSection={<IconGitPullRequest size={14} />}
            disabled={busy !== null || review.cannotSend !== null}
            title={review.cannotSend ?? undefined}
            onClick={() => void act("send", "Could not ask the agent", () => call("reviews.bringUpToDate", { params }))}
          >
            Ask the agent to bring it up to date
          </Button>
        ) : (
          <Button
            variant={unsent > 0 || work !== null ? "default" : "filled"}
            leftSection={<IconGitMerge size={14} />}
            disabled={busy !== null || blocked !== null}
            onClick={() => {
              setSettling("merge");
            }}
          >
            {busy === "merge" ? "Merging…" : "Merge…"}
          </Button>
        )}
        <ActionMenu label="More decisions" items={items} isDisabled={busy !== null} />
      </div>
      <SettleSheet
        review={review}
        settling={settling}
        act={act}
        onClose={() => {
          setSettling(null);
        }}
      />
    </>
  );
}

function Blocked({ blocked, conflicts }: Pick<Review, "conflicts"> & { blocked: string }) {
  return (
    <div className={classes["blocked"]}>
      <IconAlertTriangle size={15} />
      <div>
        <span>{blocked}</span>
        {conflicts.length === 0 ? null : (
          <ul className={classes["conflicts"]}>
            {conflicts.slice(0, 5).map((path) => (
              <li key={path}>{path}</li>
            ))}
            {conflicts.length > 5 ? <li>and {conflicts.length - 5} more</li> : null}
          </ul>
        )}
      </div>
    </div>
  );
}

function SendButton({ review, count, busy, act }: MergeBarProps & { count: number }) {
  const navigate = useNavigate();
  if (count === 0) return null;
  const words = count === 1 ? "1 comment" : `${String(count)} comments`;
  const isEnded = review.cannotSend !== null && !isOpenState(review.runState);
  if (isEnded)
    return (
      <Button
        variant="filled"
        leftSection={<IconPlus size={14} />}
        title={review.cannotSend ?? undefined}
        onClick={() =>
          void withErrorToast("Could not write the message", async () => {
            await draftFromComments(review);
            await navigate({
              to: "/agents",
              search: { new: "1", ...(review.appId === null ? {} : { app: review.appId }) },
            });
          })
        }
      >
        New run with {count === 1 ? "this comment" : "these comments"}
      </Button>
    );
  return (
    <Button
      variant="filled"
      leftSection={<IconSend size={14} />}
      disabled={busy !== null || review.cannotSend !== null}
      title={review.cannotSend ?? undefined}
      onClick={() =>
        void act("send", "Could not send the comments", () =>
          call("reviews.send", { params: { id: review.runId }, body: { text: "" } }),
        )
      }
    >
      {busy === "send" ? "Sending…" : `Send ${words} to the agent`}
    </Button>
  );
}

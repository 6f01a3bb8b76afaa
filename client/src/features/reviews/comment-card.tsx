import { Button, Textarea } from "@mantine/core";
import { useState } from "react";

import type { Review, ReviewComment } from "../../../../contract/features/reviews.ts";
import { call } from "../../lib/api.ts";
import { Time } from "../../ui/time.tsx";
import classes from "./reviews.module.css";
import type { ActOnReview } from "./use-review.ts";

interface CommentBoxProps {
  label: string;
  saveLabel: string;
  initial?: string;
  onSave: (text: string) => Promise<boolean>;
  onCancel: () => void;
}

/** Where a comment is written. Ctrl+Enter keeps it, Escape leaves it. */
export function CommentBox({ label, saveLabel, initial = "", onSave, onCancel }: CommentBoxProps) {
  const [text, setText] = useState(initial);
  const [isBusy, setIsBusy] = useState(false);
  const save = async (): Promise<void> => {
    if (text.trim() === "" || isBusy) return;
    setIsBusy(true);
    await onSave(text);
    setIsBusy(false);
  };
  return (
    <form
      className={classes["box"]}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Textarea
        aria-label={label}
        placeholder="What should be different here?"
        autosize
        minRows={2}
        maxRows={10}
        maxLength={10_000}
        autoFocus
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void save();
          if (event.key === "Escape") onCancel();
        }}
      />
      <div className={classes["boxActions"]}>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={isBusy || text.trim() === ""}>
          {saveLabel}
        </Button>
      </div>
    </form>
  );
}

interface CommentCardProps {
  review: Review;
  comment: ReviewComment;
  act: ActOnReview;
  /** Its line is not on show: it is named instead. */
  isAway?: boolean;
}

/** One comment; it can be changed until it is sent. */
export function CommentCard({ review, comment, act, isAway = false }: CommentCardProps) {
  const [isEditing, setIsEditing] = useState(false);
  const params = { id: review.runId, comment: comment.id };
  if (isEditing)
    return (
      <CommentBox
        label="Change the comment"
        saveLabel="Save"
        initial={comment.text}
        onSave={async (text) => {
          const isDone = await act("comment", "Could not change the comment", () =>
            call("reviews.updateComment", { params, body: { text } }),
          );
          if (isDone) setIsEditing(false);
          return isDone;
        }}
        onCancel={() => {
          setIsEditing(false);
        }}
      />
    );
  const remove = (): Promise<boolean> =>
    act("comment", "Could not delete the comment", () => call("reviews.removeComment", { params }));
  return (
    <article className={classes["comment"]} aria-label={`Comment on line ${String(comment.line)}`}>
      {isAway ? (
        <p className={classes["quote"]}>
          {comment.isOutdated ? "A line that is not there any more: " : `Line ${String(comment.line)}: `}
          <code>{comment.lineText.trim()}</code>
        </p>
      ) : null}
      <p className={classes["words"]}>{comment.text}</p>
      <div className={classes["by"]}>
        <span>{comment.by}</span>
        <Time iso={comment.at} />
        <span>{comment.sentAt === null ? "not sent yet" : "sent to the agent"}</span>
        {review.state === "open" ? (
          <span className={classes["byActions"]}>
            {comment.sentAt === null ? (
              <Button
                variant="subtle"
                onClick={() => {
                  setIsEditing(true);
                }}
              >
                Change
              </Button>
            ) : null}
            <Button variant="subtle" onClick={() => void remove()}>
              Delete
            </Button>
          </span>
        ) : null}
      </div>
    </article>
  );
}

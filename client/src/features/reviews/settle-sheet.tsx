import { Button, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Review } from "../../../../contract/features/reviews.ts";
import { Notice } from "../../ui/notice.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { branchName, keepAsBranch, mergeReview } from "./review-calls.ts";
import { progressWords } from "./review-words.ts";
import classes from "./reviews.module.css";
import type { ActOnReview } from "./use-review.ts";

export type Settling = "merge" | "branch";

interface SettleSheetProps {
  review: Review;
  settling: Settling | null;
  act: ActOnReview;
  onClose: () => void;
}

/** The last look before work goes into a branch: the message, and what speaks against it. */
export function SettleSheet(props: SettleSheetProps) {
  const { settling, review, onClose } = props;
  const title = settling === "branch" ? "Keep as a branch" : `Merge into ${review.worktree.baseBranch ?? ""}`;
  return (
    <SideSheet title={title} isOpen={settling !== null} onClose={onClose} width={520}>
      {settling === null ? null : <SettleForm {...props} settling={settling} />}
    </SideSheet>
  );
}

function SettleForm({ review, settling, act, onClose }: SettleSheetProps & { settling: Settling }) {
  const [message, setMessage] = useState(review.title);
  const [name, setName] = useState(() => branchName(review.title));
  const [isBusy, setIsBusy] = useState(false);
  const isReady = message.trim() !== "" && (settling === "merge" || name.trim() !== "") && !isBusy;
  const submit = async (): Promise<void> => {
    if (!isReady) return;
    setIsBusy(true);
    const isDone =
      settling === "merge"
        ? await act("merge", "Could not merge", () => mergeReview(review, message))
        : await act("branch", "Could not keep it", () => keepAsBranch(review, name.trim(), message));
    setIsBusy(false);
    if (isDone) onClose();
  };
  return (
    <form
      className={classes["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {warnings(review).map((text) => (
        <Notice key={text} tone="warn">
          {text}
        </Notice>
      ))}
      {settling === "branch" ? (
        <TextInput
          label="Branch"
          description="The branch stays in the repository; the worktree may go"
          classNames={{ input: "mono" }}
          maxLength={200}
          data-autofocus
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
          }}
        />
      ) : null}
      <Textarea
        label="Message"
        description="Of the commit; what the agent has committed keeps its own"
        autosize
        minRows={3}
        maxRows={12}
        maxLength={5_000}
        {...(settling === "merge" ? { "data-autofocus": true } : {})}
        value={message}
        onChange={(event) => {
          setMessage(event.currentTarget.value);
        }}
      />
      <div className={classes["formActions"]}>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={!isReady}>
          {settling === "merge" ? (isBusy ? "Merging…" : "Merge") : isBusy ? "Keeping…" : "Keep the branch"}
        </Button>
      </div>
    </form>
  );
}

/** What one might want to look at first; nothing of it forbids anything. */
function warnings(review: Review): string[] {
  const { checks, comments, files } = review;
  const failed = checks.filter(({ state }) => state === "failed").map(({ name }) => name);
  const isStale = checks.some((check) => check.isStale);
  const unsent = comments.filter(({ sentAt }) => sentAt === null).length;
  const progress = progressWords(review);
  return [
    ...(failed.length === 0 ? [] : [`Failed: ${failed.join(", ")}.`]),
    ...(isStale && checks.length > 0 ? ["The work has changed since the checks ran."] : []),
    ...(unsent === 0 ? [] : [unsent === 1 ? "One comment was not sent." : `${String(unsent)} comments were not sent.`]),
    ...(progress === "" || files.every(({ isAccepted }) => isAccepted) ? [] : [`${progress}.`]),
  ];
}

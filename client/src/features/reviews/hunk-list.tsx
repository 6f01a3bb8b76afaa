import { Button } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";

import type { Review, ReviewHunk } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { actionRegistry, type Action } from "../../lib/actions.ts";
import { call } from "../../lib/api.ts";
import { CommentBox, CommentCard } from "./comment-card.tsx";
import { linesOfHunk, placeOf, skippedBefore, strayComments, type LinePlace, type ReviewLine } from "./diff-rows.ts";
import { HunkView } from "./hunk-view.tsx";
import { languageOf } from "./syntax-colours.ts";
import classes from "./reviews.module.css";
import type { ActOnReview } from "./use-review.ts";

interface HunkListProps {
  review: Review;
  path: string;
  hunks: readonly ReviewHunk[];
  busy: string | null;
  act: ActOnReview;
  onAccept: (hunk: string, isAccepted: boolean) => unknown;
  onRevert: (hunk: string) => unknown;
  onStep: (step: number) => void;
}

/** So many lines are drawn at once; the rest is asked for. */
const shownLines = 1_500;

/** The changed lines of a file, with the comments on them. */
export function HunkList({ review, path, hunks, busy, act, onAccept, onRevert, onStep }: HunkListProps) {
  const rows = useMemo(() => hunks.map(linesOfHunk), [hunks]);
  const [isWhole, setIsWhole] = useState(false);
  const [chosen, setChosen] = useState<LinePlace | null>(null);
  const [tapped, setTapped] = useState<LinePlace | null>(null);
  const [isWriting, setIsWriting] = useState(false);
  const list = useRef<HTMLDivElement>(null);
  const comments = review.comments.filter((comment) => comment.path === path);
  const shown = isWhole ? hunks.length : hunksWithin(rows, shownLines);
  const isOpen = review.state === "open";
  const language = languageOf(path);
  const params = { id: review.runId };
  const write = (place: LinePlace): void => {
    setChosen(place);
    setIsWriting(true);
  };
  useReviewKeys({
    hunks: rows.slice(0, shown),
    list,
    onStep,
    onComment: () => {
      const focused = focusedPlace(list.current) ?? chosen;
      if (isOpen && focused) write(focused);
    },
    onAccept: (index) => {
      const hunk = hunks[index];
      if (isOpen && hunk) onAccept(hunk.hash, !hunk.isAccepted);
    },
  });
  const save = async (text: string): Promise<boolean> => {
    if (chosen === null) return false;
    const isDone = await act("comment", "Could not keep the comment", () =>
      call("reviews.addComment", { params, body: { path, ...chosen, text } }),
    );
    if (isDone) setIsWriting(false);
    return isDone;
  };
  const strays = strayComments(comments, rows);
  return (
    <div ref={list} className={classes["hunks"]}>
      {strays.map((comment) => (
        <CommentCard key={comment.id} review={review} comment={comment} act={act} isAway />
      ))}
      {hunks.slice(0, shown).map((hunk, index) => (
        <HunkView
          key={hunk.hash}
          hunk={hunk}
          rows={rows[index] ?? []}
          skipped={skippedBefore(hunks, index)}
          language={language}
          isOpen={isOpen}
          isOnly={hunks.length === 1}
          isLocked={busy !== null || isOpenState(review.runState)}
          chosen={chosen}
          tapped={tapped}
          onChoose={(row) => {
            setChosen(placeOf(row));
            setTapped(placeOf(row));
            setIsWriting(false);
          }}
          onAim={(row) => {
            setChosen(placeOf(row));
          }}
          onWrite={(row) => {
            write(placeOf(row));
          }}
          onAccept={() => {
            onAccept(hunk.hash, !hunk.isAccepted);
          }}
          onRevert={() => {
            onRevert(hunk.hash);
          }}
          comments={comments}
          renderComment={(comment) => <CommentCard key={comment.id} review={review} comment={comment} act={act} />}
          box={
            isWriting ? (
              <CommentBox
                label={`Comment on line ${String(chosen?.line ?? 0)}`}
                saveLabel="Add comment"
                onSave={save}
                onCancel={() => {
                  setIsWriting(false);
                }}
              />
            ) : null
          }
        />
      ))}
      {shown < hunks.length ? (
        <Button
          className={classes["more"] ?? ""}
          onClick={() => {
            setIsWhole(true);
          }}
        >
          Show {hunks.length - shown} more changes of this file
        </Button>
      ) : null}
    </div>
  );
}

function hunksWithin(rows: readonly (readonly ReviewLine[])[], most: number): number {
  let left = most;
  const end = rows.findIndex((lines) => {
    left -= lines.length;
    return left < 0;
  });
  return end === -1 ? rows.length : Math.max(1, end);
}

/** The line that has the focus: its button says where it is. */
function focusedPlace(list: HTMLElement | null): LinePlace | null {
  const button = document.activeElement;
  if (!(button instanceof HTMLElement) || list?.contains(button) !== true) return null;
  const { side, line } = button.dataset;
  return side === "old" || side === "new" ? { side, line: Number(line) } : null;
}

interface ReviewKeys {
  hunks: readonly (readonly ReviewLine[])[];
  list: React.RefObject<HTMLDivElement | null>;
  onStep: (step: number) => void;
  onComment: () => void;
  onAccept: (hunk: number) => void;
}

/** j and k go from change to change and on to the next file, c comments, a accepts. */
function useReviewKeys(keys: ReviewKeys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const heads = (): HTMLElement[] => [
      ...(current.current.list.current?.querySelectorAll<HTMLElement>("[data-hunk]") ?? []),
    ];
    const at = (): number => heads().findIndex((head) => head.contains(document.activeElement));
    const move = (step: number): void => {
      const all = heads();
      const next = all[at() + step];
      if (next === undefined || (at() === -1 && step < 0)) {
        current.current.onStep(step);
        return;
      }
      const line = next.querySelector<HTMLElement>('[data-kind="added"] button, [data-kind="removed"] button');
      line?.focus({ preventScroll: true });
      next.scrollIntoView({ block: "start" });
    };
    const make = (id: string, label: string, shortcut: string, run: () => unknown): Action => ({
      id: `review.${id}`,
      label,
      shortcut,
      group: "This review",
      isHidden: true,
      run,
    });
    return actionRegistry.register([
      make("next", "Next change", "j", () => {
        move(1);
      }),
      make("previous", "Previous change", "k", () => {
        move(-1);
      }),
      make("next-file", "Next file", "]", () => {
        current.current.onStep(1);
      }),
      make("previous-file", "Previous file", "[", () => {
        current.current.onStep(-1);
      }),
      make("comment", "Comment on the line", "c", () => {
        current.current.onComment();
      }),
      make("accept", "Accept the change", "a", () => {
        current.current.onAccept(at());
      }),
    ]);
  }, []);
}

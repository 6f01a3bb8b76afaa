import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import type { Review } from "../../../../contract/features/reviews.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useLiveApprovals } from "../../lib/live-queries.ts";
import { errorToast } from "../../lib/toasts.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { goingOn } from "./review-words.ts";

/** While the agent works its changes are looked at so often. */
const workingMs = 5_000;

/** One review, live, and the one way to change it. */
export function useReview(runId: string) {
  const client = useQueryClient();
  const input = { params: { id: runId } };
  const query = useQuery({
    ...callQuery("reviews.get", input, { isKept: true }),
    // Files change without anybody telling: what is shown first is looked at again at once.
    staleTime: 0,
    refetchInterval: ({ state }) => (state.data && isOpenState(state.data.runState) ? workingMs : false),
  });
  const [busy, setBusy] = useState<string | null>(null);
  /** Something changed while something was being done: what that answered may be older. */
  const isMissed = useRef(false);
  const refresh = (): void => {
    isMissed.current = false;
    void query.refetch();
    void client.invalidateQueries({ queryKey: ["reviews.file"] });
  };
  useFeed("reviews", {
    onSnapshot: (_, skipped) => {
      if (skipped !== 0) refresh();
    },
    onEvent: ({ review }) => {
      if (review.runId !== runId) return;
      if (busy === null) refresh();
      else isMissed.current = true;
    },
  });

  /** Does something that answers with the review as it is then; a failure becomes a toast. `name` says what is under way. */
  async function act(name: string, failure: string, work: () => Promise<Review>): Promise<boolean> {
    if (busy !== null) return false;
    setBusy(name);
    try {
      client.setQueryData(callKey("reviews.get", input), await work());
      return true;
    } catch (error) {
      errorToast(failure, error);
      void query.refetch();
      return false;
    } finally {
      setBusy(null);
      if (isMissed.current) refresh();
      else void client.invalidateQueries({ queryKey: ["reviews.file"] });
    }
  }
  return { query, busy, act };
}

export type ActOnReview = ReturnType<typeof useReview>["act"];

/** The changed lines of one file; asked again when the file is not what it was. */
export function useReviewFile(runId: string, path: string) {
  return useQuery({
    ...callQuery("reviews.file", { params: { id: runId }, query: { path } }, { isKept: true }),
    staleTime: 0,
  });
}

/** What the agent does now with work that is looked at; a question it asks is known at once. */
export function useGoingOn(review: Review) {
  const pending = useLiveApprovals().data?.pending ?? [];
  return goingOn(
    review,
    pending.some(({ subject }) => subject.kind === "agent-tool" && subject.runId === review.runId),
  );
}

import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Run } from "../../../contract/features/runs.ts";
import { call } from "../lib/api.ts";
import { callKey, callQuery } from "../lib/call-query.ts";
import { withErrorToast } from "../lib/toasts.ts";
import { useFeed } from "../lib/use-feed.ts";
import { PermissionQuestion } from "./permission-question.tsx";

/** Answers a question of a run and keeps what came back. */
export function useAnswer(
  id: string,
): (requestId: string, optionId: string | null, reason: string | null) => Promise<boolean> {
  const client = useQueryClient();
  return (requestId, optionId, reason) =>
    withErrorToast("The answer was not taken", async () => {
      const run = await call("runs.answer", { params: { id }, body: { requestId, optionId, reason } });
      client.setQueryData(callKey("runs.get", { params: { id } }), run);
    });
}

/** One run by its id, live. */
export function useLiveRun(id: string) {
  const client = useQueryClient();
  const input = { params: { id } };
  const query = useQuery(callQuery("runs.get", input));
  const set = (run: Run): void => {
    client.setQueryData<Run>(callKey("runs.get", input), (known) =>
      known !== undefined && known.eventCount > run.eventCount ? known : run,
    );
  };
  useFeed("runs", {
    onSnapshot: ({ runs }) => {
      const run = runs.find((one) => one.id === id);
      if (run) set(run);
      else void query.refetch();
    },
    onEvent: (event) => {
      if (event.kind === "changed" && event.run.id === id) set(event.run);
      else if (event.kind === "up" && event.isUp) void query.refetch();
    },
  });
  return query;
}

interface RunQuestionProps {
  id: string;
  /** Shown while the question is not known. */
  fallback: ReactNode;
  /** What stands around the question. */
  renderFrame: (question: ReactNode, run: Run) => ReactNode;
}

/** The first open question of a run, to be settled where it stands. */
export function RunQuestion({ id, fallback, renderFrame }: RunQuestionProps) {
  const { data: run } = useLiveRun(id);
  const answer = useAnswer(id);
  const [first, ...more] = run?.pending ?? [];
  if (run === undefined || !first) return fallback;
  return renderFrame(
    <PermissionQuestion
      key={first.requestId}
      request={first}
      more={more.length}
      onAnswer={(optionId, reason) => answer(first.requestId, optionId, reason)}
    />,
    run,
  );
}

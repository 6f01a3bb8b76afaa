import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { actionRegistry, type Action } from "../../lib/actions.ts";
import { useLiveReviews } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import {
  IconColumns3,
  IconCopy,
  IconDownload,
  IconGitMerge,
  IconPlayerStop,
  IconRepeat,
  IconSearch,
  IconTerminal2,
  IconTrash,
} from "../../ui/icons.gen.ts";
import { ChangesToggle, type RunChanges } from "./changes-pane.tsx";
import { chosenText, isRunId } from "./compared-runs.ts";
import { copyTranscript, removeRun, runAgain, stopRun, transcriptUrl } from "./run-calls.ts";

/** What can be done with a run, at the top of its page. */
export function RunButtons({ run, changes }: { run: Run; changes: RunChanges }) {
  const [isStopping, setIsStopping] = useState(false);
  const isOpen = isOpenState(run.state);
  const links = useRunLinks(run);
  const menu = useRunMenu(run, links);
  useRunActions(run, links);
  const stop = async (): Promise<void> => {
    setIsStopping(true);
    await stopRun(run);
    setIsStopping(false);
  };
  return (
    <>
      {isOpen ? (
        <Button leftSection={<IconPlayerStop size={14} />} disabled={isStopping} onClick={() => void stop()}>
          {isStopping ? "Stopping…" : "Stop"}
        </Button>
      ) : (
        <Button leftSection={<IconRepeat size={14} />} onClick={() => void runAgain(run, links.openNext)}>
          Run again
        </Button>
      )}
      <ChangesToggle {...changes} />
      {run.worktree === null ? null : <ReviewLink runId={run.id} />}
      {run.sessionId === null ? null : (
        <ActionLink to="/terminal" search={{ session: run.sessionId }} leftSection={<IconTerminal2 size={14} />}>
          Terminal
        </ActionLink>
      )}
      <CompareLink run={run} />
      <ActionMenu label={`Actions for ${run.title}`} items={menu} />
    </>
  );
}

/** The way to see it beside the run it was made of again, else beside those that were given the same prompt at once. */
function CompareLink({ run: { id, groupId } }: { run: Run }) {
  const [{ earlier = "" }] = useSearchState();
  const isAgain = isRunId(earlier) && earlier !== id;
  if (!isAgain && groupId === null) return null;
  return (
    <ActionLink
      to="/agents/compare"
      search={isAgain ? { runs: chosenText([earlier, id]) } : { group: groupId }}
      leftSection={<IconColumns3 size={14} />}
    >
      {isAgain ? "Compare with the earlier run" : "Compare"}
    </ActionLink>
  );
}

interface RunLinks {
  openNext: (id: string, earlier: string) => unknown;
  openList: () => unknown;
  /** Begins to choose runs to be compared, with this one. */
  compareWith: () => unknown;
}

function useRunLinks({ id }: Run): RunLinks {
  const navigate = useNavigate();
  return {
    openNext: (runId, earlier) => navigate({ to: "/agents/$runId", params: { runId }, search: { earlier } }),
    openList: () => navigate({ to: "/agents", search: { tab: "runs" } }),
    compareWith: () => navigate({ to: "/agents", search: { tab: "runs", compare: id } }),
  };
}

function useRunMenu(run: Run, { openList, compareWith }: RunLinks): MenuItem[] {
  const [, setSearch] = useSearchState();
  return [
    {
      id: "find",
      label: "Search in it",
      icon: IconSearch,
      run: () => {
        setSearch({ find: "1" });
      },
    },
    { id: "compare", label: "Compare with…", icon: IconColumns3, run: compareWith },
    { id: "copy", label: "Copy the transcript", icon: IconCopy, run: () => copyTranscript(run.id) },
    { id: "download", label: "Download as Markdown", icon: IconDownload, href: transcriptUrl(run.id) },
    ...(isOpenState(run.state)
      ? []
      : [
          {
            id: "delete",
            label: "Delete",
            icon: IconTrash,
            isDangerous: true,
            run: async () => {
              if (await removeRun(run)) await openList();
            },
          },
        ]),
  ];
}

/** The way to what it has changed, once there is something to be looked at. */
function ReviewLink({ runId }: { runId: string }) {
  const { data } = useLiveReviews();
  const review = [...(data?.open ?? []), ...(data?.decided ?? [])].find((one) => one.runId === runId);
  if (review === undefined) return null;
  return (
    <ActionLink
      to="/agents/$runId/review"
      params={{ runId }}
      variant={review.state === "open" ? "filled" : "default"}
      leftSection={<IconGitMerge size={14} />}
    >
      {review.state === "open" ? "Review changes" : "Changes"} +{review.added} −{review.removed}
    </ActionLink>
  );
}

function useRunActions(run: Run, links: RunLinks): void {
  const isOpen = isOpenState(run.state);
  const current = useRef({ run, links });
  useEffect(() => {
    current.current = { run, links };
  });
  const { id } = run;
  useEffect(() => {
    const common = { group: "This run", subject: `run:${id}` };
    const change: Action = isOpen
      ? {
          ...common,
          id: `runs.stop:${id}`,
          label: "Stop this run",
          icon: IconPlayerStop,
          run: () => stopRun(current.current.run),
        }
      : {
          ...common,
          id: `runs.again:${id}`,
          label: "Run this again",
          icon: IconRepeat,
          run: () => runAgain(current.current.run, current.current.links.openNext),
        };
    const copy: Action = {
      ...common,
      id: `runs.copy:${id}`,
      label: "Copy the transcript of this run",
      icon: IconCopy,
      run: () => copyTranscript(id),
    };
    const compare: Action = {
      ...common,
      id: `runs.compare:${id}`,
      label: "Compare this run with…",
      icon: IconColumns3,
      keywords: ["side by side", "difference"],
      run: () => current.current.links.compareWith(),
    };
    return actionRegistry.register([change, copy, compare]);
  }, [id, isOpen]);
}

import { Button } from "@mantine/core";
import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { Run } from "../../../../contract/features/runs.ts";
import { isOpenState } from "../../../../contract/run-transcript.ts";
import { lentText } from "../../lib/rights-words.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconPlayerPlay, IconRobot } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { RunApproval } from "../../ui/waiting-approval.tsx";
import { runStatus } from "../../ui/status.ts";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { ApiError } from "../../lib/api-error.ts";
import { RunButtons } from "./run-buttons.tsx";
import { resumeRun } from "./run-calls.ts";
import { ChangesPane, type RunChanges, useRunChanges } from "./changes-pane.tsx";
import { RunAnswer } from "./run-answer.tsx";
import { AttemptsStrip, RunFigures } from "./run-facts.tsx";
import { RunPictures } from "./run-pictures.tsx";
import { RunWorktree, useRunWorktree } from "./run-worktree.tsx";
import { RunTranscript } from "./run-transcript.tsx";
import { isCutOff, permissionLabel } from "./run-words.ts";
import classes from "./run-page.module.css";
import { SayBox } from "./say-box.tsx";
import { useLiveRun } from "./use-live-run.ts";

const parents = [{ label: "Agents", to: "/agents" }];

/** One run: what it does now, what it did, and what it asks. */
export function RunPage() {
  const { runId = "" }: { runId?: string } = useParams({ strict: false });
  const { data: run, error, isPending, refetch, dataUpdatedAt } = useLiveRun(runId);
  const isGone = error instanceof ApiError && error.code === "not_found";
  if (run !== undefined) {
    return <KnownRun key={run.id} run={run} age={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />} />;
  }
  return (
    <Page title="Run" parents={parents} layout="full">
      <div className={classes["state"]}>
        {isPending ? <LoadingState rows={6} label="Loading the run" /> : null}
        {isGone ? (
          <EmptyState
            icon={IconRobot}
            title="There is no such run"
            text="It may have been deleted."
            action={
              <ActionLink to="/agents" search={{ tab: "runs" }}>
                All runs
              </ActionLink>
            }
          />
        ) : null}
        {error !== null && !isGone ? (
          <ErrorState title="Could not load the run" error={error} onRetry={() => void refetch()} />
        ) : null}
      </div>
    </Page>
  );
}

function KnownRun({ run, age }: { run: Run; age: ReactNode }) {
  const changes = useRunChanges(run);
  return (
    <Page
      title={run.title}
      parents={parents}
      layout="full"
      aside={
        <>
          <StatusBadge status={runStatus(run.state)} />
          {age}
        </>
      }
      actions={<RunButtons run={run} changes={changes} />}
    >
      <Content run={run} changes={changes} />
    </Page>
  );
}

function Content({ run, changes }: { run: Run; changes: RunChanges }) {
  const [search] = useSearchState();
  const hasQuestion = run.pending.length > 0;
  return (
    <div className={classes["content"]} data-finding={search["find"] !== undefined || undefined}>
      <Facts run={run} />
      <AttemptsStrip attempts={run.attempts} />
      <RunPictures run={run} />
      <RunAnswer run={run} />
      <div className={classes["split"]}>
        <div className={classes["told"]}>
          <RunTranscript id={run.id} label={`Transcript of ${run.title}`} folder={run.folder} isSearchable />
          {hasQuestion ? (
            <section className={classes["question"]} aria-label="Waiting for your answer">
              <RunApproval runId={run.id} />
            </section>
          ) : null}
          <Ending run={run} hasQuestion={hasQuestion} />
        </div>
        {changes.isShown ? <ChangesPane files={changes.files} /> : null}
      </div>
    </div>
  );
}

function Facts({ run }: { run: Run }) {
  const app = useLiveApps().data?.find(({ id }) => id === run.appId);
  return (
    <div className={classes["facts"]}>
      <span className={classes["total"]}>
        <RunFigures run={run} />
      </span>
      {app === undefined ? null : (
        <Link to="/apps/$appId" params={{ appId: app.id }} className="touch-wide">
          {app.name}
        </Link>
      )}
      {run.worktree !== null ? (
        <RunWorktree
          runId={run.id}
          worktree={run.worktree}
          isSandbox={run.isolation.kind === "sandbox"}
          folder={run.folder}
        />
      ) : run.folder.includes(`/${run.id}/`) ? (
        <span title={run.folder}>in a folder of its own</span>
      ) : (
        <span className={classes["folder"]} title={run.folder}>
          {run.folder}
        </span>
      )}
      <span>{permissionLabel(run.permissionMode)}</span>
      <Lent run={run} />
      {run.prompt === null ? null : <MadeFrom prompt={run.prompt} />}
    </div>
  );
}

/** What it was lent of PortOS, and what it called with that. */
function Lent({ run: { id, attempts } }: { run: Run }) {
  const text = lentText(attempts.at(-1)?.tools);
  if (text === null) return null;
  return (
    <>
      <span>{text}</span>
      <Link to="/connectors" search={{ tab: "evidence", callerId: id }} className="touch-wide">
        calls
      </Link>
    </>
  );
}

/** The prompt it was made from, and what that included, each in its version. */
function MadeFrom({ prompt: { id, version, includes = [] } }: { prompt: NonNullable<Run["prompt"]> }) {
  const others = includes.map((one) => `${one.id} v${String(one.version)}`).join(", ");
  return (
    <span>
      from{" "}
      <Link to="/prompts/$promptId" params={{ promptId: id }} className="touch-wide">
        {id}
      </Link>
      {` v${String(version)}${others === "" ? "" : `, with ${others}`}`}
    </span>
  );
}

/** What can be done at the end of the transcript: answer why it stopped, or say more. */
function Ending({ run, hasQuestion }: { run: Run; hasQuestion: boolean }) {
  const { isGone } = useRunWorktree(run.id);
  const isOpen = isOpenState(run.state);
  if (isCutOff(run, isGone))
    return (
      <div className={classes["ending"]} role="status">
        <span>
          {run.state === "interrupted" ? `${run.message ?? "It was interrupted."} ` : ""}
          Its worktree was removed, so it cannot go on. Run it again for a new one.
        </span>
      </div>
    );
  const isWaitingInLine = run.state === "queued" || run.state === "created";
  return (
    <>
      {isWaitingInLine || run.state === "interrupted" || run.endProblem != null ? (
        <div className={classes["ending"]} role="status">
          <span>{run.message ?? (isWaitingInLine ? "It waits for a free slot." : "It was interrupted.")}</span>
          {run.state === "interrupted" && run.canContinue ? (
            <Button variant="filled" leftSection={<IconPlayerPlay size={14} />} onClick={() => void resumeRun(run)}>
              Resume
            </Button>
          ) : null}
        </div>
      ) : null}
      {run.canContinue && !isOpen && !hasQuestion && run.state !== "interrupted" ? <SayBox run={run} /> : null}
    </>
  );
}

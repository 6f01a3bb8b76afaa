import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { RunState } from "../../../../contract/features/run-events.ts";
import type { Task } from "../../../../contract/features/tasks.ts";
import { ApiError } from "../../lib/api-error.ts";
import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatCost } from "../../lib/format.ts";
import { useLiveReviews } from "../../lib/live-queries.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import {
  IconBan,
  IconCheck,
  IconLayoutKanban,
  IconPencil,
  IconPlayerPlay,
  IconRotate2,
  IconTrash,
} from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import type { Status } from "../../ui/status.ts";
import { lookAt } from "./look-at.ts";
import { cancelTask, placeTask, removeTask, showTask, startTask } from "./task-calls.ts";
import { TaskForm } from "./task-form.tsx";
import classes from "./task-page.module.css";
import { canMoveTo, columnOf, columns, recoveryWords } from "./task-words.ts";
import { useLiveTasks } from "./use-tasks.ts";

const parents = [{ label: "Agents", to: "/agents" }];

/** Words of runs, which belong to their own feature. */
export interface RunWords {
  status: (state: RunState) => Status;
}

/** One task: why it is where it is, who worked on it, and everything that can be said of it. */
export function TaskPage({ words, more }: { words: RunWords; more?: (task: Task) => ReactNode }) {
  const { taskId = "" }: { taskId?: string } = useParams({ strict: false });
  const list = useLiveTasks();
  const here = list.data?.tasks.find(({ id }) => id === taskId);
  const past = useQuery({
    ...callQuery("tasks.get", { params: { id: taskId } }),
    enabled: !list.isPending && here === undefined,
    retry: false,
  });
  const task = here ?? past.data;
  const isGone = past.error instanceof ApiError && past.error.code === "not_found";
  return (
    <Page
      title={task?.title ?? "Task"}
      parents={parents}
      aside={task === undefined ? undefined : <State task={task} />}
      actions={task === undefined ? undefined : <TaskButtons task={task} />}
    >
      {task === undefined ? null : <Content key={task.id} task={task} words={words} more={more?.(task)} />}
      {task === undefined && past.error === null ? <LoadingState rows={6} label="Loading the task" /> : null}
      {task === undefined && isGone ? <Gone id={taskId} onBack={() => void past.refetch()} /> : null}
      {task === undefined && past.error !== null && !isGone ? (
        <ErrorState title="Could not load the task" error={past.error} onRetry={() => void past.refetch()} />
      ) : null}
    </Page>
  );
}

function State({ task }: { task: Task }) {
  const words: Partial<Record<Task["state"], Status>> = {
    running: "running",
    waiting: "waiting for you",
    done: "succeeded",
    failed: "failed",
    cancelled: "cancelled",
  };
  const status = words[task.state];
  if (status !== undefined) return <StatusBadge status={status} />;
  return <span className={classes["column"]}>{columns.find(({ id }) => id === columnOf(task.state))?.label}</span>;
}

/** A deleted one can be brought back from its own page. */
function Gone({ id, onBack }: { id: string; onBack: () => void }) {
  const client = useQueryClient();
  const removed = useQuery(callQuery("tasks.removed")).data?.find(({ task }) => task.id === id);
  if (removed === undefined)
    return (
      <EmptyState
        icon={IconLayoutKanban}
        title="There is no such task"
        text="It was deleted too long ago to be brought back."
        action={
          <ActionLink to="/agents" search={{ tab: "board" }}>
            All tasks
          </ActionLink>
        }
      />
    );
  return (
    <EmptyState
      icon={IconTrash}
      title={removed.task.title}
      text="This task was deleted."
      action={
        <Button
          variant="filled"
          leftSection={<IconRotate2 size={14} />}
          onClick={() =>
            void withErrorToast(`Could not bring ${removed.task.title} back`, async () => {
              showTask(client, await call("tasks.restore", { params: { id } }));
              onBack();
            })
          }
        >
          Bring it back
        </Button>
      }
    />
  );
}

function TaskButtons({ task }: { task: Task }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const own = columnOf(task.state);
  const to = (column: "draft" | "ready" | "ended") => ({
    isDisabled: own === column || !canMoveTo(task, column),
    run: () => placeTask(client, task, { column, before: null }, task.position),
  });
  const canStart = own !== "running" && canMoveTo(task, "running");
  const reviews = useLiveReviews().data?.open;
  const look = lookAt(task, reviews);
  return (
    <>
      {look === null ? null : (
        <ActionLink
          href={look.to}
          variant={task.state === "running" ? "default" : "filled"}
          leftSection={<look.icon size={14} />}
        >
          {look.label}
        </ActionLink>
      )}
      {canStart ? (
        <Button
          variant="filled"
          leftSection={<IconPlayerPlay size={14} />}
          onClick={() => void startTask(client, task)}
        >
          Start now
        </Button>
      ) : null}
      <ActionMenu
        label={`Actions for ${task.title}`}
        items={[
          {
            id: "ready",
            label: task.endedAt === null ? "Make it ready" : "Do it again",
            icon: IconRotate2,
            ...to("ready"),
          },
          { id: "draft", label: "Make it a draft", icon: IconPencil, ...to("draft") },
          { id: "done", label: "Mark as done", icon: IconCheck, ...to("ended") },
          {
            id: "cancel",
            label: "Cancel",
            icon: IconBan,
            isDisabled: task.endedAt !== null,
            run: () => cancelTask(client, task),
          },
          {
            id: "remove",
            label: "Delete",
            icon: IconTrash,
            isDangerous: true,
            run: async () => {
              if (await removeTask(client, task)) await navigate({ to: "/agents", search: { tab: "board" } });
            },
          },
        ]}
      />
    </>
  );
}

const outcomes = { merged: "Merged", branch: "Kept as a branch", discarded: "Discarded", accepted: "Accepted" };

function Content({ task, words, more }: { task: Task; words: RunWords; more: ReactNode }) {
  return (
    <div className={classes["page"]}>
      <div className={classes["why"]} data-code={task.reason.code}>
        <p>{task.reason.text}</p>
        <span className="dim">
          <Time iso={task.reason.at} />
          {task.reason.until === null ? null : (
            <>
              {" "}
              · until about <Time iso={task.reason.until} />
            </>
          )}
        </span>
      </div>
      {task.endedAt !== null || task.promptProblem === null || task.promptProblem === task.reason.text ? null : (
        <Notice tone="warn">{task.promptProblem}</Notice>
      )}
      <div className={classes["past"]}>
        {task.runs.length === 0 ? null : <Runs task={task} words={words} />}
        <Related task={task} />
        {task.review === null ? null : (
          <p className={classes["review"]}>
            {outcomes[task.review.outcome]} by {task.review.by} · <Time iso={task.review.at} />
          </p>
        )}
      </div>
      <TaskForm task={task} />
      <div className={classes["log"]}>{more}</div>
    </div>
  );
}

/** The task this one was made from, and what was made from this one: what is left of it after a budget was used up. */
function Related({ task }: { task: Task }) {
  const tasks = useLiveTasks().data?.tasks ?? [];
  const from = task.source.kind === "task" ? tasks.find(({ id }) => id === task.source.id) : undefined;
  const parts = tasks.filter(({ source }) => source.kind === "task" && source.id === task.id);
  if (from === undefined && parts.length === 0) return null;
  return (
    <Section title="Related tasks">
      <ul role="list" className={classes["runs"]}>
        {[...(from === undefined ? [] : [from]), ...parts].map((one) => (
          <li key={one.id}>
            <Link to="/agents/tasks/$taskId" params={{ taskId: one.id }} className="touch-wide">
              {one.title}
            </Link>
            <State task={one} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Runs({ task, words }: { task: Task; words: RunWords }) {
  const runs =
    useQuery({ ...callQuery("runs.list", { query: { limit: 200 } }), refetchInterval: 5_000 }).data?.items ?? [];
  return (
    <Section title="Runs">
      <ul role="list" className={classes["runs"]}>
        {task.runs.toReversed().map(({ runId, startedAt }) => {
          const recovery = recoveryWords(task, runId);
          const run = runs.find(({ id }) => id === runId);
          const last = run?.attempts.at(-1);
          return (
            <li key={runId}>
              <Link to="/agents/$runId" params={{ runId }} className="touch-wide">
                {last === undefined
                  ? "Run"
                  : [last.providerName, last.model].filter((part) => part !== null).join(" · ")}
              </Link>
              {run === undefined ? null : <StatusBadge status={words.status(run.state)} isCompact />}
              <span className="dim">
                <Time iso={startedAt} />
                {run === undefined || run.usage.costUsd === null ? "" : ` · ${formatCost(run.usage.costUsd)}`}
                {recovery === null ? "" : ` · ${recovery}`}
              </span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

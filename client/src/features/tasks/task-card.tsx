import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { memo, type KeyboardEvent, type PointerEvent, type RefObject } from "react";

import type { Task } from "../../../../contract/features/tasks.ts";
import { formatCost } from "../../lib/format.ts";
import { IconAlertTriangle, IconArrowDown, IconArrowUp, IconRobot } from "../../ui/icons.gen.ts";
import { ActionMenu, type MenuItem } from "../../ui/action-menu.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import classes from "./board.module.css";
import { priorityLabels, taskStatus } from "./task-words.ts";
import { ghostTransform } from "./use-moving.ts";

interface TaskCardProps {
  task: Task;
  appName: string | null;
  /** Who is to do it. */
  who: string;
  costUsd: number | undefined;
  /** `lifted`: held by the keyboard. `shadow`: where it would stand while the pointer holds it. */
  look: "still" | "lifted" | "shadow";
  /** What can be done with a task. */
  menuOf: (task: Task) => MenuItem[];
  /** The one thing it waits for. */
  deedOf: (task: Task) => MenuItem | null;
  describedBy: string;
  onPointerDown: (event: PointerEvent<HTMLElement>, task: Task) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>, task: Task) => void;
}

/** One task on the board. */
export const TaskCard = memo(function TaskCard(props: TaskCardProps) {
  const { task, look, menuOf, deedOf, describedBy, onPointerDown, onKeyDown } = props;
  const deed = deedOf(task);
  return (
    <li
      className={classes["card"]}
      data-task={task.id}
      data-look={look}
      onPointerDown={(event) => {
        onPointerDown(event, task);
      }}
    >
      <div className={classes["cardHead"]}>
        <Link
          to="/agents/tasks/$taskId"
          params={{ taskId: task.id }}
          className={classes["cardTitle"]}
          draggable={false}
          data-card-link=""
          aria-describedby={describedBy}
          onKeyDown={(event) => {
            onKeyDown(event, task);
          }}
        >
          <span>{task.title}</span>
        </Link>
        <ActionMenu label={`Actions for ${task.title}`} items={menuOf(task)} />
      </div>
      <CardFacts {...props} />
      {deed?.run === undefined ? null : <Deed task={task} deed={deed} run={deed.run} />}
    </li>
  );
});

const deedWords: Partial<Record<Task["state"], string>> = { ready: "Start", waiting: "Answer", review: "Review" };

function Deed({ task, deed, run }: { task: Task; deed: MenuItem; run: () => unknown }) {
  const Icon = deed.icon;
  return (
    <Button
      className={classes["deed"] ?? ""}
      size="compact-sm"
      variant={task.state === "ready" ? "default" : "light"}
      leftSection={Icon === undefined ? null : <Icon size={13} />}
      aria-label={`${deedWords[task.state] ?? deed.label}: ${task.title}`}
      title={deed.label}
      onClick={() => void run()}
    >
      {deedWords[task.state] ?? deed.label}
    </Button>
  );
}

/** What is said of a task below its title. */
export function CardFacts({
  task,
  appName,
  who,
  costUsd,
}: Pick<TaskCardProps, "task" | "appName" | "who" | "costUsd">) {
  const isEnded = task.endedAt !== null;
  const isShownState = isEnded || task.state === "running" || task.state === "waiting" || task.state === "review";
  return (
    <>
      <div className={classes["facts"]}>
        {task.priority === "normal" ? null : <Priority priority={task.priority} />}
        {task.appId === null ? null : (
          <span
            className={classes["app"]}
            title={appName ?? `There is no app ${task.appId}`}
            data-missing={appName === null || undefined}
          >
            {appName === null ? <IconAlertTriangle size={12} /> : null}
            {appName ?? task.appId}
          </span>
        )}
        <span className={classes["type"]}>{task.type}</span>
        {who === "" ? null : (
          <span className={classes["who"]}>
            <IconRobot size={12} />
            {who}
          </span>
        )}
        {costUsd === undefined ? null : <span className={classes["cost"]}>{formatCost(costUsd)}</span>}
      </div>
      {isSaidElsewhere(task) ? null : (
        <p className={classes["reason"]}>
          {isShownState && task.state !== "review" ? <StatusBadge status={taskStatus(task.state)} isCompact /> : null}
          <span>{task.reason.text}</span>
        </p>
      )}
      {isEnded || task.promptProblem === null || task.promptProblem === task.reason.text ? null : (
        <p className={classes["reason"]}>
          <IconAlertTriangle size={12} />
          <span>{task.promptProblem}</span>
        </p>
      )}
    </>
  );
}

/** A draft says so by its column; that nothing starts by itself is said once above the board. */
function isSaidElsewhere({ state, reason, runs }: Task): boolean {
  if (state === "draft") return reason.text === "It is a draft.";
  return state === "ready" && reason.code === "off" && runs.length === 0; // how its last run ended is said only here
}

function Priority({ priority }: { priority: Exclude<Task["priority"], "normal"> }) {
  const Icon = priority === "low" ? IconArrowDown : priority === "urgent" ? IconAlertTriangle : IconArrowUp;
  return (
    <span className={classes["priority"]} data-priority={priority}>
      <Icon size={12} />
      {priorityLabels[priority]}
    </span>
  );
}

interface GhostProps {
  title: string;
  at: { x: number; y: number; width: number };
  card: RefObject<HTMLDivElement | null>;
}

/** The card under the pointer while it is dragged. */
export function GhostCard({ title, at, card }: GhostProps) {
  return (
    <div ref={card} className={classes["ghost"]} style={{ width: at.width, transform: ghostTransform(at) }} aria-hidden>
      {title}
    </div>
  );
}

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
  describedBy: string;
  onPointerDown: (event: PointerEvent<HTMLElement>, task: Task) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>, task: Task) => void;
}

/** One task on the board. */
export const TaskCard = memo(function TaskCard(props: TaskCardProps) {
  const { task, look, menuOf, describedBy, onPointerDown, onKeyDown } = props;
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
          {task.title}
        </Link>
        <ActionMenu label={`Actions for ${task.title}`} items={menuOf(task)} />
      </div>
      <CardFacts {...props} />
    </li>
  );
});

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
        <span className={classes["who"]}>
          <IconRobot size={12} />
          {who}
        </span>
        {costUsd === undefined ? null : <span className={classes["cost"]}>{formatCost(costUsd)}</span>}
      </div>
      {task.state === "draft" && task.reason.text === "It is a draft." ? null : (
        <p className={classes["reason"]}>
          {isShownState && task.state !== "review" ? <StatusBadge status={taskStatus(task.state)} isCompact /> : null}
          <span>{task.reason.text}</span>
        </p>
      )}
    </>
  );
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

import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
  type RefObject,
} from "react";

import type { Task } from "../../../../contract/features/tasks.ts";
import { useLiveApps, useLiveProviders, useLiveReviews } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import type { MenuItem } from "../../ui/action-menu.tsx";
import { IconArrowsMove, IconBan, IconPlayerPlay, IconTrash } from "../../ui/icons.gen.ts";
import { type Place, positionAt, withPlaced, type TasksByColumn } from "./board-order.ts";
import classes from "./board.module.css";
import { lookAt } from "./look-at.ts";
import { MoveSheet } from "./move-sheet.tsx";
import { cancelTask, placeTask, removeTask, startTask } from "./task-calls.ts";
import { GhostCard, TaskCard } from "./task-card.tsx";
import { canMoveTo, choiceWords, columnOf, columns, type ColumnId } from "./task-words.ts";
import { type Moving, useMoving } from "./use-moving.ts";
import { useTaskCosts } from "./use-tasks.ts";

interface BoardProps {
  tasks: readonly Task[];
  byColumn: TasksByColumn;
  /** Above the tasks that may be started: who starts them. */
  readyNote?: ReactNode;
}

/** Columns of cards. A card is dragged, with a finger after resting on it, or lifted with Space and moved with the arrow keys; on a phone one column is shown. */
export function Board({ tasks, byColumn, readyNote }: BoardProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const reviews = useLiveReviews().data?.open;
  const [search, setSearch] = useSearchState();
  const board = useRef<HTMLDivElement>(null);
  const help = useId();
  const [movedId, setMovedId] = useState<string | null>(null);
  const move = (task: Task, place: Place): void => {
    void placeTask(client, task, place, positionAt(byColumn, task, place));
  };
  const { moving, ghost, said, onPointerDown, onKey } = useMoving(board, byColumn, move);
  const shown = moving === null ? byColumn : withPlaced(byColumn, moving.task, moving.place);
  const facts = useFacts(tasks);
  const current = columns.find(({ id }) => id === search["column"])?.id ?? firstBusy(byColumn);

  useKeptFocus(board, moving);

  function onKeyDown(event: KeyboardEvent<HTMLElement>, task: Task): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (onKey(event.key, task)) event.preventDefault();
    else if (event.key.startsWith("Arrow") && focusNear(event.currentTarget, event.key)) event.preventDefault();
  }

  function menuOf(task: Task): MenuItem[] {
    const canStart = canMoveTo(task, "running") && columnOf(task.state) !== "running";
    const look = lookAt(task, reviews);
    return [
      ...(look === null
        ? []
        : [{ id: "look", label: look.label, icon: look.icon, run: () => navigate({ to: look.to }) }]),
      {
        id: "start",
        label: "Start now",
        icon: IconPlayerPlay,
        isDisabled: !canStart,
        run: () => startTask(client, task),
      },
      {
        id: "move",
        label: "Move…",
        icon: IconArrowsMove,
        run: () => {
          setMovedId(task.id);
        },
      },
      {
        id: "cancel",
        label: "Cancel",
        icon: IconBan,
        isDisabled: task.endedAt !== null,
        run: () => cancelTask(client, task),
      },
      { id: "remove", label: "Delete", icon: IconTrash, isDangerous: true, run: () => removeTask(client, task) },
    ];
  }

  /** What a task waits for, one tap away: to be started, answered or looked at. */
  function deedOf(task: Task): MenuItem | null {
    const [first, second] = menuOf(task);
    if (first?.id === "look") return task.state === "running" ? null : first;
    const start = first?.id === "start" ? first : second;
    return task.state === "ready" && start !== undefined && start.isDisabled !== true ? start : null;
  }

  const held = useHeld({ onPointerDown, onKeyDown, menuOf, deedOf });
  return (
    <div className={classes["area"]} ref={board} data-moving={moving === null ? undefined : ""}>
      <div className={classes["switch"]} role="group" aria-label="Column">
        {columns.map(({ id, label }) => (
          <button
            key={id}
            ref={id === current ? intoView : undefined}
            type="button"
            aria-pressed={id === current}
            data-drop={id}
            data-target={moving?.place.column === id || undefined}
            onClick={() => {
              setSearch({ column: id });
            }}
          >
            {label}
            <span>{byColumn[id].length}</span>
          </button>
        ))}
      </div>
      <p id={help} className="visually-hidden">
        Space lifts the task, arrow keys move it.
      </p>
      <div role="status" aria-live="assertive" className="visually-hidden">
        {said}
      </div>
      <div className={classes["board"]} data-across="">
        {columns.map(({ id, label, empty }) => (
          <section
            key={id}
            className={classes["column"]}
            data-column={id}
            data-shown={id === current || undefined}
            data-open={moving === null || canMoveTo(moving.task, id) || undefined}
            data-target={moving?.place.column === id || undefined}
            aria-label={label}
          >
            <h2 className={classes["columnHead"]}>
              {label}
              <span>{byColumn[id].length}</span>
            </h2>
            {id === "ready" && byColumn.ready.length > 0 ? readyNote : null}
            <ul role="list" className={classes["cards"]} data-scroll="">
              {shown[id].length === 0 ? <li className={classes["empty"]}>{empty}</li> : null}
              {shown[id].map((task) => (
                <TaskCard
                  key={task.id}
                  task={task}
                  {...facts(task)}
                  look={moving?.task.id !== task.id ? "still" : moving.ghost === null ? "lifted" : "shadow"}
                  menuOf={held.menuOf}
                  deedOf={held.deedOf}
                  describedBy={help}
                  onPointerDown={held.onPointerDown}
                  onKeyDown={held.onKeyDown}
                />
              ))}
            </ul>
          </section>
        ))}
      </div>
      {moving?.ghost ? <GhostCard title={moving.task.title} at={moving.ghost} card={ghost} /> : null}
      <MoveSheet
        task={tasks.find(({ id }) => id === movedId) ?? null}
        byColumn={byColumn}
        onMove={move}
        onClose={() => {
          setMovedId(null);
        }}
      />
    </div>
  );
}

/** The row of columns scrolls on a phone, and the current one may lie outside of it. */
function intoView(button: HTMLElement | null): void {
  button?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

interface CardDeeds {
  onPointerDown: (event: PointerEvent<HTMLElement>, task: Task) => void;
  onKeyDown: (event: KeyboardEvent<HTMLElement>, task: Task) => void;
  menuOf: (task: Task) => MenuItem[];
  deedOf: (task: Task) => MenuItem | null;
}

/** The same functions at each drawing: cards that did not change are not drawn while another one is moved. */
function useHeld(deeds: CardDeeds): CardDeeds {
  const latest = useRef(deeds);
  useEffect(() => {
    latest.current = deeds;
  });
  return useMemo(
    () => ({
      onPointerDown: (event, task) => {
        latest.current.onPointerDown(event, task);
      },
      onKeyDown: (event, task) => {
        latest.current.onKeyDown(event, task);
      },
      menuOf: (task) => latest.current.menuOf(task),
      deedOf: (task) => latest.current.deedOf(task),
    }),
    [],
  );
}

/** A card that comes to another column is another element: the focus goes with it. */
function useKeptFocus(board: RefObject<HTMLElement | null>, moving: Moving | null): void {
  const held = useRef<string | null>(null);
  useEffect(() => {
    if (moving !== null) held.current = moving.ghost === null ? moving.task.id : null;
  }, [moving]);
  useEffect(() => {
    if (held.current === null || document.activeElement !== document.body) return;
    board.current?.querySelector<HTMLElement>(`[data-task="${held.current}"] [data-card-link]`)?.focus();
  });
}

/** What a card says besides the task itself. */
export function useFacts(tasks: readonly Task[]) {
  const apps = useLiveApps().data;
  const providers = useLiveProviders().data?.providers;
  const costs = useTaskCosts(tasks);
  return useMemo(() => {
    const appNames = new Map((apps ?? []).map(({ id, name }) => [id, name]));
    const providerNames = new Map((providers ?? []).map(({ id, name }) => [id, name]));
    return (task: Task) => ({
      appName: task.appId === null || apps === undefined ? (task.appId ?? "") : (appNames.get(task.appId) ?? null),
      who: choiceWords(task, (id) => providerNames.get(id) ?? id),
      costUsd: costs.get(task.id),
    });
  }, [apps, providers, costs]);
}

/** On a phone: what needs the user first, then what may be started. */
function firstBusy(byColumn: TasksByColumn): ColumnId {
  const order: ColumnId[] = ["waiting", "review", "running", "ready", "draft", "ended"];
  return order.find((id) => byColumn[id].length > 0) ?? "ready";
}

/** Moves the focus from card to card. */
function focusNear(link: HTMLElement, key: string): boolean {
  const column = link.closest("[data-column]");
  const index = linksOf(column).indexOf(link);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const next = linksOf(column)[index + (key === "ArrowUp" ? -1 : 1)];
    next?.focus();
    return next !== undefined;
  }
  const step = (element: Element | null): Element | null =>
    (key === "ArrowLeft" ? element?.previousElementSibling : element?.nextElementSibling) ?? null;
  for (let next = step(column); next; next = step(next)) {
    const links = linksOf(next);
    const target = links[Math.min(index, links.length - 1)];
    if (!target) continue;
    target.focus();
    return true;
  }
  return false;
}

function linksOf(element: Element | null): HTMLElement[] {
  return [...(element?.querySelectorAll<HTMLElement>("[data-card-link]") ?? [])];
}

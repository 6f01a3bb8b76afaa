import { useEffect, useRef, useState, type PointerEvent as ReactPointerEvent, type RefObject } from "react";

import type { Task } from "../../../../contract/features/tasks.ts";
import { beforeAt, placeOf, stepFrom, withPlaced, type Place, type TasksByColumn } from "./board-order.ts";
import { canMoveTo, columnOf, columns, type ColumnId } from "./task-words.ts";

/** A task that is being moved, and where it would stand. */
export interface Moving {
  readonly task: Task;
  readonly place: Place;
  /** Where the pointer has it, in pixels of the window; `null` with the keyboard. */
  readonly ghost: { x: number; y: number; width: number } | null;
}

interface MovingBoard {
  moving: Moving | null;
  /** The card under the pointer, which follows it without the board being drawn anew. */
  ghost: RefObject<HTMLDivElement | null>;
  /** What to say to who cannot see it. */
  said: string;
  onPointerDown(event: ReactPointerEvent<HTMLElement>, task: Task): void;
  /** Whether the key was meant for moving. */
  onKey(key: string, task: Task): boolean;
}

const startAfterPx = 6;
/** A finger that rests this long holds the card; one that moves before scrolls. */
const holdMs = 350;
const holdWithinPx = 10;
const scrollZonePx = 56;
const scrollStepPx = 14;

/** Moves tasks with the pointer or the keyboard. `board` holds elements with `data-column` and in them `data-task`, and others with `data-drop` on which a task is put into a column. A finger holds a card by resting on it. */
export function useMoving(
  board: RefObject<HTMLElement | null>,
  byColumn: TasksByColumn,
  onDrop: (task: Task, place: Place) => void,
): MovingBoard {
  const [moving, setMoving] = useState<Moving | null>(null);
  const [said, setSaid] = useState("");
  const current = useRef({ byColumn, onDrop });
  const stop = useRef<() => void>(() => undefined);
  const ghostCard = useRef<HTMLDivElement>(null);
  useEffect(() => {
    current.current = { byColumn, onDrop };
  });
  useEffect(
    () => () => {
      stop.current();
    },
    [],
  );

  const { held, keepPage } = usePageKept(board);

  function where(task: Task, place: Place): string {
    const list = withPlaced(current.current.byColumn, task, place)[place.column];
    const label = columns.find(({ id }) => id === place.column)?.label ?? "";
    return `${label}, ${String(list.findIndex(({ id }) => id === task.id) + 1)} of ${String(list.length)}`;
  }

  function drop(task: Task, place: Place): void {
    setMoving(null);
    const home = placeOf(current.current.byColumn, task.id);
    const isMoved = home?.column !== place.column || home.before !== place.before;
    setSaid(isMoved ? `Put "${task.title}" in ${where(task, place)}.` : `"${task.title}" stays where it was.`);
    if (isMoved) current.current.onDrop(task, place);
  }

  function onPointerDown(event: ReactPointerEvent<HTMLElement>, task: Task): void {
    const isControl = event.target instanceof Element && event.target.closest("button, input, [role=menu]") !== null;
    if (event.button !== 0 || isControl || moving !== null) return;
    stop.current();
    const isTouch = event.pointerType === "touch";
    const card = event.currentTarget;
    const from = { x: event.clientX, y: event.clientY };
    const box = card.getBoundingClientRect();
    let place: Place | null = null;
    let pointer = from;
    let frame = 0;
    let isHeld = !isTouch;
    const hold = isTouch
      ? setTimeout(() => {
          isHeld = true;
          held.current = true;
          if ("vibrate" in navigator) navigator.vibrate(12);
          frame = requestAnimationFrame(scroll);
          show();
        }, holdMs)
      : undefined;

    const show = (): void => {
      const before = place;
      place = placeAt(board.current, task, pointer) ?? place ?? placeOf(current.current.byColumn, task.id);
      if (place === null) return;
      const ghost = { x: box.left + pointer.x - from.x, y: box.top + pointer.y - from.y, width: box.width };
      ghostCard.current?.style.setProperty("transform", ghostTransform(ghost));
      if (before?.column !== place.column || before.before !== place.before) setMoving({ task, place, ghost });
    };
    const scroll = (): void => {
      if (scrollNear(board.current, pointer)) show();
      frame = requestAnimationFrame(scroll);
    };
    const move = (next: PointerEvent): void => {
      pointer = { x: next.clientX, y: next.clientY };
      const distance = Math.hypot(pointer.x - from.x, pointer.y - from.y);
      if (!isHeld) {
        if (distance > holdWithinPx) stop.current();
        return;
      }
      if (place === null && distance < startAfterPx) return;
      if (place === null) frame = requestAnimationFrame(scroll);
      next.preventDefault();
      show();
    };
    const end = (isDropped: boolean): void => {
      stop.current();
      if (place === null) return;
      // The click that ends a drag opens nothing.
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => {
        removeEventListener("click", swallow, { capture: true });
      }, 0);
      if (isDropped) drop(task, place);
      else setMoving(null);
    };
    const over = ({ type }: PointerEvent): void => {
      end(type === "pointerup");
    };
    const key = (pressed: KeyboardEvent): void => {
      if (pressed.key !== "Escape") return;
      pressed.stopPropagation();
      end(false);
    };
    const forget = listen(card, event.pointerId, { move, over, key, keepPage: isTouch ? keepPage : null });
    stop.current = () => {
      clearTimeout(hold);
      cancelAnimationFrame(frame);
      held.current = false;
      forget();
      stop.current = () => undefined;
    };
  }

  const onKey = (key: string, task: Task): boolean =>
    moveByKey(key, task, { moving, byColumn, setMoving, say: setSaid, where, drop });

  return { moving, ghost: ghostCard, said, onPointerDown, onKey };
}

interface KeyBoard {
  moving: Moving | null;
  byColumn: TasksByColumn;
  setMoving: (moving: Moving | null) => void;
  say: (text: string) => void;
  where: (task: Task, place: Place) => string;
  drop: (task: Task, place: Place) => void;
}

/** Space lifts a task and puts it down, arrows move it, Escape leaves it where it was. Whether the key was meant for that. */
function moveByKey(key: string, task: Task, { moving, byColumn, setMoving, say, where, drop }: KeyBoard): boolean {
  if (moving === null) {
    const place = key === " " ? placeOf(byColumn, task.id) : null;
    if (place === null) return false;
    setMoving({ task, place, ghost: null });
    say(`Lifted "${task.title}". ${where(task, place)}. Arrow keys move it, Space puts it down, Escape leaves it.`);
    return true;
  }
  if (moving.task.id !== task.id) return false;
  if (key === "Escape") {
    setMoving(null);
    say(`"${task.title}" stays where it was.`);
    return true;
  }
  if (key === " " || key === "Enter") {
    drop(task, moving.place);
    return true;
  }
  if (key !== "ArrowUp" && key !== "ArrowDown" && key !== "ArrowLeft" && key !== "ArrowRight") return false;
  const place = stepFrom(byColumn, task.id, moving.place, key, (column) => canMoveTo(task, column));
  say(place === null ? "There is no place that way." : `${where(task, place)}.`);
  if (place !== null) setMoving({ task, place, ghost: null });
  return true;
}

interface Listeners {
  move: (event: PointerEvent) => void;
  over: (event: PointerEvent) => void;
  key: (event: KeyboardEvent) => void;
  /** For a finger. */
  keepPage: ((event: TouchEvent) => void) | null;
}

/** Follows a pointer that went down on a card, and no other; returns what ends it. */
function listen(card: HTMLElement, pointerId: number, { move, over, key, keepPage }: Listeners): () => void {
  const until = new AbortController();
  const { signal } = until;
  if (keepPage !== null) {
    // Also of a card that has left the board by going to another column.
    card.addEventListener("touchmove", keepPage, { passive: false, signal });
    card.addEventListener("contextmenu", refuse, { signal });
  }
  addEventListener("pointermove", ofPointer(pointerId, move), { signal });
  addEventListener("pointerup", ofPointer(pointerId, over), { signal });
  addEventListener("pointercancel", ofPointer(pointerId, over), { signal });
  addEventListener("keydown", key, { capture: true, signal });
  return () => {
    until.abort();
  };
}

/** Hears one of several pointers: a second finger neither moves what the first holds nor drops it. */
export function ofPointer(pointerId: number, hear: (event: PointerEvent) => void): (event: PointerEvent) => void {
  return (event) => {
    if (event.pointerId === pointerId) hear(event);
  };
}

/** While `held` is set, the finger moves a card and not the page. Browsers want to know of this before the finger comes. */
function usePageKept(board: RefObject<HTMLElement | null>) {
  const held = useRef(false);
  const [keepPage] = useState(() => (event: TouchEvent): void => {
    if (held.current && event.cancelable) event.preventDefault();
  });
  useEffect(() => {
    const area = board.current;
    area?.addEventListener("touchmove", keepPage, { passive: false });
    return () => {
      area?.removeEventListener("touchmove", keepPage);
    };
  }, [board, keepPage]);
  return { held, keepPage };
}

/** How the card under the pointer is put in its place. */
export function ghostTransform({ x, y }: { x: number; y: number }): string {
  return `translate(${String(x)}px, ${String(y)}px)`;
}

function refuse(event: Event): void {
  event.preventDefault();
}

function swallow(event: MouseEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

/** The place under the pointer; `null` where the task cannot be put. */
function placeAt(board: HTMLElement | null, task: Task, { x, y }: { x: number; y: number }): Place | null {
  for (const element of board?.querySelectorAll<HTMLElement>("[data-drop]") ?? []) {
    const box = element.getBoundingClientRect();
    if (x < box.left || x > box.right || y < box.top || y > box.bottom) continue;
    const column = columns.find(({ id }) => id === element.dataset["drop"])?.id;
    return column === undefined || !canMoveTo(task, column) ? null : { column, before: null };
  }
  for (const element of board?.querySelectorAll<HTMLElement>("[data-column]") ?? []) {
    const box = element.getBoundingClientRect();
    if (x < box.left || x > box.right || box.width === 0) continue;
    const column = columns.find(({ id }) => id === element.dataset["column"])?.id;
    if (column === undefined || !canMoveTo(task, column)) return null;
    const cards = [...element.querySelectorAll<HTMLElement>("[data-task]")].filter(
      (card) => card.dataset["task"] !== task.id,
    );
    const middles = cards.map((card) => {
      const { top, height } = card.getBoundingClientRect();
      return { id: card.dataset["task"] ?? "", middle: top + height / 2 };
    });
    return { column, before: isOrdered(column) ? beforeAt(middles, y) : null };
  }
  return null;
}

function isOrdered(column: ColumnId): boolean {
  return column !== columnOf("done");
}

/** Scrolls what is near the pointer's edge; whether anything moved. */
function scrollNear(board: HTMLElement | null, { x, y }: { x: number; y: number }): boolean {
  const lists = [
    board?.querySelector<HTMLElement>("[data-across]"),
    ...(board?.querySelectorAll<HTMLElement>("[data-scroll]") ?? []),
    board?.closest<HTMLElement>("main"),
  ];
  let isMoved = false;
  for (const element of lists) {
    if (!element) continue;
    const box = element.getBoundingClientRect();
    if (x < box.left || x > box.right) continue;
    const before = [element.scrollLeft, element.scrollTop];
    if (element.dataset["across"] === undefined) {
      if (y < box.top + scrollZonePx) element.scrollTop -= scrollStepPx;
      if (y > box.bottom - scrollZonePx) element.scrollTop += scrollStepPx;
    } else {
      if (x < box.left + scrollZonePx) element.scrollLeft -= scrollStepPx;
      if (x > box.right - scrollZonePx) element.scrollLeft += scrollStepPx;
    }
    isMoved ||= element.scrollLeft !== before[0] || element.scrollTop !== before[1];
  }
  return isMoved;
}

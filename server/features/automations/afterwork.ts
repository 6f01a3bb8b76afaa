import type { Timers } from "./scheduler.ts";

/** Done once what is due was dealt with, or after this long at the latest. */
const maxHoldMs = 500;
/** Done in one turn; input that came in is dealt with between two turns. */
const perTurn = 20;

interface Dependencies<T> {
  timers: Timers;
  /** More is due right now. */
  isMoreDue(): boolean;
  work(item: T): void;
  /** Called after each turn. */
  onTurn(): void;
}

/** Work that must not delay what is due: it begins when all of that has been dealt with, and is done in small turns. */
export interface Afterwork<T> {
  add(item: T): void;
  drop(item: T): void;
  size(): number;
  /** Begins once all of `dealt` and of earlier calls have resolved. */
  beginAfter(dealt: readonly Promise<void>[]): void;
  stop(): void;
}

/** Nothing to do yet. */
export function createAfterwork<T>({ timers, isMoreDue, work, onTurn }: Dependencies<T>): Afterwork<T> {
  const items = new Set<T>();
  let isWorking = false;
  let dealing = 0;
  let cancelHold: (() => void) | null = null;

  function begin(): void {
    cancelHold?.();
    cancelHold = null;
    if (isWorking || items.size === 0) return;
    isWorking = true;
    timers.soon(turn);
  }

  function turn(): void {
    let room = perTurn;
    for (const item of items) {
      if (room === 0) break;
      room -= 1;
      items.delete(item);
      work(item);
    }
    isWorking = items.size > 0;
    if (isWorking) timers.soon(turn);
    onTurn();
  }

  function beginWhenDealt(): void {
    if (dealing === 0 && !isMoreDue()) begin();
  }

  return {
    add: (item) => items.add(item),
    drop: (item) => items.delete(item),
    size: () => items.size,
    beginAfter(dealt) {
      if (items.size === 0) return;
      if (dealt.length > 0) {
        cancelHold ??= timers.set(maxHoldMs, begin);
        dealing += 1;
        void Promise.all(dealt).then(() => {
          dealing -= 1;
          beginWhenDealt();
        });
      }
      beginWhenDealt();
    },
    stop() {
      cancelHold?.();
      cancelHold = null;
    },
  };
}

import type { Timers } from "./scheduler.ts";

/** Told in one turn; what comes due meanwhile must not wait for the telling. */
const statesPerTurn = 100;

/** Answers what to call when the state of an automation has changed; told once per turn, for a due time changes it several times. */
export function createStateTeller(timers: Pick<Timers, "soon">, tell: (id: string) => void): (id: string) => void {
  const stale = new Set<string>();

  function tellAll(): void {
    let room = statesPerTurn;
    for (const id of stale) {
      if (room === 0) break;
      room -= 1;
      stale.delete(id);
      tell(id);
    }
    if (stale.size > 0) timers.soon(tellAll);
  }

  return (id) => {
    if (stale.size === 0) timers.soon(tellAll);
    stale.add(id);
  };
}

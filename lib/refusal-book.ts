import type { Caller } from "../contract/features/history.ts";
import type { Clock } from "./clock.ts";
import type { Logger } from "./logger.ts";

/** One refusal, or several of the same kind that are told together. */
export interface Refusal {
  caller: Caller;
  reason: string;
  /** What was asked for: "GET /api/apps". */
  what: string;
  times: number;
}

/** Takes down refusals: each is counted, and neither log nor history can be flooded. */
export interface RefusalBook {
  note(refusal: Omit<Refusal, "times">): void;
  /** Tells what is still being counted. */
  stop(): void;
}

const foldForMs = 60_000;
const maxOpen = 1_000;
/** Names of one address that are told apart. */
const mostNames = 4;

/**
 * The first refusal of a caller or program for a reason is told at once; those that follow within a minute are told together at
 * its end, with their number.
 */
export function createRefusalBook(options: {
  clock: Clock;
  logger: Logger;
  tell?: ((refusal: Refusal) => void) | undefined;
}): RefusalBook {
  const { clock, logger, tell } = options;
  const open = new Map<string, { refusal: Refusal; until: number }>();
  let timer: NodeJS.Timeout | undefined;

  function say(refusal: Refusal): void {
    const { caller, reason, what, times } = refusal;
    logger.warn("Refused a caller", { reason, what, caller: caller.name, address: caller.address, times });
    tell?.(refusal);
  }

  function close(now: number): void {
    for (const [key, { refusal, until }] of open) {
      if (until > now) continue;
      open.delete(key);
      if (refusal.times > 0) say(refusal);
    }
    if (open.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    note(refusal) {
      const now = clock.monotonic();
      const { name, address, node = "" } = refusal.caller;
      const place = [refusal.reason, address, node, ""].join("\n");
      close(now);
      // A program chooses its name: one with ever another counts as one from the fifth on.
      const isNew = !open.has(place + name);
      const named = isNew ? [...open.keys()].filter((one) => one.startsWith(place)).length : 0;
      const key = named < mostNames ? place + name : place;
      const counted = open.get(key);
      if (counted) {
        counted.refusal = { ...refusal, times: counted.refusal.times + 1 };
        return;
      }
      if (open.size >= maxOpen) close(Infinity);
      open.set(key, { refusal: { ...refusal, times: 0 }, until: now + foldForMs });
      timer ??= setInterval(() => {
        close(clock.monotonic());
      }, foldForMs / 4).unref();
      say({ ...refusal, times: 1 });
    },
    stop() {
      close(Infinity);
    },
  };
}

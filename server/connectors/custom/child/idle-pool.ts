import type { Logger } from "../../../../lib/logger.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import type { ChildEnd } from "./line-child.ts";

/** A program that is kept for the next call. */
export interface Kept {
  /** Set once it has ended by itself. */
  ended(): ChildEnd | null;
  close(): Promise<void>;
}

/** Programs that are started when they are called, and ended when nobody has called them for a while. */
export interface IdlePool<T extends Kept> {
  /** `mark` is what it is started with: a program that was started with something else is not used any more. */
  use<R>(
    id: string,
    mark: string,
    start: (signal: AbortSignal) => Promise<T>,
    work: (kept: T) => Promise<R>,
  ): Promise<R>;
  /** When it was started; `null` when it does not run. */
  runningSince(id: string): string | null;
  /** Ends those this holds for. */
  endThose(isMeant: (id: string) => boolean): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  idleMs: number;
  clock: { now(): number };
  logger: Logger;
}

interface Entry<T> {
  mark: string;
  since: string;
  /** Ends the start, too. */
  stop: AbortController;
  started: Promise<T>;
  /** Once it has been started. */
  kept: T | null;
  users: number;
  idle: NodeJS.Timeout | undefined;
}

/** Creates it; nothing runs before the first call. */
export function createIdlePool<T extends Kept>({ idleMs, clock, logger }: Options): IdlePool<T> {
  const entries = new Map<string, Entry<T>>();
  const ending = new Set<Promise<void>>();

  function usable(id: string, mark: string): Entry<T> | null {
    const entry = entries.get(id);
    if (!entry) return null;
    if (entry.mark === mark && !entry.kept?.ended()) return entry;
    // Calls that are under way with what it was before go on.
    entries.delete(id);
    if (entry.users === 0) end(id, entry);
    return null;
  }

  function begin(id: string, mark: string, start: (signal: AbortSignal) => Promise<T>): Entry<T> {
    const since = new Date(clock.now()).toISOString();
    const stop = new AbortController();
    const entry: Entry<T> = { mark, since, stop, started: start(stop.signal), kept: null, users: 0, idle: undefined };
    entries.set(id, entry);
    entry.started.then(
      (kept) => {
        entry.kept = kept;
      },
      () => {
        if (entries.get(id) === entry) entries.delete(id);
      },
    );
    return entry;
  }

  function end(id: string, entry: Entry<T>): void {
    if (entries.get(id) === entry) entries.delete(id);
    clearTimeout(entry.idle);
    if (entry.kept === null) entry.stop.abort();
    const work = entry.started
      .then((kept) => kept.close())
      .catch((error: unknown) => {
        logger.debug("A program has ended before it could be ended", { program: id, reason: String(error) });
      });
    ending.add(work);
    void work.finally(() => ending.delete(work));
  }

  function leave(id: string, entry: Entry<T>): void {
    entry.users -= 1;
    if (entry.users > 0) return;
    if (entries.get(id) !== entry) end(id, entry);
    else
      entry.idle = setTimeout(() => {
        end(id, entry);
      }, idleMs).unref();
  }

  async function endThose(isMeant: (id: string) => boolean): Promise<void> {
    for (const [id, entry] of entries) if (isMeant(id)) end(id, entry);
    await Promise.all(ending);
  }

  return {
    async use(id, mark, start, work) {
      const entry = usable(id, mark) ?? begin(id, mark, start);
      entry.users += 1;
      clearTimeout(entry.idle);
      try {
        return await work(await entry.started);
      } catch (error) {
        const over = entry.kept?.ended();
        throw over ? programEnded(over, error) : error;
      } finally {
        leave(id, entry);
      }
    },
    runningSince(id) {
      const entry = entries.get(id);
      return entry?.kept && !entry.kept.ended() ? entry.since : null;
    },
    endThose,
    stop: () => endThose(() => true),
  };
}

/** What is said when a program has ended under a call. */
export function programEnded({ reason }: ChildEnd, cause?: unknown): GatewayError {
  return new GatewayError("upstream_failed", `The program ${reason}`, {
    hint: "Look into the log of portos-server for what it wrote, then try again.",
    cause,
  });
}

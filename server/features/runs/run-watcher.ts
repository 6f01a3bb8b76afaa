import type { RunEvent } from "../../../contract/features/run-events.ts";

export interface RunWatcherOptions {
  /** Number of the last event the viewer has. */
  after: number;
  /** Asks portos-cos for events after a number. */
  read(after: number, limit: number): Promise<{ events: RunEvent[]; last: number }>;
  /** Hands events on, in order. */
  emit(events: RunEvent[]): void;
  /** Bytes not taken by the viewer yet. */
  bufferedBytes(): number;
  /** What was missed could not be read; `catchUp` is called again when it may work. */
  onFailure(error: unknown): void;
}

const pageSize = 1_000;
const maxBufferedBytes = 1024 * 1024;
const retryMs = 100;
/** Without anything new; a later event or the return of portos-cos starts anew. */
const maxTries = 50;

/**
 * One viewer of one run: every event once, in order, none left out. What is live is handed on as it comes; when a number
 * is missing, or the viewer takes too slowly, the live events are let go and read again from portos-cos later, so that
 * nothing piles up here.
 */
export interface RunWatcher {
  /** Events as they happen. */
  push(events: readonly RunEvent[]): void;
  /** Reads everything not handed on yet. */
  catchUp(): void;
  stop(): void;
}

export function createRunWatcher(options: RunWatcherOptions): RunWatcher {
  let last = options.after;
  /** The highest number heard of. */
  let heard = last;
  let isReading = false;
  /** How often reading was asked for, also while it went on. */
  let asked = 0;
  let isStopped = false;
  let timer: NodeJS.Timeout | null = null;
  let tries = 0;

  function hand(events: readonly RunEvent[]): void {
    const fresh = events.filter(({ number }) => number > last).toSorted((a, b) => a.number - b.number);
    const next: RunEvent[] = [];
    for (const event of fresh) {
      if (event.number !== last + 1) break;
      last = event.number;
      next.push(event);
    }
    if (next.length > 0) options.emit(next);
  }

  function isSlow(): boolean {
    return options.bufferedBytes() > maxBufferedBytes;
  }

  /** Reads on until everything heard of is handed on; what is not there yet, or fails, is tried again a few times. */
  async function read(): Promise<void> {
    if (isReading || isStopped || timer) return;
    isReading = true;
    let isMore = false;
    let answered = asked;
    try {
      do {
        answered = asked;
        if (isSlow()) {
          isMore = true;
          break;
        }
        const before = last;
        const page = await options.read(last, pageSize);
        if (!isWatched()) return;
        hand(page.events);
        heard = Math.max(heard, page.last);
        isMore = last < heard;
        tries = last > before ? 0 : tries + 1;
      } while (answered !== asked || (isMore && tries === 0));
    } catch (error) {
      isMore = true;
      tries += 1;
      options.onFailure(error);
    } finally {
      isReading = false;
    }
    if (isMore && tries < maxTries) later();
  }

  /** Asked anew after each wait: the viewer may have left meanwhile. */
  function isWatched(): boolean {
    return !isStopped;
  }

  function later(): void {
    if (isStopped) return;
    timer = setTimeout(() => {
      timer = null;
      void read();
    }, retryMs);
  }

  return {
    push(events) {
      if (isStopped) return;
      const isBehind = isReading || timer !== null;
      for (const { number } of events) heard = Math.max(heard, number);
      if (isBehind) return;
      if (!isSlow()) hand(events);
      if (last >= heard) return;
      tries = 0;
      void read();
    },
    catchUp() {
      tries = 0;
      asked += 1;
      void read();
    },
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

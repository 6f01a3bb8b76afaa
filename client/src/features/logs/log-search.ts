import { useEffect, useMemo } from "react";

import type { LogFilter, LogSearchHit, LogStream } from "../../../../contract/features/logs.ts";
import { call } from "../../lib/api.ts";
import { createObservable, useObservable, type Observable } from "../../lib/observable.ts";

/** One found line. */
export interface Hit extends Omit<LogSearchHit, "file"> {
  readonly id: string;
  readonly stream: string;
}

export interface LogSearchState {
  readonly status: "idle" | "running" | "done" | "stopped" | "failed";
  /** Newest first. */
  readonly hits: readonly Hit[];
  readonly streams: readonly LogStream[];
  /** 0 to 1. */
  readonly progress: number;
  readonly problems: readonly string[];
  readonly error: unknown;
  /** Older files have not been searched yet. */
  readonly hasMore: boolean;
}

/** One search over log files, from the newest line to the oldest. */
export interface LogSearch {
  readonly state: Observable<LogSearchState>;
  /** Starts, or goes on to older lines. Stops by itself after some hundred hits. */
  run(): Promise<void>;
  stop(): void;
}

const idle: LogSearchState = {
  status: "idle",
  hits: [],
  streams: [],
  progress: 0,
  problems: [],
  error: null,
  hasMore: false,
};

/** Hits collected before the search waits for the user to ask for more. */
const hitsPerRound = 500;

/** A search that has not begun; without a filter it stays idle. */
export function createLogSearch(sources: readonly string[], filter: LogFilter | null): LogSearch {
  const state = createObservable(idle);
  let running: AbortController | null = null;
  let before: string | null = null;
  let scannedBytes = 0;
  const set = (change: Partial<LogSearchState>): void => {
    state.set({ ...state.get(), ...change });
  };

  async function round(wanted: LogFilter, signal: AbortSignal): Promise<void> {
    let found = 0;
    do {
      const body = { sources: [...sources], filter: wanted, ...(before === null ? {} : { before }) };
      const reply = await call("logs.search", { body }, { signal });
      if (signal.aborted) return;
      before = reply.before;
      scannedBytes += reply.scannedBytes;
      found += reply.hits.length;
      const { hits, problems } = state.get();
      set({
        hits: [...hits, ...toHits(reply)],
        streams: reply.streams,
        problems: [...new Set([...problems, ...reply.problems])],
        progress: before === null ? 1 : scannedBytes / Math.max(1, scannedBytes + reply.remainingBytes),
      });
    } while (before !== null && found < hitsPerRound);
    set({ status: "done", hasMore: before !== null });
  }

  return {
    state,
    async run() {
      if (filter === null) return;
      running?.abort();
      const abort = new AbortController();
      running = abort;
      set({ status: "running", error: null });
      try {
        await round(filter, abort.signal);
      } catch (error) {
        if (!abort.signal.aborted) set({ status: "failed", error });
      }
    },
    stop() {
      running?.abort();
      if (state.get().status === "running") set({ status: "stopped", hasMore: true });
    },
  };
}

/** A search that runs while the component is shown; another question is another search. */
export function useLogSearch(sources: readonly string[], filter: LogFilter | null) {
  const key = JSON.stringify([sources, filter]);
  const search = useMemo(() => {
    const [names, wanted] = JSON.parse(key) as [string[], LogFilter | null];
    return createLogSearch(names, wanted);
  }, [key]);
  useEffect(() => {
    void search.run();
    return () => {
      search.stop();
    };
  }, [search]);
  return { search, state: useObservable(search.state) };
}

function toHits(reply: Awaited<ReturnType<typeof call<"logs.search">>>): Hit[] {
  return reply.hits
    .map(({ file, ...hit }) => {
      const place = reply.files[file] ?? { stream: "", file: "" };
      return { ...hit, id: `${place.stream}:${place.file}:${String(hit.offset)}`, stream: place.stream };
    })
    .toReversed();
}

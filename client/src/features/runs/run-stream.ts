import { createTranscript, type Transcript } from "../../../../contract/run-transcript.ts";
import { ApiError } from "../../lib/api-error.ts";
import { channel, connection, connectionCount } from "../../lib/socket.ts";

/** `loading`: nothing has come yet. `live`: followed. `stale`: what is there is shown, the rest is waited for. */
export type StreamStatus = "loading" | "live" | "stale" | "failed";

export interface StreamState {
  /** Changes whenever the transcript does. */
  readonly version: number;
  readonly status: StreamStatus;
  readonly error: unknown;
}

/** The events of one run, followed while somebody looks; what is known stays, so that coming back asks for the rest only. */
export interface RunStream {
  readonly transcript: Transcript;
  readonly getState: () => StreamState;
  readonly subscribe: (listener: () => void) => () => void;
}

const tellEveryMs = 60;
const retryMs = 2_000;
const gapWaitMs = 3_000;

function createRunStream(id: string): RunStream {
  const transcript = createTranscript();
  const listeners = new Set<() => void>();
  let state: StreamState = { version: 0, status: "loading", error: null };
  let isChanged = false;
  let tellTimer: ReturnType<typeof setTimeout> | undefined;
  let toldAt = -Infinity;
  let stop: (() => void) | null = null;

  function set(change: Partial<StreamState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  }

  /** Many events make one picture, the first of them at once. */
  function tellSoon(): void {
    isChanged = true;
    const waitMs = Math.max(0, toldAt + tellEveryMs - performance.now());
    tellTimer ??= setTimeout(() => {
      tellTimer = undefined;
      if (!isChanged) return;
      isChanged = false;
      toldAt = performance.now();
      set({ version: state.version + 1 });
    }, waitMs);
  }

  function follow(): () => void {
    const agents = channel("agents");
    let isStopped = false;
    let isAsking = false;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const again = (waitMs: number): void => {
      clearTimeout(retry);
      if (!isStopped) retry = setTimeout(watch, waitMs);
    };
    const failed = (error: unknown): void => {
      if (isStopped) return;
      const isGone = error instanceof ApiError && error.code === "not_found";
      set({ status: isGone ? "failed" : state.version === 0 && transcript.last === 0 ? "loading" : "stale", error });
      if (!isGone) again(retryMs);
    };
    const watch = (): void => {
      if (isStopped || isAsking || connection.get() !== "live") return;
      isAsking = true;
      agents
        .emit("watch", { id, after: transcript.last })
        .finally(() => {
          isAsking = false;
        })
        .then((reply) => {
          if (isStopped) return;
          transcript.add(reply.events);
          clearTimeout(retry);
          set({ status: "live", error: null, version: state.version + 1 });
        }, failed);
    };
    const stopEvents = agents.on("events", (payload) => {
      if (payload.id !== id) return;
      if (transcript.add(payload.events)) tellSoon();
      // The server leaves none out; should one be missing all the same, it is asked for.
      if (transcript.hasGap && !isAsking) again(gapWaitMs);
    });
    const stopConnection = connectionCount.subscribe(watch);
    watch();
    return () => {
      isStopped = true;
      clearTimeout(retry);
      stopEvents();
      stopConnection();
      set({ status: state.version === 0 ? "loading" : "stale" });
      if (connection.get() === "live") void agents.emit("unwatch", { id }).catch(() => undefined);
    };
  }

  return {
    transcript,
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      stop ??= follow();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        stop?.();
        stop = null;
      };
    },
  };
}

const maxKept = 10;
const streams = new Map<string, RunStream>();

/** The stream of a run; the ones looked at last are kept. */
export function runStream(id: string): RunStream {
  const stream = streams.get(id) ?? createRunStream(id);
  streams.delete(id);
  streams.set(id, stream);
  const [oldest] = streams.keys();
  if (streams.size > maxKept && oldest !== undefined) streams.delete(oldest);
  return stream;
}

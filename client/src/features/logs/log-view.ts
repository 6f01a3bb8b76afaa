import type { LogFilter, LogStream } from "../../../../contract/features/logs.ts";
import { call } from "../../lib/api.ts";
import { createObservable } from "../../lib/observable.ts";
import { connection, connectionCount, openSocket } from "../../lib/socket.ts";
import { createLineKeeper, keptLines, type LineKeeper } from "./kept-lines.ts";
import { createLogSubscription, type LinesEvent, type LogSubscription } from "./log-subscription.ts";
import { createLogWindow, type LogWindow } from "./log-window.ts";

/** What is shown: which processes, which lines of them, and from which line on. */
export interface LogRequest {
  readonly sources: readonly string[];
  readonly filter: LogFilter | null;
  /** A line to open in its context; without it the newest lines are shown. */
  readonly at: string | null;
}

export interface LogViewState {
  /**
   * `kept`: the last lines this browser saw, until the server answers. `live`: new lines arrive. `apart`: newer lines are
   * read from the files on demand.
   */
  readonly mode: "loading" | "kept" | "live" | "paused" | "apart" | "failed";
  /** When the lines of `kept` were seen, in milliseconds since 1970. */
  readonly keptAt: number | null;
  readonly error: unknown;
  readonly streams: readonly LogStream[];
  readonly isLoading: "older" | "newer" | null;
  /** Nothing older is left. */
  readonly isAtStart: boolean;
  /** Lines that arrived since the reader left the end. */
  readonly newLines: number;
  /** The window has changed when this has. */
  readonly version: number;
}

/** One open view of logs: a window of lines, kept current by the `logs` channel, extended from the files on demand. */
export interface LogView {
  readonly window: LogWindow;
  get(): LogViewState;
  subscribe(listener: () => void): () => void;
  start(): void;
  stop(): void;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Leaves what is shown and shows the newest lines. */
  showNewest(): void;
  setPaused(isPaused: boolean): void;
  /** Whether the reader stands at the end: while not, old lines are not dropped for new ones. */
  setFollowing(isFollowing: boolean): void;
}

const firstLines = 500;
const pageLines = 500;

const initialState: LogViewState = {
  mode: "loading",
  keptAt: null,
  error: null,
  streams: [],
  isLoading: null,
  isAtStart: false,
  newLines: 0,
  version: 0,
};

/** A view of `request`; nothing happens before `start`. */
export function createLogView(request: LogRequest, limits: { maxLines?: number; tail?: number } = {}): LogView {
  const window = createLogWindow(limits.maxLines === undefined ? {} : { maxLines: limits.maxLines });
  const common = { sources: [...request.sources], ...(request.filter === null ? {} : { filter: request.filter }) };
  let subscription: LogSubscription | null = null;
  let stopCounting: (() => void) | null = null;
  let isFollowing = true;
  const viewState = createViewState(window);
  const { get: state, subscribe, set } = viewState;
  const isNewestEnd = request.filter === null && request.at === null;
  let keeper: LineKeeper | null = null;

  const isCurrent = (): boolean => state().mode === "live" && connection.get() === "live";
  const isWaiting = (): boolean => ["loading", "kept", "failed"].includes(state().mode);

  function fail(error: unknown): void {
    if (subscription) set(state().mode === "loading" ? { mode: "failed", error } : { error });
  }

  /** Subscribes anew: at the newest end, or exactly after what is in the window. */
  async function attach(from: string | null): Promise<void> {
    const tail = limits.tail ?? firstLines;
    const page = await subscription?.open({ ...common, ...(from === null ? { tail } : { from, tail: 0 }) });
    if (!page) return;
    if (from === null) window.reset(page, page.before, page.after);
    for (const notice of page.notices) window.addNotice(notice);
    const isAtStart = from === null ? page.before === null : state().isAtStart;
    set({ mode: "live", error: null, streams: page.streams, newLines: 0, isAtStart });
  }

  function take(events: LinesEvent[]): void {
    let added = 0;
    for (const event of events) {
      window.append(event, event.cursor);
      added += event.lines.length;
    }
    const newLines = isFollowing ? 0 : state().newLines + added;
    const isAtStart = window.before() === null;
    if (!isFollowing && window.isFull()) {
      // Whoever reads further up keeps their place; what comes from here on is read from the files.
      subscription?.close();
      set({ mode: "apart", newLines, isAtStart });
    } else {
      set({ newLines, isAtStart });
    }
  }

  async function showLine(line: string): Promise<void> {
    const page = await call("logs.lines", { body: { ...common, at: { around: line }, limit: pageLines } });
    if (!subscription) return;
    window.reset(page, page.before, page.after);
    set({ mode: "apart", error: null, streams: page.streams, isAtStart: page.before === null });
  }

  function open(): void {
    if (request.at !== null) showLine(request.at).catch(fail);
    else if (connection.get() === "live") attach(null).catch(fail);
    else void openSocket(); // its first connection opens the view
  }

  async function readOlder(before: string): Promise<void> {
    const page = await call("logs.lines", { body: { ...common, at: { before }, limit: pageLines } });
    if (!subscription || window.before() !== before) return;
    const isCut = window.prepend(page, page.before);
    if (isCut && state().mode === "live") subscription.close();
    const mode = isCut && state().mode === "live" ? "apart" : state().mode;
    set({ mode, isAtStart: page.before === null });
  }

  async function readNewer(after: string): Promise<void> {
    const page = await call("logs.lines", { body: { ...common, at: { after }, limit: pageLines } });
    if (!subscription || window.after() !== after) return;
    window.append(page, page.after);
    set({ isAtStart: window.before() === null });
    if (page.isAtEnd) await attach(window.after());
  }

  return {
    window,
    get: state,
    subscribe,
    start() {
      subscription = createLogSubscription({
        lines: take,
        notice(notice) {
          window.addNotice(notice);
          set({});
        },
      });
      stopCounting = connectionCount.subscribe(() => {
        if (state().mode === "live") attach(window.after()).catch(fail);
        else if (isWaiting()) open();
      });
      if (isNewestEnd) keeper = createLineKeeper(request.sources, () => (isCurrent() ? { ...state(), window } : null));
      if (isNewestEnd && connection.get() !== "live") set(fillFromKept(window, request.sources));
      open();
    },
    stop() {
      keeper?.stop();
      subscription?.stop();
      subscription = null;
      stopCounting?.();
    },
    async loadOlder() {
      const before = window.before();
      if (before !== null && subscription) await load(viewState, "older", () => readOlder(before));
    },
    async loadNewer() {
      const after = window.after();
      if (after !== null && subscription && state().mode === "apart")
        await load(viewState, "newer", () => readNewer(after));
    },
    showNewest() {
      isFollowing = true;
      attach(null).catch(fail);
    },
    setPaused(isPaused) {
      if (isPaused && state().mode === "live") {
        subscription?.flush();
        subscription?.close();
        set({ mode: "paused" });
      } else if (!isPaused && state().mode === "paused") {
        attach(window.after()).catch(fail);
      }
    },
    setFollowing(next) {
      isFollowing = next;
      if (next && state().newLines > 0) set({ newLines: 0 });
    },
  };
}

/** The last lines seen here, so that there is something to read before the server answers, and when it does not. */
function fillFromKept(window: LogWindow, sources: readonly string[]): Partial<LogViewState> {
  const kept = window.lines.length === 0 ? keptLines(sources) : null;
  if (!kept) return {};
  window.reset(kept.batch, null, null);
  return { mode: "kept", keptAt: kept.savedAt, streams: kept.streams, isAtStart: true };
}

function createViewState(window: LogWindow) {
  const observable = createObservable(initialState);
  return {
    get: observable.get,
    subscribe: observable.subscribe,
    set(change: Partial<LogViewState>): void {
      observable.set({ ...observable.get(), ...change, version: window.version });
    },
  };
}

/** Reads more at one end, one piece at a time. */
async function load(
  { get, set }: ReturnType<typeof createViewState>,
  side: "older" | "newer",
  work: () => Promise<void>,
): Promise<void> {
  if (get().isLoading !== null) return;
  set({ isLoading: side });
  try {
    await work();
    set({ isLoading: null, error: null });
  } catch (error) {
    set({ isLoading: null, error });
  }
}

import type { Metrics, ProcessesEvent, ProcessSnapshot } from "../../../contract/features/processes.ts";
import type { Pm2Process } from "../../../lib/processes/pm2-client.ts";
import type { RecordedProcess } from "../../../lib/processes/process-record.ts";
import { createMetricsRing, type MetricsRing } from "./metrics-ring.ts";
import { createPictureTaker, type Picture, type PicturedProcess, type PictureTakerOptions } from "./picture-taker.ts";
import { isSameState } from "./process-view.ts";
import { shareRuns } from "../../../lib/share-runs.ts";

/** The one picture of all processes that everything else looks at. */
export interface ProcessSnapshots {
  start(): void;
  stop(): void;
  /** The last picture; its parts are never changed in place. */
  current(): ProcessSnapshot;
  /** One process with PM2's own record of it, for those who need its files. */
  find(key: string): PicturedProcess | null;
  /** Ends what has outlived the PM2 that started it, by PM2's name, with all it has started. */
  endUnmanaged(name: string): Promise<void>;
  /** All of PM2's records by key. */
  raw(): ReadonlyMap<string, Pm2Process>;
  /** Asks PM2 now; the answer is never older than the question. */
  refresh(): Promise<ProcessSnapshot>;
  metrics(isWanted: (key: string) => boolean): Metrics;
  /** Changes as they are seen, after `current` has them. */
  onEvent(listener: (event: ProcessesEvent) => void): () => void;
  /** What ended while PM2 was gone, told once when it is back. */
  onLost(listener: (processes: RecordedProcess[]) => void): void;
  /** While anybody watches, PM2 is asked often. */
  setWatched(isWatched: boolean): void;
}

export interface ProcessSnapshotsOptions extends PictureTakerOptions {
  /** Between two looks while watched and while not. */
  pollMs?: { watched: number; idle: number };
  /** Holds the curves; one that is filled already goes on from there. */
  ring?: MetricsRing;
}

/** How long a burst of bus events is collected before PM2 is asked once. */
const settleMs = 80;

/**
 * Asks both PM2 homes on a timer and whenever their bus reports a change, and keeps one picture. Readers get the picture
 * as it is: no request ever waits for PM2 or starts a child process.
 */
export function createProcessSnapshots(options: ProcessSnapshotsOptions): ProcessSnapshots {
  const { clients, clock, logger, ring = createMetricsRing() } = options;
  const listeners = new Set<(event: ProcessesEvent) => void>();
  const lostListeners = new Set<(processes: RecordedProcess[]) => void>();
  const takePicture = createPictureTaker(options);
  let picture: Picture = {
    homes: clients.map(({ home }) => ({ home, isUp: false, seenAt: null })),
    processes: new Map(),
    lost: [],
  };
  let shown: ProcessSnapshot = { processes: [], homes: picture.homes };

  const refresh = shareRuns(async () => {
    const before = picture;
    picture = await takePicture();
    shown = { processes: [...picture.processes.values()].map(({ process }) => process), homes: picture.homes };
    const now = clock.now();
    // Only PM2 measures: of what runs without it CPU and memory are not known.
    const alive = shown.processes.filter(({ pid, unmanagedSince }) => pid !== null && unmanagedSince === null);
    ring.add(now, alive);
    for (const event of changesBetween(before, picture, new Date(now).toISOString()))
      for (const listener of listeners) listener(event);
    if (picture.lost.length > 0) for (const listener of lostListeners) listener(picture.lost);
    return shown;
  });
  const schedule = createSchedule(options, async () => {
    await refresh();
  });

  return {
    ...schedule,
    current: () => shown,
    find: (key) => picture.processes.get(key) ?? null,
    async endUnmanaged(name) {
      await options.record?.end(name);
      await refresh();
    },
    raw: () =>
      new Map([...picture.processes].flatMap(([key, { raw, isUnmanaged }]) => (isUnmanaged ? [] : [[key, raw]]))),
    refresh,
    metrics: (isWanted) => ring.read(clock.now(), isWanted),
    onLost(listener) {
      lostListeners.add(listener);
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };

  /** Looks at once, then on a timer, and soon after every event of a bus. */
  function createSchedule(
    { pollMs = { watched: 2_000, idle: 30_000 } }: ProcessSnapshotsOptions,
    work: () => Promise<void>,
  ): Pick<ProcessSnapshots, "start" | "stop" | "setWatched"> {
    let timer: NodeJS.Timeout | undefined;
    let isWatched = false;
    let isStarted = false;
    let isSettling = false;
    let stops: (() => void)[] = [];

    async function tick(): Promise<void> {
      isSettling = false;
      try {
        await work();
      } catch (error) {
        logger.error("The picture of the processes could not be taken", {}, error);
      }
      // An event that came during this look has set its own, earlier time.
      if (!hasNews()) lookIn(isWatched ? pollMs.watched : pollMs.idle);
    }
    function hasNews(): boolean {
      return isSettling;
    }
    function lookIn(milliseconds: number): void {
      clearTimeout(timer);
      if (isStarted) timer = setTimeout(() => void tick(), milliseconds);
    }

    return {
      start() {
        isStarted = true;
        stops = clients.map(({ client }) =>
          client.onEvent((event) => {
            if (event.kind === "log" || isSettling) return;
            isSettling = true;
            lookIn(settleMs);
          }),
        );
        void tick();
      },
      stop() {
        isStarted = false;
        clearTimeout(timer);
        for (const stop of stops) stop();
      },
      setWatched(next) {
        if (next === isWatched) return;
        isWatched = next;
        if (!hasNews()) lookIn(next ? 0 : pollMs.idle);
      },
    };
  }
}

/** What a follower must be told to come from one picture to the next. */
export function changesBetween(before: Picture, after: Picture, at: string): ProcessesEvent[] {
  const events: ProcessesEvent[] = [];
  for (const home of after.homes)
    if (before.homes.find((known) => known.home === home.home)?.isUp !== home.isUp) events.push({ type: "home", home });
  const samples: [string, number, number][] = [];
  for (const [key, { process }] of after.processes) {
    const old = before.processes.get(key);
    if (!old || !isSameState(old.process, process)) events.push({ type: "changed", process });
    if (process.pid !== null && process.unmanagedSince === null)
      samples.push([key, process.cpuPercent, process.memoryBytes]);
  }
  for (const key of before.processes.keys()) if (!after.processes.has(key)) events.push({ type: "removed", key });
  if (samples.length > 0) events.push({ type: "samples", at, samples });
  return events;
}

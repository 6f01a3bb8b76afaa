import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { dataFiles } from "../../contract/data-files.ts";
import type { RunEvent } from "../../contract/features/run-events.ts";
import { internalRunsEndpoints, type RunsMessage } from "../../contract/internal/runs.ts";
import { bind } from "../../lib/http-service.ts";
import type { EngineParts } from "./create-engine.ts";
import type { RunEngine } from "./run-engine.ts";
import type { RunStore } from "./store/run-store.ts";
import { bindWorktrees } from "../worktrees/worktree-endpoints.ts";
import { defaultLimits, type QueueLimits } from "./run-queue.ts";

/** Runs as the process offers them; the engine is loaded when there is something to run or to show. */
export interface RunsService {
  endpoints: ReturnType<typeof bindRuns>;
  onMessage(listener: (message: RunsMessage) => void): () => void;
  readEvents(id: string, after: number, limit: number): Promise<RunEvent[]>;
  readonly openCount: number;
  /** Takes up runs that a former process left. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createRunsService(parts: EngineParts): RunsService {
  const listeners = new Set<(message: RunsMessage) => void>();
  let loading: Promise<Built> | null = null;
  let loaded: RunEngine | null = null;
  let limits = parts.limits ?? defaultLimits;

  async function load(): Promise<Built> {
    const { createEngine } = await import("./create-engine.ts");
    const built = await createEngine({ ...parts, limits }, (message) => {
      for (const listener of listeners) listener(message);
    });
    loaded = built.engine;
    loaded.setLimits(limits); // changed while it was loading
    return built;
  }

  function whole(): Promise<Built> {
    loading ??= load();
    loading.catch(() => {
      loading = null; // the next call tries again
    });
    return loading;
  }
  const engine = async (): Promise<RunEngine> => (await whole()).engine;

  return {
    endpoints: [
      ...bindRuns({
        engine,
        store: async () => (await whole()).store,
        hasOpen: () => loading !== null || hasLeftovers(join(parts.directory, "open")),
        hasRuns: () => loading !== null || existsSync(join(parts.directory, "index")),
        setLimits(next) {
          limits = next;
          loaded?.setLimits(next);
          return next;
        },
      }),
      ...bindWorktrees({
        service: async () => (await whole()).worktrees,
        hasAny: () => loading !== null || hasLeftovers(join(parts.env.dataDir, dataFiles.worktrees.path)),
      }),
    ],
    onMessage(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async readEvents(id, after, limit) {
      return (await (loading ?? load())).store.readEvents(id, after, limit);
    },
    get openCount() {
      return loaded?.openCount ?? 0;
    },
    async start() {
      if (hasLeftovers(join(parts.directory, "open"))) await engine();
    },
    async stop() {
      const built = await loading?.catch(() => null);
      await built?.engine.close();
      await built?.worktrees.close();
      await built?.store.close();
    },
  };
}

type Built = Awaited<ReturnType<typeof import("./create-engine.ts").createEngine>>;

interface Bound {
  engine(): Promise<RunEngine>;
  store(): Promise<RunStore>;
  hasRuns(): boolean;
  /** There may be runs that have not ended. */
  hasOpen(): boolean;
  setLimits(limits: QueueLimits): QueueLimits;
}

function bindRuns({ engine, store, hasRuns, hasOpen, setLimits }: Bound) {
  return bind(
    "runs",
    internalRunsEndpoints,
  )({
    limits: ({ body }) => setLimits(body),
    list: async ({ query }) => (hasRuns() ? (await engine()).list(query) : { items: [], next: null }),
    start: async ({ body }) => (await engine()).start(body),
    get: async ({ params }) => (await engine()).get(params.id),
    recall: async ({ params }) => (await engine()).recall(params.id),
    text: async ({ params }) => (await engine()).given(params.id),
    image: async ({ params }) => (await store()).image(await (await engine()).get(params.id), params.number),
    async jsonAnswer({ params: { id } }) {
      const { answerFormat } = await (await engine()).get(id);
      const { readKeptAnswer } = await import("./api/json-answer.ts");
      return readKeptAnswer((await store()).folderOf(id), answerFormat);
    },
    events: async ({ params, query }) => (await engine()).events(params.id, query.after, query.limit),
    say: async ({ params, body }) => (await engine()).say(params.id, body.text, body.targets),
    answer: async ({ params, body }) => (await engine()).answer(params.id, body),
    stop: async ({ params, body }) => (await engine()).stop(params.id, body.reason, body.kind),
    interruptAll: async ({ body }) => ({ count: hasOpen() ? await (await engine()).interruptAll(body.message) : 0 }),
    resume: async ({ params, body }) => (await engine()).resume(params.id, body.targets),
    wanting: async () => (hasRuns() ? (await engine()).wanting() : []),
    supply: async ({ params, body }) => (await engine()).supply(params.id, body.targets, body.problem),
    remove: async ({ params }) => (await engine()).remove(params.id),
    restore: async ({ params }) => (await engine()).restore(params.id),
  });
}

function hasLeftovers(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

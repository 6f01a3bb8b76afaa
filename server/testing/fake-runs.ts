import { WebSocketServer, type WebSocket } from "ws";

import type { RunEvent, RunEventBody } from "../../contract/features/run-events.ts";
import type { Run, RunImage } from "../../contract/features/runs.ts";
import {
  internalRunsEndpoints,
  runsSocketPath,
  type RunsMessage,
  type RunSpec,
  type WantingRun,
} from "../../contract/internal/runs.ts";
import { isOpenState } from "../../contract/run-transcript.ts";
import { AppError } from "../../lib/app-error.ts";
import type { Env } from "../../lib/env.ts";
import { createGate } from "../../lib/gate.ts";
import { bind, createHttpService } from "../../lib/http-service.ts";
import { silentLogger } from "../../lib/logger.ts";

/** The runs of a portos-cos in which a test says what happens. They outlive `stop()`, as files do. */
export interface FakeRuns {
  start(): Promise<void>;
  stop(): Promise<void>;
  specs: RunSpec[];
  /** What was said about how many may run at once, the newest last. */
  limits: { total: number; perApp: number; perProvider: number }[];
  answers: { id: string; requestId: string; optionId: string | null; by: string; reason: string | null }[];
  said: { id: string; text: string; providerIds: string[] }[];
  /** Whom portos-cos was told to ask again. */
  supplied: { id: string; providerIds: string[]; problem: string | null }[];
  /** Runs that were told to go on where they were interrupted. */
  resumed: string[];
  /** A run has lost those to be asked, as after a restart of portos-cos. */
  want(id: string, isFollowUp: boolean): void;
  run(id: string): Run;
  /** Puts a run there as if it had been there before. */
  put(run: Run): void;
  /** Something happens in a run; its state follows. `isSilent`: nobody is told, as while a connection is lost. */
  happen(id: string, bodies: readonly RunEventBody[], options?: { isSilent?: boolean; change?: Partial<Run> }): void;
  /** Tells every event twice and in the wrong order from now on. */
  setUnruly(isUnruly: boolean): void;
}

const noUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  turns: 0,
  costUsd: null,
};

export function createFakeRuns(env: Env): FakeRuns {
  const state = createState();
  const { specs, limits, answers, said, supplied, resumed, wanting, runs, sockets, find, happen, tell } = state;
  let close: (() => Promise<void>) | null = null;
  const endpoints = bindFake(state);
  return {
    specs,
    limits,
    answers,
    said,
    supplied,
    resumed,
    want(id, isFollowUp) {
      wanting.set(id, { id, isFollowUp });
      tell({ kind: "wanting", id });
    },
    async start() {
      const port = env.ports.cos;
      const gate = createGate({ peers: "loopback", ports: [port], env, logger: silentLogger });
      const service = createHttpService({
        name: "portos-cos",
        host: "127.0.0.1",
        port,
        gate,
        logger: silentLogger,
        endpoints,
      });
      const server = new WebSocketServer({ noServer: true });
      service.server.on("upgrade", (request, socket, head) => {
        if (request.url !== runsSocketPath) {
          socket.destroy();
          return;
        }
        server.handleUpgrade(request, socket, head, (opened) => {
          sockets.add(opened);
          opened.on("close", () => sockets.delete(opened));
        });
      });
      await service.start();
      close = async () => {
        server.close(); // who connects meanwhile is refused
        for (const socket of sockets) socket.terminate();
        service.server.closeAllConnections();
        await service.stop();
      };
    },
    stop: async () => close?.(),
    run: (id) => find(id).run,
    put(run) {
      runs.set(run.id, { run, events: [], text: run.title, isRemoved: false });
    },
    happen,
    setUnruly: state.setUnruly,
  };
}

type State = ReturnType<typeof createState>;

function createState() {
  const runs = new Map<
    string,
    { run: Run; events: RunEvent[]; text: string; images?: RunImage[]; isRemoved: boolean }
  >();
  const specs: RunSpec[] = [];
  const limits: FakeRuns["limits"] = [];
  const answers: FakeRuns["answers"] = [];
  const said: FakeRuns["said"] = [];
  const supplied: FakeRuns["supplied"] = [];
  const resumed: string[] = [];
  const wanting = new Map<string, WantingRun>();
  const sockets = new Set<WebSocket>();
  let isUnruly = false;

  function find(id: string) {
    const found = runs.get(id);
    if (!found || found.isRemoved) throw new AppError("not_found", "There is no such run");
    return found;
  }

  function tell(message: RunsMessage): void {
    for (const socket of sockets) socket.send(JSON.stringify(message));
  }

  function happen(
    id: string,
    bodies: readonly RunEventBody[],
    { isSilent = false, change = {} }: { isSilent?: boolean; change?: Partial<Run> } = {},
  ): void {
    const found = find(id);
    const events = bodies.map((body, index): RunEvent => ({
      number: found.events.length + index + 1,
      at: new Date().toISOString(),
      body,
    }));
    found.events.push(...events);
    const state = bodies.findLast((body) => body.kind === "state");
    found.run = {
      ...found.run,
      ...(state ? { state: state.state, message: state.message } : {}),
      ...change,
      eventCount: found.events.length,
      lastEventAt: events.at(-1)?.at ?? found.run.lastEventAt,
    };
    if (isSilent) return;
    if (events.length > 0) tell({ kind: "events", id, events: isUnruly ? events.toReversed() : events });
    if (events.length > 0 && isUnruly) tell({ kind: "events", id, events });
    tell({ kind: "run", run: found.run });
  }

  return {
    runs,
    specs,
    limits,
    answers,
    said,
    supplied,
    resumed,
    wanting,
    sockets,
    find,
    tell,
    happen,
    setUnruly: (next: boolean): void => {
      isUnruly = next;
    },
  };
}

function bindFake(fake: State) {
  const { runs, specs, limits, answers, said, supplied, resumed, wanting, find, tell, happen } = fake;

  function end(id: string, state: Run["state"], message: string | null, failure: Run["failure"] = null): Run {
    const change = { endedAt: new Date().toISOString(), pending: [], failure };
    happen(id, [{ kind: "state", state, message }], { change });
    return find(id).run;
  }

  return bind(
    "runs",
    internalRunsEndpoints,
  )({
    interruptAll: ({ body }) => {
      const open = [...runs.values()].filter(({ run }) => isOpenState(run.state));
      for (const { run } of open) end(run.id, "interrupted", body.message);
      return { count: open.length };
    },
    limits: ({ body }) => {
      limits.push(body);
      return body;
    },
    list: ({ query: { isOpen, state, provider, app, group, text, before, limit } }) => {
      const all = [...runs.values()]
        .filter(({ isRemoved }) => !isRemoved)
        .map(({ run }) => run)
        .filter(
          (run) =>
            (isOpen === undefined || isOpenState(run.state) === isOpen) &&
            (state === undefined || run.state === state) &&
            (provider === undefined || run.attempts.some(({ providerId }) => providerId === provider)) &&
            (app === undefined || run.appId === app) &&
            (group === undefined || run.groupId === group) &&
            (text === undefined || run.title.includes(text)) &&
            (before === undefined || run.id < before),
        )
        .toSorted((a, b) => b.id.localeCompare(a.id));
      return { items: all.slice(0, limit), next: all.length > limit ? (all[limit - 1]?.id ?? null) : null };
    },
    start: ({ body }) => {
      if (runs.has(body.id)) throw new AppError("conflict", "This run exists already");
      specs.push(body);
      const run = newRun(body);
      const { text, images } = body;
      runs.set(run.id, { run, events: [], text, ...(images === undefined ? {} : { images }), isRemoved: false });
      happen(run.id, [{ kind: "user", text: body.text }]);
      return find(run.id).run;
    },
    get: ({ params }) => find(params.id).run,
    recall: ({ params }) => runs.get(params.id)?.run ?? find(params.id).run,
    text: ({ params }) => {
      const { text, images } = find(params.id);
      return images === undefined ? { text } : { text, images };
    },
    image: ({ params }) => {
      const image = find(params.id).images?.[params.number - 1];
      if (!image) throw new AppError("not_found", "This run was given no such picture");
      return image;
    },
    jsonAnswer: ({ params }) => {
      if (find(params.id).run.answerFormat?.kind !== "json")
        throw new AppError("not_found", "This run was not asked for an answer in JSON");
      return { text: '{\n  "a": 1\n}\n', problem: null };
    },
    events: ({ params, query }) => {
      const { events } = find(params.id);
      return { events: events.slice(query.after, query.after + query.limit), last: events.length };
    },
    say: ({ params, body }) => {
      said.push({ id: params.id, text: body.text, providerIds: body.targets.map(({ providerId }) => providerId) });
      happen(params.id, [
        { kind: "user", text: body.text },
        { kind: "state", state: "running", message: null },
      ]);
      return find(params.id).run;
    },
    answer: ({ params, body: { requestId, optionId, by, reason } }) => {
      const { run } = find(params.id);
      const request = run.pending.find((one) => one.requestId === requestId);
      if (!request) throw new AppError("conflict", "This question was answered already");
      answers.push({ id: params.id, requestId, optionId, by, reason });
      const option = request.options.find((one) => one.optionId === optionId);
      const isAllowed = option?.kind.startsWith("allow") === true;
      happen(
        params.id,
        [
          { kind: "answered", requestId, optionId, isAllowed, by, reason },
          { kind: "state", state: "running", message: null },
        ],
        { change: { pending: run.pending.filter((one) => one !== request) } },
      );
      return find(params.id).run;
    },
    stop: ({ params: { id }, body: { kind, reason } }) =>
      kind === "user" || kind === "panic"
        ? end(id, "cancelled", reason, "cancelled")
        : end(id, "failed", reason, "budget"),
    resume: ({ params }) => {
      resumed.push(params.id);
      happen(params.id, [{ kind: "state", state: "running", message: null }], { change: { endedAt: null } });
      return find(params.id).run;
    },
    wanting: () => [...wanting.values()],
    supply: ({ params: { id }, body: { targets, problem } }) => {
      if (wanting.delete(id)) supplied.push({ id, providerIds: targets.map(({ providerId }) => providerId), problem });
      return find(id).run;
    },
    remove: ({ params }) => {
      const found = find(params.id);
      found.isRemoved = true;
      tell({ kind: "removed", id: params.id });
      return found.run;
    },
    restore: ({ params }) => {
      const found = runs.get(params.id);
      if (!found) throw new AppError("not_found", "There is no such run");
      found.isRemoved = false;
      tell({ kind: "run", run: found.run });
      return found.run;
    },
  });
}

function newRun(spec: RunSpec): Run {
  const { id, title, source, groupId, appId, permissionMode, budget, isolation, taskType, prompt, folder } = spec;
  return {
    id,
    title,
    source,
    groupId,
    appId,
    permissionMode,
    budget,
    isolation,
    tools: spec.tools ?? null,
    taskType,
    worktree: null,
    prompt,
    folder: folder ?? `/tmp/runs/${id}`,
    state: "queued",
    createdAt: new Date().toISOString(),
    startedAt: null,
    endedAt: null,
    attempts: [],
    usage: noUsage,
    message: null,
    failure: null,
    pending: [],
    agentSessionId: null,
    sessionId: null,
    canContinue: false,
    eventCount: 0,
    lastEventAt: null,
    ...(spec.images === undefined ? {} : { images: spec.images.map(({ name, mediaType }) => ({ name, mediaType })) }),
    ...(spec.answerFormat === undefined ? {} : { answerFormat: spec.answerFormat }),
  };
}

import { beforeEach, describe, expect, it } from "vitest";

import type { Run } from "../../../contract/features/runs.ts";
import type { RunsMessage } from "../../../contract/internal/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { sampleRun } from "../../testing/sample-run.ts";
import { createRunBus, type RunBus } from "./run-hooks.ts";
import { createRunRequests, type RunRequests, type RunRequestsFile } from "./run-requests.ts";
import { createRunTracker, type RunTracker } from "./run-tracker.ts";

const slow = "run-slow00000001";
const quick = "run-quick0000001";

let file: RunRequestsFile;
/** Runs as portos-cos has them. */
let runs: Map<string, Run>;
let requests: RunRequests;
let bus: RunBus;
let tracker: RunTracker;
let send: (message: RunsMessage) => void;
let setUp: (isUp: boolean) => void;
let told: string[];
/** Lets the listeners of the slow run go on. */
let letGo: () => void;
/** Changes come one after the other, none at once. */
let writing = Promise.resolve();

function memoryStore(): JsonStore<RunRequestsFile> {
  return {
    get: () => file,
    update(change) {
      const done = writing.then(() => {
        const { next, result } = change(file);
        file = next;
        return result;
      });
      writing = done.then(() => undefined);
      return done;
    },
    subscribe: () => () => undefined,
    problems: () => [],
    close: () => Promise.resolve(),
  };
}

/** One life of portos-server; the file and the runs outlive it. */
function live(): void {
  requests = createRunRequests(memoryStore());
  bus = createRunBus(silentLogger);
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  bus.onRunChanged(({ id, state }) => void told.push(`${id} ${state}`));
  bus.onRunEnded(async ({ id }) => {
    told.push(`${id} ends`);
    if (id === slow) await gate;
    told.push(`${id} ended`);
  });
  const link = { isUp: true };
  tracker = createRunTracker({
    cos: {
      list: ({ query }) =>
        Promise.resolve({
          items: [...runs.values()].filter(({ state }) => query.isOpen === undefined || isOpenState(state)),
          next: null,
        }),
      get({ params: { id } }) {
        const run = runs.get(id);
        return run ? Promise.resolve(run) : Promise.reject(new AppError("not_found", "There is no such run"));
      },
    },
    link: {
      get isUp() {
        return link.isUp;
      },
      onMessage(listener) {
        send = listener;
        return () => undefined;
      },
      onState(listener) {
        setUp = (isUp) => {
          link.isUp = isUp;
          listener(isUp);
        };
        return () => undefined;
      },
    },
    requests,
    bus,
    publish: () => undefined,
    clock: { now: () => 0, monotonic: () => 0 },
    logger: silentLogger,
  });
  tracker.start();
}

function happen(id: string, change: Partial<Run>): Run {
  const before = runs.get(id);
  const run = { ...(before ?? sampleRun({ id })), ...change, eventCount: (before?.eventCount ?? 0) + 1 };
  runs.set(id, run);
  return run;
}

beforeEach(() => {
  file = { requests: [] };
  runs = new Map();
  told = [];
  live();
});

describe("portos-cos comes back while a run is being started", () => {
  const id = "run-starting0001";

  it("which it does not have yet: its end is told all the same", async () => {
    await requests.add(id, { providerId: "one", mayFallBack: true }, null);
    setUp(true);
    await expect.poll(() => tracker.open().isComplete).toBe(true);
    await tracker.hear(happen(id, {}));
    requests.settled(id);
    expect(requests.get(id)).toMatchObject({ isOpen: true, choice: { providerId: "one" } });
    send({ kind: "run", run: happen(id, { state: "succeeded" }) });
    await expect.poll(() => told).toContain(`${id} ended`);
  });

  it("and forgets one whose start was never answered, once nobody starts it any more", async () => {
    await requests.add(id, { providerId: "one", mayFallBack: true }, null);
    requests.settled(id);
    setUp(true);
    await expect.poll(() => requests.get(id)).toBeUndefined();
  });

  it("and a run that turns up behind that counts as open again", async () => {
    await requests.add(id, { providerId: "one", mayFallBack: true }, null);
    requests.settled(id);
    const removed = requests.remove(id);
    await Promise.all([removed, tracker.hear(happen(id, {}))]);
    expect(requests.open()).toEqual([id]);
  });
});

describe("what follows from the end of a run takes long", () => {
  beforeEach(async () => {
    for (const id of [slow, quick]) await tracker.hear(happen(id, {}));
    told = [];
  });

  it("keeps neither calls nor the news of other runs", async () => {
    await tracker.hear(happen(slow, { state: "succeeded" }));
    await tracker.hear(happen(quick, { message: "Works" }));
    await tracker.hear(happen(quick, { state: "failed" }));
    await expect.poll(() => told).toContain(`${quick} ended`);
    expect(told).not.toContain(`${slow} ended`);
    letGo();
    await expect.poll(() => told).toContain(`${slow} ended`);
  });

  it("keeps nobody from knowing all runs when portos-cos comes back", async () => {
    await tracker.hear(happen(slow, { state: "succeeded" }));
    await expect.poll(() => told).toContain(`${slow} ends`);
    setUp(true);
    await expect.poll(() => tracker.open()).toMatchObject({ isComplete: true, runs: [{ id: quick }] });
    expect(told).not.toContain(`${slow} ended`);
  });

  it("tells what comes next of the same run afterwards, in order", async () => {
    send({ kind: "run", run: happen(slow, { state: "succeeded" }) });
    send({ kind: "run", run: happen(slow, { state: "running" }) });
    send({ kind: "run", run: happen(slow, { state: "failed" }) });
    letGo();
    const ends = [`${slow} ends`, `${slow} ended`];
    await expect.poll(() => told).toEqual([`${slow} succeeded`, ...ends, `${slow} running`, `${slow} failed`, ...ends]);
  });

  it("counts as told only when everybody was told, so that a restart in between tells it again, and one after it does not", async () => {
    await tracker.hear(happen(slow, { state: "succeeded" }));
    await tracker.hear(happen(quick, { state: "succeeded" }));
    await expect.poll(() => requests.open()).toEqual([slow]);
    told = [];
    live();
    letGo();
    setUp(true);
    await expect.poll(() => requests.open()).toEqual([]);
    expect(told.filter((line) => line.endsWith(" ended"))).toEqual([`${slow} ended`]);
  });

  it("tells an end once, however often it is heard of", async () => {
    const end = happen(quick, { state: "succeeded" });
    send({ kind: "run", run: end });
    await tracker.hear({ ...end, message: "The same, told by the answer to a call" });
    setUp(true);
    await expect.poll(() => requests.open()).toEqual([slow]);
    expect(told.filter((line) => line === `${quick} ended`)).toHaveLength(1);
  });
});

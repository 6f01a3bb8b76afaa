import { join } from "node:path";

import { afterEach, expect, vi } from "vitest";

import type { RunsMessage, RunSpec } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silentLogger, type Logger } from "../../../lib/logger.ts";
import { noOwnFolders } from "../../../lib/own-folders.ts";
import type { AttemptEnd, AttemptTask } from "../attempt.ts";
import { RunEngine } from "../run-engine.ts";
import { RunStore } from "../store/run-store.ts";
import { cliTarget, defaults } from "./test-runs.ts";

export const done: AttemptEnd = { failure: null, message: null, canContinue: true };

const nothing = (): void => undefined;
export const refuse = () => Promise.reject(new AppError("disk_full", "The disk is full: nothing was changed."));

/** Whatever can happen by itself has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

/** A promise that is kept from outside. */
export function later<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = nothing;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return {
    promise,
    resolve: (value) => {
      resolve(value);
    },
  };
}

/** Gives engines of their own to the tests of a file, and ends them behind each. */
export function engineWorlds(newFolder: () => Promise<string>) {
  const opened: { engine: RunEngine; store: RunStore }[] = [];
  afterEach(async () => {
    vi.useRealTimers();
    for (const { engine, store } of opened.splice(0)) {
      await engine.interruptAll("The test is over");
      await engine.close();
      await store.close();
    }
  });
  return async (limit = 4, logger: Logger = silentLogger) => {
    const world = createWorld(await newFolder(), limit, logger);
    opened.push({ engine: world.engine, store: world.store });
    return world;
  };
}

/** An engine whose agents have a session and do what `act` says; they work until they are stopped unless it says otherwise. */
function createWorld(folder: string, limit: number, logger: Logger) {
  const store = new RunStore({ directory: join(folder, "runs"), clock: systemClock, logger: silentLogger });
  const given: string[] = [];
  const tidied: string[] = [];
  const messages: RunsMessage[] = [];
  const world = {
    act: (_task: AttemptTask): AttemptEnd | null => done,
    /** How a child ends that is found again. */
    foundEnd: null as AttemptEnd | null,
    hasOthers: false,
  };
  let held: Promise<void> = Promise.resolve();
  const engine = new RunEngine({
    store,
    clock: systemClock,
    logger,
    refreshSecrets: () => Promise.resolve(),
    limits: { total: limit, perApp: limit, perProvider: limit },
    mayFallBack: () => world.hasOthers,
    isolation: {
      own: noOwnFolders,
      check: () => held,
      enter: () => Promise.resolve(null),
      rejoin: () => undefined,
      checkStill: () => undefined,
      left: () => undefined,
    },
    starters: {
      start(task) {
        given.push(task.text);
        task.sink.session("session");
        const end = world.act(task);
        const stopped = later<AttemptEnd>();
        if (end !== null) stopped.resolve(end);
        const stop = (): void => {
          stopped.resolve({ failure: "crashed", message: null, canContinue: true });
        };
        return Promise.resolve({ ended: stopped.promise, stop, release: stop });
      },
      tidy: (record, attempt) => {
        tidied.push(`${record.run.id} ${attempt}`);
        return Promise.resolve();
      },
      adopt: () =>
        Promise.resolve(world.foundEnd && { ended: Promise.resolve(world.foundEnd), stop: nothing, release: nothing }),
    },
  });
  engine.onMessage((message) => messages.push(structuredClone(message)));
  const start = (text: string, more: Partial<RunSpec> = {}) =>
    engine.start({ ...(defaults(folder) satisfies Omit<RunSpec, "targets">), text, targets: [cliTarget()], ...more });
  const until = (id: string, state: string) =>
    expect.poll(async () => (await engine.get(id)).state, { interval: 2 }).toBe(state);
  const hold = (): (() => void) => {
    const { promise, resolve } = later<null>();
    held = promise.then(() => undefined);
    return () => {
      resolve(null);
    };
  };
  return Object.assign(world, { engine, store, given, tidied, messages, start, until, hold });
}

import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { autofixerEndpoints } from "../contract/internal/autofixer.ts";
import { systemClock } from "../lib/clock.ts";
import type { Env } from "../lib/env.ts";
import { createGate } from "../lib/gate.ts";
import { bind, createHttpService } from "../lib/http-service.ts";
import { createKnownSecrets } from "../lib/known-secrets.ts";
import type { Logger } from "../lib/logger.ts";
import type { Pm2HomeName } from "../lib/processes/pm2-types.ts";
import { createRefusalTeller } from "../lib/refusal-teller.ts";
import { createRevision } from "../lib/revision.ts";
import { codeChanges, markRanWell } from "./code-changes.ts";
import { createExitWatch } from "./exit-watch.ts";
import { openIncidentBook, type IncidentBook } from "./incident-book.ts";
import { IncidentEngine } from "./incident-engine.ts";
import { readLastEnd } from "./last-end.ts";
import { createLogTail } from "./log-tail.ts";
import { openHomes } from "./open-homes.ts";
import { createProcessControl, type Pm2Homes, type ProcessControl } from "./process-control.ts";
import { defaultPolicy, type RepairPolicy } from "./repair-policy.ts";
import { createTicker } from "./ticker.ts";

export interface AutofixerTiming {
  policy: RepairPolicy;
  /** How often everything is looked at, besides what the bus tells. */
  lookMs: number;
  flushMs: number;
}

export interface AutofixerOptions {
  env: Env;
  logger: Logger;
  timing?: AutofixerTiming;
}

const defaultTiming: AutofixerTiming = { policy: defaultPolicy, lookMs: 60_000, flushMs: 400 };
const linesOfIncident = 200;
const pruneEveryMs = 86_400_000;

/** Builds portos-autofixer: follows PM2, keeps the incidents, answers on loopback. Imports nothing of the panel's server. */
export async function createAutofixerApp({ env, logger, timing = defaultTiming }: AutofixerOptions) {
  const homes = openHomes(env, logger);
  const logTail = createLogTail(createKnownSecrets({ env, logger }));
  const control = createProcessControl({ homes, ownPid: process.pid, logTail });
  const revision = createRevision();
  const directory = join(env.dataDir, dataFiles.incidents.path);
  const book = await openIncidentBook({ directory, clock: systemClock, logger });
  const engine = new IncidentEngine({
    book,
    look: () => lookAtHomes(homes),
    restart: (home, pmId) => clientOf(homes, home).restart(pmId),
    stop: (home, pmId) => clientOf(homes, home).stop(pmId),
    lastEnd: (home, name, pmId) =>
      readLastEnd(join(home === "portos" ? env.pm2Home : (env.userPm2Home ?? ""), "pm2.log"), name, pmId),
    logTail: ({ outLog, errLog }) => logTail([outLog, errLog], linesOfIncident),
    markRanWell,
    codeChanges,
    onChange: () => {
      revision.bump();
    },
    policy: timing.policy,
    flushMs: timing.flushMs,
    clock: systemClock,
    logger,
  });
  const ticker = createTicker({
    everyMs: timing.lookMs,
    dueAt: (after) => engine.nextDueAt(after),
    run: () => engine.tick(),
    clock: systemClock,
  });
  const watch = createExitWatch(
    (end) => {
      void engine.crashed(end).then(() => {
        ticker.reschedule();
      });
    },
    () => undefined,
  );
  const refusals = createRefusalTeller({ process: "portos-autofixer", env, logger });
  const { onProgramRefused } = refusals;
  const listener = createHttpService({
    name: "portos-autofixer",
    host: "127.0.0.1",
    port: env.ports.autofixer,
    gate: createGate({ peers: "loopback", ports: [env.ports.autofixer], env, logger, onProgramRefused }),
    logger,
    endpoints: bindAutofixer({ control, book, engine, revision }),
    health: async () => ({ pm2: (await homes.portos.isUp()) ? "up" : "down", incidents: book.active().length }),
  });
  const closers: (() => void)[] = [];
  const prune = (): void => {
    book.prune().catch((error: unknown) => {
      logger.error("Old incidents could not be removed", {}, error);
    });
  };

  return {
    listener,
    async start(): Promise<{ port: number }> {
      const listening = await listener.start();
      for (const client of [homes.portos, homes.user]) if (client) closers.push(client.onEvent(watch));
      ticker.start();
      prune();
      const pruning = setInterval(prune, pruneEveryMs);
      closers.push(() => {
        clearInterval(pruning);
      });
      return listening;
    },
    async stop(): Promise<void> {
      for (const close of closers) close();
      await ticker.stop();
      revision.bump(); // answers everybody who waits for a change
      await listener.stop();
      refusals.stop();
      homes.portos.close();
      homes.user?.close();
      await book.close();
    },
  };
}

function clientOf(homes: Pm2Homes, home: Pm2HomeName) {
  const client = homes[home];
  if (!client) throw new Error("Your own PM2 is not looked at");
  return client;
}

/** A PM2 that does not answer says nothing about its processes: they are unknown, not removed. */
async function lookAtHomes(homes: Pm2Homes) {
  const both = (["portos", "user"] as const).flatMap((home) => {
    const client = homes[home];
    return client ? [{ home, client }] : [];
  });
  const looked = await Promise.all(
    both.map(async ({ home, client }) => ((await client.isUp()) ? { home, processes: await client.list() } : null)),
  );
  const up = looked.filter((one) => one !== null);
  return { processes: up.flatMap(({ processes }) => processes), homes: new Set(up.map(({ home }) => home)) };
}

interface Parts {
  control: ProcessControl;
  book: IncidentBook;
  engine: IncidentEngine;
  revision: ReturnType<typeof createRevision>;
}

function bindAutofixer({ control, book, engine, revision }: Parts) {
  return bind(
    "autofixer",
    autofixerEndpoints,
  )({
    processes: () => control.overview(true),
    log: ({ params, query }) => control.log(params.home, params.pmId, query.lines),
    act: ({ params, body }) => control.act(params.home, params.pmId, body.name, params.action),
    incidents: ({ query }) => book.page(query),
    incident: ({ params }) => book.detail(params.id),
    dismiss: ({ params }) => engine.dismiss(params.id),
    retry: ({ params }) => engine.retry(params.id),
    changes: async ({ query }, { signal }) => {
      await revision.wait(query.after, query.waitMs, signal);
      return { revision: revision.current(), active: book.active(), settled: book.settled() };
    },
  });
}

import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { cosEndpoints, cosSocketPath } from "../contract/internal/cos.ts";
import { runsSocketPath } from "../contract/internal/runs.ts";
import { systemClock, type Clock } from "../lib/clock.ts";
import type { Env } from "../lib/env.ts";
import { createGate } from "../lib/gate.ts";
import { bind, createHttpService } from "../lib/http-service.ts";
import { createKnownSecrets } from "../lib/known-secrets.ts";
import type { Logger } from "../lib/logger.ts";
import { createRefusalTeller } from "../lib/refusal-teller.ts";
import type { EngineParts } from "./agents/create-engine.ts";
import { createRunsService } from "./agents/runs-service.ts";
import { serveRunsSocket } from "./agents/runs-socket.ts";
import { openCommandHistory } from "./sessions/command-history.ts";
import { createRecordings } from "./sessions/recordings.ts";
import { openSessionCatalog } from "./sessions/session-catalog.ts";
import { SessionEngine } from "./sessions/session-engine.ts";
import { serveSessionSocket } from "./sessions/session-socket.ts";

export interface CosOptions {
  env: Env;
  logger: Logger;
  clock?: Clock;
  /** 0 picks a free port; the port of the environment by default. */
  port?: number;
  /** Shell to use instead of the user's login shell. */
  shell?: string;
  /** Runs of agents at once. */
  runLimits?: EngineParts["limits"];
}

/** Builds and starts portos-cos: the session engine behind HTTP and one WebSocket, for this machine only. */
export async function startCos(options: CosOptions): Promise<{ port: number; stop(): Promise<void> }> {
  const { env, logger, clock = systemClock, port = env.ports.cos } = options;
  const directory = join(env.dataDir, dataFiles.sessions.path);
  const catalog = await openSessionCatalog({ directory, clock, logger });
  const secrets = createKnownSecrets({ env, logger });
  const commandHistory = await openCommandHistory({
    secrets,
    directory: join(env.dataDir, dataFiles.commandHistory.path),
    clock,
    logger,
  });
  const recordings = createRecordings({ secrets, directory, catalog, clock, logger });
  const engine = new SessionEngine({
    directory,
    integrationDirectory: join(env.rootDir, "cos/sessions/shell"),
    catalog,
    recordings,
    commandHistory,
    clock,
    logger,
    ...(options.shell === undefined ? {} : { shell: options.shell }),
  });
  await engine.start();
  await recordings.prune();
  await commandHistory.prune();

  const runs = createRunsService({
    directory: join(env.dataDir, dataFiles.runs.path),
    clock,
    logger,
    ownPorts: Object.values(env.ports),
    refreshSecrets: () => secrets.refresh(),
    sessions: engine,
    env,
    ...(options.runLimits === undefined ? {} : { limits: options.runLimits }),
  });

  // The port the service listens on is known to the gate once it listens.
  const ports = [env.ports.cos, port];
  const refusals = createRefusalTeller({ process: "portos-cos", env, logger });
  const gate = createGate({ peers: "loopback", ports, env, logger, onProgramRefused: refusals.onProgramRefused });
  const service = createHttpService({
    name: "portos-cos",
    host: "127.0.0.1",
    port,
    gate,
    logger,
    health: () => ({ sessionCount: engine.runningCount, runCount: runs.openCount }),
    endpoints: [
      ...runs.endpoints,
      ...bind(
        "cos",
        cosEndpoints,
      )({
        list: () => engine.list(),
        create: ({ body }) => engine.create(body),
        get: ({ params }) => engine.info(params.id),
        update: ({ params, body }) => engine.change(params.id, body),
        kill: ({ params, body }) => engine.kill(params.id, body),
        keep: ({ params }) => engine.keep(params.id),
        close: async ({ params }) => {
          await engine.close(params.id);
          return null;
        },
        output: ({ params, query }) => {
          const { bytes, ...rest } = engine.readOutput(params.id, query.from, query.maxBytes);
          return { ...rest, data: bytes.toString("base64") };
        },
        recordings: () => recordings.list(),
        recording: ({ params }) => recordings.read(params.id),
        deleteRecording: async ({ params }) => {
          await recordings.remove(params.id);
          return null;
        },
        commandHistory: ({ query }) => commandHistory.search(query),
      }),
    ],
  });
  const socket = serveSessionSocket({ server: service.server, gate, engine, logger });
  const runsSocket = serveRunsSocket({ server: service.server, gate, runs, logger });
  service.server.on("upgrade", (request, connection) => {
    if (request.url !== cosSocketPath && request.url !== runsSocketPath) connection.destroy();
  });
  await runs.start();
  const listening = await service.start();
  ports.push(listening.port);

  return {
    port: listening.port,
    async stop() {
      socket.stop();
      runsSocket.stop();
      await service.stop();
      refusals.stop();
      await runs.stop();
      await engine.stop();
      await commandHistory.close();
    },
  };
}

import { createServer, type Server as HttpServer } from "node:http";
import { mkdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import compression from "compression";
import express, { type Express, type Router } from "express";

import { dataFiles, type DataFileName } from "../contract/data-files.ts";
import { historyEntrySchema, type HistoryEntry } from "../contract/features/history.ts";
import type { DataProblem } from "../contract/features/system.ts";
import { accessFile } from "../lib/access-file.ts";
import { callerKey, thisMachine, type Callers } from "../lib/callers.ts";
import type { Clock } from "../lib/clock.ts";
import type { BoundEndpoint } from "../lib/endpoint-runner.ts";
import type { Env } from "../lib/env.ts";
import type { StoreProblem } from "../lib/file-problems.ts";
import type { Gate, GateOptions } from "../lib/gate.ts";
import { serverLimits } from "../lib/http-service.ts";
import { openJsonLog, type JsonLog, type JsonLogOptions, type OpenJsonLog } from "../lib/json-log.ts";
import { openJsonStore, type JsonStore, type JsonStoreOptions } from "../lib/json-store.ts";
import type { Logger } from "../lib/logger.ts";
import { createSecretBox, type SecretBox } from "../lib/secret-box.ts";
import { setSecurityHeaders } from "../lib/security-headers.ts";
import type { Tailscale } from "../lib/tailnet.ts";
import { accessStateFile } from "./features/access/access-state.ts";
import { buildAccess, type Access } from "./features/access/build-access.ts";
import { mountAccess } from "./features/access/routes.ts";
import { createActionRecorder } from "./http/action-recorder.ts";
import { elevationCookie } from "./http/step-up.ts";
import { createMount, type Mount, type RequestContext } from "./http/mount.ts";
import { createSubjectNames, type SubjectNames } from "./http/subject-names.ts";
import { refuseOtherMethods } from "./http/unanswered.ts";
import { createRealtime, type Realtime } from "./realtime/realtime.ts";

/** What every feature is built from. */
export interface AppContext {
  env: Env;
  logger: Logger;
  clock: Clock;
  version: string;
  http: HttpServer;
  app: Express;
  router: Router;
  mount: Mount;
  mounted: BoundEndpoint<RequestContext>[];
  realtime: Realtime;
  callers: Callers;
  /** The program of a run a request comes from; see `Gate`. */
  runProgramOf: Gate["runProgramOf"];
  history: JsonLog<HistoryEntry>;
  /** Names of things by their id, for the history; each feature adds its own. */
  names: SubjectNames;
  /** Opens a JSON file of `data/` that portos-server owns; it is closed when the server stops. */
  openStore<T>(
    name: DataFileName,
    options: Pick<JsonStoreOptions<T>, "schema" | "initial" | "version" | "migrations" | "isolate">,
  ): Promise<JsonStore<T>>;
  /** Opens an append-only history of `data/` that portos-server owns. */
  openLog<T>(
    name: DataFileName,
    options: Pick<JsonLogOptions<T>, "schema" | "dayOf" | "isChain" | "index" | "maxFileBytes">,
  ): Promise<OpenJsonLog<T>>;
  /** Seals secrets in files of `data/`; its key lives outside. */
  secrets: SecretBox;
  /** What is wrong with files of `data/` now. */
  problems(): DataProblem[];
  /** Calls `listener` with each new problem, those found while opening included. */
  onDataProblem(listener: (problem: DataProblem) => void): void;
  /** Called in reverse order when the server stops. */
  onStop(stop: () => void | Promise<void>): void;
  stopAll(): Promise<void>;
}

export interface AppContextOptions {
  env: Env;
  logger: Logger;
  clock: Clock;
  /** Names this machine answers to; replaced in tests. */
  machine?: GateOptions["machine"];
  /** Replaced in tests. */
  tailscale?: Tailscale;
}

/** Opens the listener with its gate, the mount, the channels and the history; no feature yet, nothing listens yet. */
export async function createAppContext(options: AppContextOptions): Promise<AppContext> {
  const { env, logger, clock } = options;
  await mkdir(env.dataDir, { recursive: true, mode: 0o700 });
  const files: { problems(): StoreProblem[]; close(): Promise<void> }[] = [];
  const early: DataProblem[] = [];
  let tellProblem = (problem: DataProblem): void => void early.push(problem);
  const onProblem = (problem: StoreProblem): void => {
    tellProblem(toDataProblem(problem));
  };
  const storeLogger = logger.child("store");
  const openLog: AppContext["openLog"] = async (name, log) => {
    const opened = await openJsonLog({
      directory: join(env.dataDir, dataFiles[name].path),
      clock,
      logger: storeLogger,
      onProblem,
      ...log,
    });
    files.push(opened);
    return opened;
  };
  const openStore: AppContext["openStore"] = async (name, store) => {
    const opened = await openJsonStore({
      file: join(env.dataDir, dataFiles[name].path),
      clock,
      logger: storeLogger,
      onProblem,
      ...store,
    });
    files.push(opened);
    return opened;
  };
  const history = await openLog<HistoryEntry>("history", { schema: historyEntrySchema, dayOf: (entry) => entry.at });
  const secrets = createSecretBox({
    configDir: env.configDir,
    fingerprintFile: join(env.dataDir, dataFiles.secretsKey.path),
    variables: process.env,
    logger,
    clock,
  });
  const access = buildAccess({
    ...options,
    logger: logger.child("gate"),
    file: await openStore("access", accessFile),
    state: await openStore("accessState", accessStateFile),
    secrets,
    append: (entry) => history.append(entry),
  });
  const { gate, callers } = access;
  void gate.refresh();

  const app = express();
  app.disable("x-powered-by");
  app.set("etag", false);
  const router = express.Router({ caseSensitive: true, strict: true });
  const http = createServer(serverLimits, (request, response) => {
    gate.admit(request, response, () => {
      setSecurityHeaders(request, response);
      app(request, response);
    });
  });
  gate.protect(http);
  app.use(refuseOtherMethods(() => mounted.map(({ endpoint }) => endpoint)));
  app.use("/api", compression({ threshold: 2048 }));
  app.use(router);

  const names = createSubjectNames();
  const { mount, mounted, realtime } = buildWalls({ env, clock, logger, router, http, names, history, access });

  const stops: (() => void | Promise<void>)[] = [];
  return {
    env,
    logger,
    clock,
    version: await readVersion(env.rootDir),
    http,
    app,
    router,
    mount,
    mounted,
    realtime,
    callers,
    runProgramOf: gate.runProgramOf,
    history,
    names,
    openStore,
    openLog,
    problems: () => files.flatMap((file) => file.problems().map(toDataProblem)),
    secrets,
    onDataProblem(listener) {
      tellProblem = listener;
      for (const problem of early.splice(0)) listener(problem);
    },
    onStop: (stop) => {
      stops.push(stop);
    },
    async stopAll() {
      for (const stop of stops.toReversed()) await stop();
      access.stop();
      await Promise.all(files.map((file) => file.close()));
    },
  };
}

interface WallParts extends Pick<AppContext, "env" | "clock" | "logger" | "router" | "http" | "names" | "history"> {
  access: Access;
}

/** Endpoints and channels, with what stands before each of them: who calls, the PIN, the history. */
function buildWalls({ env, clock, logger, router, http, names, history, access }: WallParts) {
  const { gate, callers, service: stepUp } = access;
  const recorder = createActionRecorder({
    append: (entry) => history.append(entry),
    onFailure: (error) => {
      logger.error("The history could not be written", {}, error);
    },
    now: () => clock.now(),
    names,
  });
  const cookie = elevationCookie(env.ports.server);
  const { mount, mounted } = createMount({
    router,
    callers,
    recorder,
    stepUp,
    cookie,
    onCaller: (caller) => {
      if (callerKey(caller) !== thisMachine) stepUp.noteSeen(caller);
    },
    logger,
  });
  const realtime = createRealtime(http, {
    gate,
    callers,
    stepUp,
    cookie,
    onStepUpRefused: (caller, event) => {
      access.book.note({ caller, reason: "step_up_required", what: event });
    },
    logger: logger.child("realtime"),
  });
  mountAccess(mount, {
    access: stepUp,
    openSocket: (id, token, { caller }) => realtime.openSocket(id, token, caller),
    tellRefusal: access.tell,
  });
  return { mount, mounted, realtime };
}

function toDataProblem(problem: StoreProblem): DataProblem {
  return {
    file: basename(problem.file),
    message: problem.message,
    keptAs: problem.keptAs === null ? null : basename(problem.keptAs),
    at: problem.since,
  };
}

async function readVersion(rootDir: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(rootDir, "package.json"), "utf8")) as { version: string };
  return manifest.version;
}

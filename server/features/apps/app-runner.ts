import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import type { Pm2Home, Process, ProcessSnapshot } from "../../../contract/features/processes.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ListeningPort } from "../../../lib/processes/listening-ports.ts";
import { isOffspring } from "../../../lib/processes/known-process.ts";
import type { Pm2Client, Pm2StartSpec } from "../../../lib/processes/pm2-client.ts";
import { pm2Gone } from "../../../lib/processes/pm2-gone.ts";
import type { AppRecord, StoredProcess } from "./app-record.ts";
import { openAppFolder, resolveSpec, type ResolveDependencies } from "./resolve-spec.ts";
import { createTurns } from "./turns.ts";

/** The picture of all processes, as far as running apps needs it. */
export interface ProcessPicture {
  current(): ProcessSnapshot;
  refresh(): Promise<ProcessSnapshot>;
  /** Ends what has outlived the PM2 that started it, by PM2's name, with all it has started. */
  endUnmanaged(name: string): Promise<void>;
}

export interface AppRunnerOptions extends ResolveDependencies {
  snapshots: ProcessPicture;
  clients: Record<Pm2Home, Pm2Client | null>;
  listeningPorts: () => Promise<ListeningPort[]>;
}

/** An app by its id and as it is when its turn comes; `now` throws when it is gone by then. */
export interface AppInTurn {
  id: string;
  now(): AppRecord;
}

/** Carries out what the user asks of an app's processes. Requests for one app wait for each other. */
export interface AppRunner {
  /** The PM2 process behind a definition, if there is one. */
  live(app: AppRecord, process: StoredProcess): Process | null;
  /** Starts what is not running, in the order of the list; those named, or those that start with the app. */
  start(app: AppInTurn, only?: readonly string[]): Promise<void>;
  /** Stops what is running, in reverse order. */
  stop(app: AppInTurn, only?: readonly string[]): Promise<void>;
  restart(app: AppInTurn, only?: readonly string[]): Promise<void>;
  /**
   * Stops its processes and makes PM2 forget them; linked ones are left alone. `finish` gets the names of those that
   * ran and belongs to the turn: nothing of the app is started before it is done.
   */
  remove(app: AppInTurn, finish: (ran: string[]) => Promise<unknown>, only?: readonly string[]): Promise<void>;
}

/** Creates a runner on the PM2 homes given. */
export function createAppRunner(options: AppRunnerOptions): AppRunner {
  const { snapshots, clients, listeningPorts } = options;
  const turns = createTurns();
  /** What each process was last started with, to tell a plain restart from a changed definition. */
  const lastSpecs = new Map<string, string>();

  function live(app: AppRecord, process: StoredProcess): Process | null {
    const { run } = process;
    const { processes } = snapshots.current();
    if (run.kind === "linked")
      return processes.find(({ home, name }) => home === run.home && name === run.name) ?? null;
    const key = options.pm2Name(app.id, process.name);
    return processes.find((entry) => entry.key === key) ?? null;
  }

  async function inTurn(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await turns(id, work);
    } finally {
      await snapshots.refresh();
    }
  }

  function clientOf(home: Pm2Home): Pm2Client {
    const client = clients[home];
    if (client) return client;
    throw new AppError("unavailable", "Your own PM2 is switched off in the environment of PortOS");
  }

  /** PortOS's own six are no part of an app, whoever links them. */
  function clientFor({ home, name, owner }: Process): Pm2Client {
    if (owner.kind !== "portos") return clientOf(home);
    throw new AppError("conflict", `${name} is part of PortOS and is not run as a part of an app`, {
      hint: "Restart it on the System page.",
    });
  }

  async function startLinked(app: AppRecord, process: StoredProcess): Promise<void> {
    const found = live(app, process);
    if (!found) {
      throw new AppError("conflict", `PM2 does not know ${process.name} any more`, {
        hint: "Start it with your own PM2, or give it a command in the app's settings.",
      });
    }
    const client = clientFor(found);
    if (found.unmanagedSince !== null)
      throw new AppError("conflict", `${process.name} runs outside PortOS' management`, {
        hint: "Stop it, then start it where it was started.",
      });
    await client.restart(found.pmId);
  }

  async function launch(app: AppRecord, process: StoredProcess): Promise<void> {
    if (process.run.kind === "linked") return startLinked(app, process);
    const client = clientOf("portos");
    const spec = await resolveSpec(app, process, options).catch((error: unknown) => {
      throw namingProcess(error, app, process);
    });
    await endUnmanaged(spec.name, client);
    const found = live(app, process);
    const text = JSON.stringify(spec);
    if (found && lastSpecs.get(spec.name) === text && isRunning(found)) return client.restart(found.pmId);
    if (found) await client.remove(found.pmId);
    await refuseTakenPorts(app, process, spec, listeningPorts);
    await startFresh(client, spec);
    lastSpecs.set(spec.name, text);
  }

  /** What runs on without PM2 ends before another one is started; without PM2 none could be, so it goes on. */
  async function endUnmanaged(name: string, client: Pm2Client | null): Promise<void> {
    const isFound = snapshots.current().processes.some((one) => one.name === name && one.unmanagedSince !== null);
    if (!isFound) return;
    if (client !== null && !(await client.isUp())) throw pm2Gone();
    await snapshots.endUnmanaged(name);
  }

  /** Waits for PM2's own picture first: what it shows is what is acted on. */
  async function each(
    app: AppRecord,
    processes: readonly StoredProcess[],
    act: (process: StoredProcess, found: Process | null) => Promise<void>,
  ): Promise<void> {
    await snapshots.refresh();
    for (const process of processes) await act(process, live(app, process));
  }

  return {
    live,
    start: ({ id, now }, only) =>
      inTurn(id, async () => {
        const app = now();
        await openAppFolder(app);
        const processes = chosen(app, only);
        if (processes.length === 0)
          throw new AppError("conflict", `${app.name} has no process to start`, noProcessHint);
        await each(app, processes, async (process, found) => {
          if (!found || !isRunning(found) || found.unmanagedSince !== null) await launch(app, process);
        });
      }),
    stop: ({ id, now }, only) =>
      inTurn(id, async () => {
        const app = now();
        await each(app, all(app, only).toReversed(), async (process, found) => {
          await endUnmanaged(options.pm2Name(app.id, process.name), null);
          if (found && found.status !== "stopped" && found.unmanagedSince === null)
            await clientFor(found).stop(found.pmId);
        });
      }),
    restart: ({ id, now }, only) =>
      inTurn(id, async () => {
        const app = now();
        await openAppFolder(app);
        await each(app, chosen(app, only), (process) => launch(app, process));
      }),
    remove: ({ id, now }, finish, only) =>
      inTurn(id, async () => {
        const app = now();
        const ran: string[] = [];
        await each(app, all(app, only).toReversed(), async (process, found) => {
          if (!found || process.run.kind === "linked") return;
          if (isRunning(found)) ran.unshift(process.name);
          await endUnmanaged(options.pm2Name(app.id, process.name), null);
          if (found.unmanagedSince !== null) return;
          await clientOf(found.home).remove(found.pmId);
        });
        await finish(ran);
      }),
  };
}

const noProcessHint = { hint: "Add one on the app's page, under Processes." };

/** Those named, or those that start with the app. */
function chosen(app: AppRecord, only?: readonly string[]): StoredProcess[] {
  return app.processes.filter(({ name, isStartedWithApp }) => (only ? only.includes(name) : isStartedWithApp));
}

function all(app: AppRecord, only?: readonly string[]): StoredProcess[] {
  return app.processes.filter(({ name }) => only === undefined || only.includes(name));
}

function isRunning({ status }: Process): boolean {
  return status === "online" || status === "launching" || status === "waiting";
}

async function startFresh(client: Pm2Client, spec: Pm2StartSpec): Promise<void> {
  await mkdir(dirname(spec.logFile), { recursive: true, mode: 0o700 });
  try {
    await client.start(spec);
  } catch (error) {
    throw error instanceof AppError && error.code === "unavailable" ? pm2Gone(error) : error;
  }
}

/** Says which of several processes it is that cannot start. */
function namingProcess(error: unknown, app: AppRecord, { name }: StoredProcess): unknown {
  if (!(error instanceof AppError) || app.processes.length < 2 || error.message.startsWith(name)) return error;
  const { code, message, hint } = error;
  return new AppError(code, `${name} cannot start: ${message}`, { ...(hint ? { hint } : {}), cause: error });
}

/** Says who has the port instead of letting the process fail in a loop. */
async function refuseTakenPorts(
  app: AppRecord,
  process: StoredProcess,
  spec: Pm2StartSpec,
  listeningPorts: () => Promise<ListeningPort[]>,
): Promise<void> {
  if (process.ports.length === 0) return;
  const taken = (await listeningPorts()).find(({ port }) => process.ports.includes(port));
  if (!taken) return;
  const who =
    taken.pid === null ? "another program" : `${taken.command?.slice(0, 100) ?? "a program"} (pid ${taken.pid})`;
  if (taken.pid !== null && (await isOffspring(taken.pid, spec)))
    throw new AppError(
      "conflict",
      `${app.name} cannot start: port ${taken.port} is held by ${who}, left behind by an earlier run of it`,
      {
        hint: `It went to the background, where it cannot be looked after. End it (kill ${taken.pid}) and start it in the foreground.`,
      },
    );
  throw new AppError("conflict", `${app.name} cannot start: port ${taken.port} is taken by ${who}`, {
    hint: "Stop that program, or give the process another port.",
  });
}

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { AppError } from "../app-error.ts";
import type { Logger } from "../logger.ts";
import { createAxonRequests, subscribeAxon, type AxonSubscription } from "./axon-link.ts";
import { toAppConfig } from "./pm2-app-config.ts";
import { busTopics, processTopics, parseBusMessage, parseProcessList } from "./pm2-replies.ts";
import type { Pm2Event, Pm2HomeName, Pm2Process, Pm2StartSpec } from "./pm2-types.ts";

export type * from "./pm2-types.ts";

/** One PM2 home. A daemon that is not there is a state: `list` is empty, `isUp` false, commands throw `unavailable`. */
export interface Pm2Client {
  list(): Promise<Pm2Process[]>;
  /** Resolves when the process is online, or with `waitReady` when it said so. A process of the same name is not looked for. */
  start(spec: Pm2StartSpec): Promise<void>;
  /** Resolves when the process has ended. */
  stop(pmId: number): Promise<void>;
  /** Starts a stopped process, restarts a running one. */
  restart(pmId: number): Promise<void>;
  /** Stops the process and makes PM2 forget it. */
  remove(pmId: number): Promise<void>;
  /** Opens all log files anew, after they were renamed. */
  reloadLogs(): Promise<void>;
  /** Follows the bus of this home; the daemon may come and go. Returns how to stop. */
  onEvent(listener: (event: Pm2Event) => void): () => void;
  isUp(): Promise<boolean>;
  /** Version of the daemon, `null` when there is none. */
  version(): Promise<string | null>;
  /** Ends the daemon of our own home; its processes must have been removed before. Refused for the user's home. */
  endDaemon(): Promise<void>;
  close(): void;
}

export interface Pm2ClientOptions {
  home: Pm2HomeName;
  /** The PM2 home: where `rpc.sock` and `pub.sock` are. */
  directory: string;
  logger: Logger;
  /** Whether `onEvent` also tells what processes print; without, those messages are not even decoded. */
  withOutput?: boolean;
}

const askTimeoutMs = 5_000;
/** A stop may take the process's kill timeout, which PM2 waits for twice. */
const commandTimeoutMs = 45_000;

/** A client of the PM2 daemon of one home. It never starts a daemon and never loads PM2 itself. */
export function createPm2Client({ home, directory, logger, withOutput = true }: Pm2ClientOptions): Pm2Client {
  const requests = createAxonRequests(join(directory, "rpc.sock"));
  const listeners = new Set<(event: Pm2Event) => void>();
  let bus: AxonSubscription | null = null;

  function emit(event: Pm2Event): void {
    for (const listener of listeners) {
      try {
        listener(event);
      } catch (error) {
        logger.error("A listener of PM2's bus failed", { home }, error);
      }
    }
  }

  async function ask<T>(method: string, fallback: T, read: (reply: unknown) => T): Promise<T> {
    try {
      return read(await requests.call(method, {}, askTimeoutMs));
    } catch (error) {
      if (error instanceof AppError && error.code === "unavailable") return fallback;
      throw error;
    }
  }

  async function command(method: string, argument: unknown, timeoutMs = commandTimeoutMs): Promise<void> {
    await requests.call(method, argument, timeoutMs);
  }

  function openBus(): AxonSubscription {
    return subscribeAxon(join(directory, "pub.sock"), {
      topics: withOutput ? busTopics : processTopics,
      onLink: (isUp) => {
        emit({ kind: "link", home, isUp });
      },
      onMessage: (topic, value) => {
        const event = parseBusMessage(topic, value, home);
        if (event) emit(event);
      },
    });
  }

  function follow(listener: (event: Pm2Event) => void): () => void {
    listeners.add(listener);
    bus ??= openBus();
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      bus?.close();
      bus = null;
    };
  }

  return {
    list: () => ask("getMonitorData", [], (reply) => parseProcessList(reply, home)),
    start: async (spec) => {
      await command("prepare", toAppConfig(spec, directory), (spec.listenTimeoutMs ?? 3_000) + 15_000);
    },
    stop: (pmId) => command("stopProcessId", pmId),
    restart: (pmId) => restart(pmId, command),
    remove: (pmId) =>
      remove(pmId, command, async () =>
        parseProcessList(await requests.call("getMonitorData", {}, askTimeoutMs), home),
      ),
    reloadLogs: () => command("reloadLogs", {}, askTimeoutMs),
    onEvent: follow,
    isUp: () => ask("ping", false, () => true),
    version: () => ask("getVersion", null, (reply) => z.string().catch("unknown").parse(reply)),
    endDaemon: () => endDaemon(requests, home),
    close() {
      listeners.clear();
      bus?.close();
      bus = null;
      requests.close();
    },
  };
}

/** PM2 refuses to restart a process that waits for its back-off, because it still holds the old pid: stop it first. */
async function restart(pmId: number, command: (method: string, argument: unknown) => Promise<void>): Promise<void> {
  try {
    await command("restartProcessId", { id: pmId });
  } catch (error) {
    if (!(error instanceof AppError && error.message.includes("already exists"))) throw error;
    await command("stopProcessId", pmId);
    await command("restartProcessId", { id: pmId });
  }
}

/** A restart that is just being made puts a deleted process back: delete until it is gone. One that is gone already is fine. */
async function remove(
  pmId: number,
  command: (method: string, argument: unknown) => Promise<void>,
  list: () => Promise<Pm2Process[]>,
): Promise<void> {
  // PM2 counts from 0 again once it is empty: the same number alone does not mean the same process.
  const target = (await list()).find((found) => found.pmId === pmId);
  if (!target) return;
  for (let round = 0; round < 5; round++) {
    try {
      await command("deleteProcessId", pmId);
    } catch (error) {
      if (!(error instanceof AppError && error.message.includes("id unknown"))) throw error;
    }
    if (!(await list()).some((found) => found.pmId === pmId && found.name === target.name)) return;
    await sleep(100);
  }
  throw new AppError("upstream_failed", `PM2 keeps starting process ${pmId} again`);
}

async function endDaemon(requests: ReturnType<typeof createAxonRequests>, home: Pm2HomeName): Promise<void> {
  if (home === "user") throw new AppError("forbidden", "The user's own PM2 is not ended from here");
  try {
    // The daemon signals the process named here when it is done; a word that is no number means nobody.
    await requests.call("killMe", { pid: "nobody" }, askTimeoutMs);
  } catch (error) {
    // It closes its socket instead of answering.
    if (!(error instanceof AppError && error.code === "unavailable")) throw error;
  }
}

import type { IncomingMessage } from "node:http";
import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import { accessEndpoints, type GuestList } from "../contract/features/access.ts";
import { accessFile, followGuests, type FollowedGuests } from "./access-file.ts";
import { createCallers } from "./callers.ts";
import { systemClock } from "./clock.ts";
import type { Env } from "./env.ts";
import { createGate, type Gate, type GateOptions } from "./gate.ts";
import { createGuests } from "./guests.ts";
import { createInternalClient } from "./internal-client.ts";
import { openJsonStore, type JsonStore } from "./json-store.ts";
import type { Logger } from "./logger.ts";
import { createRefusalBook, type Refusal } from "./refusal-book.ts";
import { systemTailscale, type Tailscale } from "./tailnet.ts";

export interface FollowedGateOptions {
  process: "portos-ui" | "portos-autofixer-ui";
  ports: readonly number[];
  env: Env;
  logger: Logger;
  /** Replaced in tests. */
  machine?: GateOptions["machine"];
  /** Replaced in tests. */
  tailscale?: Tailscale | undefined;
}

/** A gate with the list of guests that portos-server owns: the file is followed, refusals are told to portos-server. */
export interface FollowedGate {
  gate: Gate;
  /** Until then nobody but this machine is let in. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const closed: GuestList = { isOn: true, logins: [], nodes: [] };

/** Builds the gate of a process that is reached from the tailnet and is not portos-server. */
export function createFollowedGate(options: FollowedGateOptions): FollowedGate {
  const { env, logger, machine, tailscale = systemTailscale } = options;
  const callers = createCallers(tailscale);
  const listeners = new Set<() => void>();
  let followed: FollowedGuests | null = null;
  let store: JsonStore<typeof accessFile.initial> | null = null;

  const server = createInternalClient(
    { noteRefusal: accessEndpoints.noteRefusal },
    { baseUrl: `http://${env.apiHost}:${env.ports.server}`, name: "portos-server", timeoutMs: 2_000 },
  );
  const book = createRefusalBook({
    clock: systemClock,
    logger,
    tell: ({ caller, ...refusal }: Refusal) => {
      const body = { ...refusal, process: options.process, caller: { ...caller, node: caller.node ?? "" } };
      server.noteRefusal({ body }).catch((error: unknown) => {
        logger.debug("A refusal is in this log only", { reason: error instanceof Error ? error.message : "" });
      });
    },
  });
  const gate = createGate({
    peers: "tailnet",
    ports: options.ports,
    env,
    logger,
    ...(machine ? { machine } : {}),
    guests: createGuests({
      callers,
      source: {
        list: () => followed?.list() ?? closed,
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
      ownName: () => gate.ownName(),
    }),
    onGuestRefused: (request, reason) => {
      void callers.identify(request).then((caller) => {
        book.note({ caller, reason, what: whatOf(request) });
      });
    },
  });

  return {
    gate,
    async start() {
      store = await openJsonStore({
        ...accessFile,
        file: join(env.dataDir, dataFiles.access.path),
        logger,
        mode: "read",
      });
      followed = followGuests(store, env.dataDir);
      followed.subscribe(() => {
        for (const listener of listeners) listener();
      });
      await gate.refresh();
    },
    async stop() {
      book.stop();
      await store?.close();
    },
  };
}

/** "GET /api/apps", for people to read: without the query, which may be long. */
export function whatOf(request: IncomingMessage): string {
  return `${request.method ?? "GET"} ${(request.url ?? "/").split(/[?#]/, 1)[0] ?? "/"}`.slice(0, 200);
}

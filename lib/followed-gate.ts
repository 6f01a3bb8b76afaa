import { join } from "node:path";

import { dataFiles } from "../contract/data-files.ts";
import type { GuestList } from "../contract/features/access.ts";
import { accessFile, followGuests, type FollowedGuests } from "./access-file.ts";
import { createCallers } from "./callers.ts";
import type { Env } from "./env.ts";
import { createGate, type Gate, type GateOptions } from "./gate.ts";
import { createGuests } from "./guests.ts";
import { openJsonStore, type JsonStore } from "./json-store.ts";
import type { Logger } from "./logger.ts";
import { createRefusalTeller, whatOf } from "./refusal-teller.ts";
import { isSignInLanding } from "./sign-in-landing.ts";
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

  const teller = createRefusalTeller({ process: options.process, env, logger });
  const gate = createGate({
    peers: "tailnet",
    ports: options.ports,
    env,
    logger,
    ...(machine ? { machine } : {}),
    ...(options.process === "portos-ui" ? { isLanding: isSignInLanding } : {}),
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
        teller.note({ caller, reason, what: whatOf(request) });
      });
    },
    onProgramRefused: teller.onProgramRefused,
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
      teller.stop();
      await store?.close();
    },
  };
}

import { connectorsFeed, type ConnectorStatus, type GatewayState } from "../../../contract/features/connectors.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";
import type { PanicSwitch } from "../chief/panic-switch.ts";
import type { ToldEvidence } from "../evidence/told-evidence.ts";
import type { LastCalls } from "./last-calls.ts";
import { createFeed } from "../../realtime/feed.ts";
import type { Realtime } from "../../realtime/realtime.ts";

interface Parts {
  realtime: Realtime;
  logger: Logger;
  ids(): string[];
  /** `null` when there is no such connector. */
  statusOf(id: string): Promise<ConnectorStatus | null>;
  gateway(): GatewayState;
}

/** Tells the `connectors` feed how connectors and the gateway stand. */
export interface ConnectorTeller {
  /** Something of this connector has changed, or of all of them. */
  changed(id?: string): void;
  gatewayChanged(): void;
  /** Tells nothing more. */
  stop(): void;
}

/** Changes within this time are told together: a busy connector changes with each call. */
const togetherMs = 250;
const minuteMs = 61_000;

export function createConnectorTeller({ realtime, logger, ids, statusOf, gateway }: Parts): ConnectorTeller {
  const stale = new Set<string>();
  const told = new Map<string, string>();
  const decaying = new Map<string, NodeJS.Timeout>();
  let isGatewayStale = false;
  let toldGateway = "";
  let timer: NodeJS.Timeout | null = null;
  let telling = Promise.resolve();
  let isStopped = false;
  const feed = createFeed(realtime, connectorsFeed, {
    snapshot: async () => ({
      connectors: (await Promise.all(ids().map(statusOf))).filter((status) => status !== null),
      gateway: gateway(),
    }),
  });

  function soon(): void {
    if (isStopped) return;
    timer ??= setTimeout(() => {
      timer = null;
      telling = telling.then(tell).catch((error: unknown) => {
        logger.error("How connectors stand could not be told", {}, error);
      });
    }, togetherMs).unref();
  }

  function tellGateway(): void {
    isGatewayStale = false;
    const state = gateway();
    const text = JSON.stringify(state);
    if (text !== toldGateway) feed.publish({ kind: "gateway", gateway: state });
    toldGateway = text;
  }

  async function tell(): Promise<void> {
    if (isGatewayStale) tellGateway();
    const now = [...stale];
    stale.clear();
    for (const id of now) {
      const connector = await statusOf(id);
      if (isStopped) return;
      const text = connector === null ? "" : JSON.stringify(connector);
      if (told.get(id) === text) continue;
      told.set(id, text);
      if (connector === null) feed.publish({ kind: "removed", id });
      else feed.publish({ kind: "status", connector });
      if (connector !== null && connector.used.lastMinute > 0) lookAgain(id);
    }
  }

  /** Calls of the last minute become fewer although nothing happens. */
  function lookAgain(id: string): void {
    if (isStopped || decaying.has(id)) return;
    const again = setTimeout(() => {
      decaying.delete(id);
      stale.add(id);
      soon();
    }, minuteMs).unref();
    decaying.set(id, again);
  }

  return {
    changed(id) {
      for (const one of id === undefined ? [...ids(), ...told.keys()] : [id]) stale.add(one);
      soon();
    },
    gatewayChanged() {
      isGatewayStale = true;
      soon();
    },
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
      for (const one of decaying.values()) clearTimeout(one);
    },
  };
}

interface Sources {
  registry: Pick<ConnectorRegistry, "onChange">;
  stores: readonly { subscribe(listener: () => void): () => void }[];
  panic: Pick<PanicSwitch, "onChange">;
  evidence: Pick<ToldEvidence, "onEnded">;
  lastCalls: Pick<LastCalls, "note">;
}

/** Hears of everything that changes how connectors stand. Answers how to stop that. */
export function tellOf(teller: ConnectorTeller, { registry, stores, panic, evidence, lastCalls }: Sources): () => void {
  registry.onChange(() => {
    teller.changed();
  });
  panic.onChange(() => {
    teller.gatewayChanged();
  });
  evidence.onEnded((record) => {
    lastCalls.note(record);
    teller.changed(record.connector);
    teller.gatewayChanged(); // a failure more of a target
  });
  const stops = stores.map((store) =>
    store.subscribe(() => {
      teller.changed();
      teller.gatewayChanged();
    }),
  );
  return () => {
    for (const stop of stops) stop();
    teller.stop();
  };
}

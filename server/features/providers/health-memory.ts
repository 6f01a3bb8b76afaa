import { z } from "zod";

import { type ProviderHealth, providerHealthSchema } from "../../../contract/features/providers.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";

/** Shape of the file that keeps what was last seen, so that it is there at once after a restart. */
export const providerHealthFile = {
  schema: z.strictObject({ seen: z.record(z.string(), providerHealthSchema) }),
  initial: { seen: {} },
  version: 1,
};
export type ProviderHealthFile = z.output<typeof providerHealthFile.schema>;

interface Dependencies {
  store: JsonStore<ProviderHealthFile>;
  clock: Clock;
  logger: Logger;
  /** The limit of a provider should have ended. */
  onLimitEnd(id: string): void;
}

/** What was last seen of each provider, on disk, with an alarm at the end of each limit. */
export interface HealthMemory {
  /** What was seen; of one never seen, that nothing is known. */
  get(id: string): ProviderHealth;
  keep(health: ProviderHealth): void;
  /** Whether there was anything to forget. */
  forget(id: string): boolean;
  /** Sets the alarms of limits from before; those that ended meanwhile ring at once. */
  start(): void;
  stop(): void;
}

const longestTimerMs = 2 ** 31 - 1;
/** A little later than promised: clocks differ. */
const graceMs = 250;
const unseen = {
  state: "unknown",
  message: null,
  failure: null,
  asOf: null,
  latencyMs: null,
  backAt: null,
  models: null,
  version: null,
} as const;

/** The memory over its open file. */
export function createHealthMemory({ store, clock, logger, onLimitEnd }: Dependencies): HealthMemory {
  const seen = new Map<string, ProviderHealth>(Object.entries(store.get().seen));
  const alarms = new Map<string, NodeJS.Timeout>();
  let isStopped = false;

  function write(): void {
    if (isStopped) return;
    store
      .update(() => ({ next: { seen: Object.fromEntries(seen) }, result: null }))
      .catch((error: unknown) => {
        logger.error("The health of providers could not be kept", {}, error);
      });
  }

  function silence(id: string): void {
    clearTimeout(alarms.get(id));
    alarms.delete(id);
  }

  function setAlarm({ id, state, backAt, modelTroubles = [] }: ProviderHealth): void {
    silence(id);
    const ends = modelTroubles.flatMap((trouble) => trouble.backAt ?? []);
    if (state === "limited" && backAt !== null) ends.push(backAt);
    if (ends.length === 0 || isStopped) return;
    const first = Math.min(...ends.map((end) => Date.parse(end)));
    const delay = Math.min(Math.max(0, first - clock.now()) + graceMs, longestTimerMs);
    alarms.set(
      id,
      setTimeout(() => {
        onLimitEnd(id);
      }, delay),
    );
  }

  return {
    get: (id) => seen.get(id) ?? { ...unseen, id },
    keep(health) {
      seen.set(health.id, health);
      setAlarm(health);
      write();
    },
    forget(id) {
      silence(id);
      if (!seen.delete(id)) return false;
      write();
      return true;
    },
    start() {
      for (const health of seen.values()) setAlarm(health);
    },
    stop() {
      isStopped = true;
      for (const id of alarms.keys()) silence(id);
    },
  };
}

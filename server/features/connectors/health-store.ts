import { z } from "zod";

import { connectorHealthSchema, type ConnectorHealthView } from "../../../contract/features/connectors.ts";
import type { JsonStore } from "../../../lib/json-store.ts";

const healthFileSchema = z.strictObject({
  connectors: z.record(
    z.string(),
    z.strictObject({
      /** Of the configuration it was looked at with. */
      revision: z.int(),
      health: connectorHealthSchema,
    }),
  ),
});
export type HealthFile = z.output<typeof healthFileSchema>;

/** How `data/connector-health.json` is opened. */
export const healthFile = { schema: healthFileSchema, initial: { connectors: {} }, version: 1 };

/** How connectors were when they were looked at last, also before the last start. */
export interface HealthStore {
  /** `null` when it was not looked at since its configuration was changed. */
  of(id: string, revision: number): ConnectorHealthView | null;
  put(id: string, revision: number, health: ConnectorHealthView): Promise<void>;
}

/** Hears what a look found, and what the one before did, whatever the configuration was then. */
export type HealthListener = (
  id: string,
  health: { before: ConnectorHealthView | null; now: ConnectorHealthView },
) => void;

/** The store over its open file. */
export function createHealthStore(store: JsonStore<HealthFile>, onPut: HealthListener = () => undefined): HealthStore {
  return {
    of(id, revision) {
      const { connectors } = store.get();
      const seen = Object.hasOwn(connectors, id) ? connectors[id] : undefined;
      return seen?.revision === revision ? seen.health : null;
    },
    async put(id, revision, health) {
      const before = await store.update((file) => ({
        next: { connectors: { ...file.connectors, [id]: { revision, health } } },
        result: Object.hasOwn(file.connectors, id) ? (file.connectors[id]?.health ?? null) : null,
      }));
      onPut(id, { before, now: health });
    },
  };
}

import { randomBytes } from "node:crypto";

import { z } from "zod";

import { hookDeliverySchema, type HookDelivery } from "../../../contract/features/hooks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { OpenJsonLog } from "../../../lib/json-log.ts";
import type { IndexEntry } from "../../../lib/json-log-index.ts";
import { redact } from "../../../lib/redact.ts";

/** A row of the log of messages. */
export const deliveryRowSchema = z.strictObject({
  delivery: hookDeliverySchema,
  headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  /** By what it is known when it comes again. */
  keys: z.array(z.string()),
  /** Row of the other log, which holds the body. */
  body: z.string().nullable(),
});
export type DeliveryRow = z.output<typeof deliveryRowSchema>;

/** A body as it came, byte for byte. */
export const bodyRowSchema = z.strictObject({ id: hookDeliverySchema.shape.id, base64: z.base64() });
export type BodyRow = z.output<typeof bodyRowSchema>;

/** What messages are found by without reading them. */
export function indexDelivery({ delivery }: DeliveryRow): IndexEntry {
  const { at, hookId, verdict, id } = delivery;
  return { at, terms: [`hook:${hookId}`, `verdict:${verdict}`], ids: [id], sums: {} };
}

/** Messages that came in and their bodies. */
export interface DeliveryLog {
  /** Resolves when both are on disk. Without a body none is kept. */
  add(row: Omit<DeliveryRow, "body">, body: Buffer | null): Promise<void>;
  page(query: {
    hook?: string | undefined;
    verdict?: HookDelivery["verdict"] | undefined;
    before?: string | undefined;
    limit: number;
  }): Promise<{ items: HookDelivery[]; next: string | null }>;
  /** Throws `not_found`. */
  read(id: string): Promise<{ delivery: HookDelivery; headers: DeliveryRow["headers"]; text: string | null }>;
  /** Every row there is, oldest first. */
  rows(): AsyncGenerator<DeliveryRow>;
  /** Removes what is older; bodies sooner than what is known of them. */
  prune(keepDays: number): Promise<void>;
}

const bodyDays = 30;

/** Builds it over its two logs. */
export function createDeliveryLog(logs: {
  deliveries: OpenJsonLog<DeliveryRow>;
  bodies: OpenJsonLog<BodyRow>;
}): DeliveryLog {
  const { deliveries, bodies } = logs;
  return {
    async add(row, body) {
      const { id } = row.delivery;
      const kept = body === null ? null : await bodies.add({ id, base64: body.toString("base64") });
      await deliveries.append({ ...row, body: kept });
    },
    async page({ hook, verdict, before, limit }) {
      const terms = [...(hook ? [[`hook:${hook}`]] : []), ...(verdict ? [[`verdict:${verdict}`]] : [])];
      const page = await deliveries.page({
        limit,
        ...(before === undefined ? {} : { before }),
        where: { terms },
        match: ({ delivery }) =>
          (hook === undefined || delivery.hookId === hook) && (verdict === undefined || delivery.verdict === verdict),
      });
      return { items: page.items.map(({ delivery }) => delivery), next: page.next };
    },
    async read(id) {
      const { items } = await deliveries.page({
        limit: 1,
        where: { ids: [id] },
        match: ({ delivery }) => delivery.id === id,
      });
      const [row] = items;
      if (!row) throw new AppError("not_found", "This message is kept no longer");
      const found = row.body === null ? null : await bodies.read(row.body);
      const isIts = found !== null && found.id === id;
      const text = isIts ? redact(Buffer.from(found.base64, "base64").toString("utf8")) : null;
      return { delivery: row.delivery, headers: row.headers, text };
    },
    rows: () => deliveries.entries(),
    async prune(keepDays) {
      await bodies.prune(Math.min(keepDays, bodyDays));
      await deliveries.prune(keepDays);
    },
  };
}

/** Later ones sort behind earlier ones. */
export function newDeliveryId(nowMs: number): string {
  return `hd-${nowMs.toString(36).padStart(9, "0")}${randomBytes(6).toString("hex")}`;
}

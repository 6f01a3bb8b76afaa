import { createHash } from "node:crypto";

import { z } from "zod";

import {
  pushDeviceSchema,
  pushSubscriptionSchema,
  type PushSubscriptionKeys,
} from "../../../contract/features/push.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { sealedSecretSchema, type SecretBox } from "../../../lib/secret-box.ts";

const sealed = z.union([sealedSecretSchema, z.string()]);

const storedDeviceSchema = pushDeviceSchema.omit({ lastDelivery: true }).extend({
  /** SHA-256 of the endpoint: the same browser is known again without opening anything. */
  endpointHash: z.string().regex(/^[0-9a-f]{64}$/),
  /** JSON of the subscription, which is a key to the device. */
  subscription: sealed,
});
export type StoredDevice = z.output<typeof storedDeviceSchema>;

const fileSchema = z.strictObject({
  /** Made at the first use. */
  keys: z.strictObject({ publicKey: z.string(), privateKey: sealed }).nullable(),
  devices: z.array(storedDeviceSchema),
  /** What devices said to have shown lately; anything else is told again after a restart. */
  shown: z.array(z.string().max(120)).default([]),
  /** What was sent lately, the newest last: a receipt may come after a restart. */
  sent: z.array(z.strictObject({ id: z.string(), deviceId: z.string(), name: z.string().max(120) })).default([]),
});
export type PushFile = z.output<typeof fileSchema>;

/** How `data/push.json` is opened. */
export const pushFile = {
  schema: fileSchema,
  initial: { keys: null, devices: [], shown: [], sent: [] },
  version: 1,
  isolate: { list: "devices", entry: storedDeviceSchema },
};

/** What names an endpoint without telling it. */
export function hashEndpoint(endpoint: string): string {
  return createHash("sha256").update(endpoint).digest("hex");
}

/** The key pair with which push services know this machine. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

/** Opens the key pair; makes one when there is none. */
export async function vapidKeys(
  store: JsonStore<PushFile>,
  secrets: Pick<SecretBox, "seal" | "open">,
  make: () => Promise<VapidKeys>,
): Promise<VapidKeys> {
  let { keys } = store.get();
  if (keys === null) {
    const made = await make();
    const fresh = { publicKey: made.publicKey, privateKey: await secrets.seal(made.privateKey) };
    // Two devices may ask at once: the first pair stays.
    keys = await store.update((file) => ({
      next: file.keys === null ? { ...file, keys: fresh } : file,
      result: file.keys ?? fresh,
    }));
  }
  return { publicKey: keys.publicKey, privateKey: await secrets.open(keys.privateKey) };
}

/** The subscription of a device in the clear. */
export async function openSubscription(
  { subscription }: StoredDevice,
  secrets: Pick<SecretBox, "open">,
): Promise<PushSubscriptionKeys> {
  return pushSubscriptionSchema.parse(JSON.parse(await secrets.open(subscription)));
}

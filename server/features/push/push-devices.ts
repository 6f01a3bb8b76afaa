import { randomBytes } from "node:crypto";

import type { PushPreferences, PushSubscriptionKeys } from "../../../contract/features/push.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import { hashEndpoint, type PushFile, type StoredDevice } from "./push-store.ts";
import { isZone } from "../../quiet-hours.ts";

/** Devices that have turned messages on, their subscriptions sealed. */
export interface PushDevices {
  list(): readonly StoredDevice[];
  find(id: string): StoredDevice;
  /** The same subscription again changes its device. */
  subscribe(subscription: PushSubscriptionKeys, preferences: PushPreferences): Promise<StoredDevice>;
  /** The browser has replaced the subscription with this endpoint. */
  renew(endpoint: string, subscription: PushSubscriptionKeys): Promise<void>;
  update(id: string, preferences: PushPreferences): Promise<StoredDevice>;
  /** It has shown a message; forgotten devices are passed over. */
  setShown(id: string, at: string): Promise<void>;
  remove(id: string): Promise<void>;
}

const maxDevices = 50;

export function createPushDevices(options: {
  store: JsonStore<PushFile>;
  secrets: Pick<SecretBox, "seal">;
  clock: Clock;
}): PushDevices {
  const { store, secrets, clock } = options;
  const list = (): readonly StoredDevice[] => store.get().devices;

  function find(id: string, devices = list()): StoredDevice {
    const found = devices.find((device) => device.id === id);
    if (!found) throw new AppError("not_found", "This device gets no messages any more");
    return found;
  }

  function change(id: string, make: (device: StoredDevice) => StoredDevice): Promise<StoredDevice> {
    return store.update((file) => {
      const before = find(id, file.devices);
      const next = make(before);
      const devices = file.devices.map((device) => (device === before ? next : device));
      return { next: { ...file, devices }, result: next };
    });
  }

  return {
    list,
    find: (id) => find(id),
    async subscribe(subscription, preferences) {
      checkZone(preferences);
      const endpointHash = hashEndpoint(subscription.endpoint);
      const sealed = await secrets.seal(JSON.stringify(subscription));
      return store.update((file) => {
        const before = file.devices.find((device) => device.endpointHash === endpointHash);
        if (!before && file.devices.length >= maxDevices)
          throw new AppError("conflict", `There are ${maxDevices} devices already`, { hint: "Remove some first." });
        const device: StoredDevice = {
          ...preferences,
          id: before?.id ?? `device-${randomBytes(8).toString("hex")}`,
          createdAt: before?.createdAt ?? new Date(clock.now()).toISOString(),
          service: new URL(subscription.endpoint).host,
          lastShownAt: before?.lastShownAt ?? null,
          endpointHash,
          subscription: sealed,
        };
        const others = file.devices.filter((other) => other !== before);
        return { next: { ...file, devices: [...others, device] }, result: device };
      });
    },
    async renew(endpoint, subscription) {
      const before = list().find((device) => device.endpointHash === hashEndpoint(endpoint));
      if (!before) throw new AppError("not_found", "This device gets no messages any more");
      const sealed = await secrets.seal(JSON.stringify(subscription));
      await change(before.id, (device) => ({
        ...device,
        service: new URL(subscription.endpoint).host,
        endpointHash: hashEndpoint(subscription.endpoint),
        subscription: sealed,
      }));
    },
    async update(id, preferences) {
      checkZone(preferences);
      return change(id, (device) => ({ ...device, ...preferences }));
    },
    async setShown(id, at) {
      if (list().some((device) => device.id === id)) await change(id, (device) => ({ ...device, lastShownAt: at }));
    },
    remove: (id) =>
      store.update((file) => ({
        next: { ...file, devices: file.devices.filter((device) => device.id !== id) },
        result: undefined,
      })),
  };
}

function checkZone({ quietHours }: PushPreferences): void {
  if (quietHours === null || isZone(quietHours.zone)) return;
  throw new AppError("invalid_request", `${quietHours.zone} is not a time zone`);
}

import { randomBytes } from "node:crypto";

import type {
  PushDelivery,
  PushDevice,
  PushEvent,
  PushPreferences,
  PushSubscriptionKeys,
} from "../../../contract/features/push.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { PushMessage } from "./push-message.ts";
import type { PushSender } from "./push-sender.ts";
import { hashEndpoint, openSubscription, vapidKeys, type PushFile, type StoredDevice } from "./push-store.ts";
import { isQuiet, isZone } from "./quiet-hours.ts";

export interface PushServiceOptions {
  store: JsonStore<PushFile>;
  secrets: Pick<SecretBox, "seal" | "open">;
  sender: PushSender;
  clock: Clock;
  logger: Logger;
  /** How long the receipt of a device is waited for before the next one is told, in milliseconds. */
  receiptWithinMs?: number;
}

/** Messages to devices that asked for them, while no page is open. */
export interface PushService {
  devices(): PushDevice[];
  publicKey(): Promise<string>;
  subscribe(subscription: PushSubscriptionKeys, preferences: PushPreferences): Promise<PushDevice>;
  renew(endpoint: string, subscription: PushSubscriptionKeys): Promise<void>;
  update(id: string, preferences: PushPreferences): Promise<PushDevice>;
  remove(id: string): Promise<PushDevice>;
  /** Sends a message to one device and answers when its service took it, or did not. */
  test(id: string): Promise<PushDelivery>;
  delivery(id: string): PushDelivery;
  receipt(id: string, what: "shown" | "clicked"): Promise<void>;
  /** Tells the device that was reached last; when it does not show the message in time, the next one, and so on. */
  tell(message: PushMessage, isStillWanted: () => boolean): Promise<void>;
  stop(): void;
}

type DeliveryMessage = Omit<PushMessage, "event"> & { event: PushEvent | "test" };

const keepDeliveries = 200;
const maxDevices = 50;
const urgentEvents: readonly string[] = ["approval", "crash", "test"];
const liveForSeconds = 30 * 60;

export function createPushService(options: PushServiceOptions): PushService {
  const { store, secrets, sender, clock, logger, receiptWithinMs = 20_000 } = options;
  const deliveries = new Map<string, { delivery: PushDelivery; deviceId: string }>();
  const waiting = new Map<string, () => void>();
  const stopped = new AbortController();

  const isoNow = (): string => new Date(clock.now()).toISOString();
  const keys = () => vapidKeys(store, secrets, () => sender.makeKeys());

  function view({ endpointHash: _hash, subscription: _subscription, ...device }: StoredDevice): PushDevice {
    const own = [...deliveries.values()].findLast(({ deviceId }) => deviceId === device.id);
    return { ...device, lastDelivery: own?.delivery ?? null };
  }

  function find(id: string): StoredDevice {
    const found = store.get().devices.find((device) => device.id === id);
    if (!found) throw new AppError("not_found", "This device gets no messages any more");
    return found;
  }

  function change(id: string, make: (device: StoredDevice) => StoredDevice): Promise<StoredDevice> {
    find(id);
    return store.update((file) => {
      const devices = file.devices.map((device) => (device.id === id ? make(device) : device));
      return { next: { ...file, devices }, result: devices.find((device) => device.id === id) ?? find(id) };
    });
  }

  async function drop(id: string): Promise<void> {
    await store.update((file) => ({
      next: { ...file, devices: file.devices.filter((device) => device.id !== id) },
      result: undefined,
    }));
  }

  function keep(id: string, patch: Partial<PushDelivery>): PushDelivery {
    const entry = deliveries.get(id);
    if (!entry) throw new AppError("not_found", "Nothing is known of this message any more");
    entry.delivery = { ...entry.delivery, ...patch };
    return entry.delivery;
  }

  async function send(device: StoredDevice, message: DeliveryMessage): Promise<PushDelivery> {
    const id = randomBytes(16).toString("hex");
    const { event, title, body, discreet, url, tag } = message;
    const text = device.showsDetails ? { title, body } : { title: "PortOS", body: discreet };
    const delivery: PushDelivery = {
      id,
      event,
      title,
      sentAt: isoNow(),
      acceptedAt: null,
      shownAt: null,
      clickedAt: null,
      failure: null,
    };
    deliveries.set(id, { delivery, deviceId: device.id });
    for (const old of [...deliveries.keys()].slice(0, -keepDeliveries)) deliveries.delete(old);
    try {
      const subscription = await openSubscription(device, secrets);
      const outcome = await sender.send(
        subscription,
        { id, event, url, tag, ...text },
        { keys: await keys(), isUrgent: urgentEvents.includes(event), liveForSeconds },
      );
      if (outcome.kind === "accepted") return keep(id, { acceptedAt: isoNow() });
      if (outcome.kind === "failed") return keep(id, { failure: outcome.reason });
      await drop(device.id);
      logger.info("A device no longer takes messages and is forgotten", { device: device.name });
      return keep(id, { failure: "The device has ended its subscription; turn messages on there again" });
    } catch (error) {
      logger.warn("A message could not be sent", { device: device.name, problem: String(error) });
      return keep(id, { failure: error instanceof AppError ? error.message : "It could not be sent" });
    }
  }

  /** Resolves with whether the device has shown the message in time. */
  function isShown(id: string): Promise<boolean> {
    if (deliveries.get(id)?.delivery.shownAt) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(Boolean(deliveries.get(id)?.delivery.shownAt));
      };
      const timer = setTimeout(end, receiptWithinMs);
      waiting.set(id, end);
      stopped.signal.addEventListener("abort", end, { once: true });
    });
  }

  function wantingDevices({ event }: PushMessage): StoredDevice[] {
    const isUrgent = urgentEvents.includes(event);
    return store
      .get()
      .devices.filter(
        ({ events, quietHours }) => events.includes(event) && (isUrgent || !isQuiet(quietHours, clock.now())),
      )
      .toSorted((a, b) => (b.lastShownAt ?? b.createdAt).localeCompare(a.lastShownAt ?? a.createdAt));
  }

  return {
    devices: () => store.get().devices.map(view),
    publicKey: async () => (await keys()).publicKey,
    async subscribe(subscription, preferences) {
      checkZone(preferences);
      const endpointHash = hashEndpoint(subscription.endpoint);
      const sealed = await secrets.seal(JSON.stringify(subscription));
      const stored = await store.update((file) => {
        const before = file.devices.find((device) => device.endpointHash === endpointHash);
        if (!before && file.devices.length >= maxDevices)
          throw new AppError("conflict", `There are ${maxDevices} devices already`, { hint: "Remove some first." });
        const device: StoredDevice = {
          ...preferences,
          id: before?.id ?? `device-${randomBytes(8).toString("hex")}`,
          createdAt: before?.createdAt ?? isoNow(),
          service: new URL(subscription.endpoint).host,
          lastShownAt: before?.lastShownAt ?? null,
          endpointHash,
          subscription: sealed,
        };
        return {
          next: { ...file, devices: [...file.devices.filter((other) => other !== before), device] },
          result: device,
        };
      });
      return view(stored);
    },
    async renew(endpoint, subscription) {
      const before = store.get().devices.find((device) => device.endpointHash === hashEndpoint(endpoint));
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
      return view(await change(id, (device) => ({ ...device, ...preferences })));
    },
    async remove(id) {
      const device = view(find(id));
      await drop(id);
      return device;
    },
    test: (id) =>
      send(find(id), {
        event: "test",
        title: "PortOS reaches this device",
        body: "This is what a message looks like here.",
        discreet: "This is what a message looks like here.",
        url: "/system?tab=notifications",
        tag: "test",
      }),
    delivery: (id) => keep(id, {}),
    async receipt(id, what) {
      const known = deliveries.get(id);
      if (!known) return; // of a time before the last restart
      const at = isoNow();
      // Clicked is shown as well: on some systems the first receipt is lost with the network asleep.
      keep(id, what === "clicked" ? { clickedAt: at, shownAt: known.delivery.shownAt ?? at } : { shownAt: at });
      waiting.get(id)?.();
      if (store.get().devices.some((device) => device.id === known.deviceId))
        await change(known.deviceId, (device) => ({ ...device, lastShownAt: at }));
    },
    async tell(message, isStillWanted) {
      for (const device of wantingDevices(message)) {
        if (stopped.signal.aborted || !isStillWanted()) return;
        const delivery = await send(device, message);
        if (delivery.acceptedAt !== null && (await isShown(delivery.id))) return;
      }
    },
    stop: () => {
      stopped.abort();
    },
  };
}

function checkZone({ quietHours }: PushPreferences): void {
  if (quietHours === null || isZone(quietHours.zone)) return;
  throw new AppError("invalid_request", `${quietHours.zone} is not a time zone`);
}

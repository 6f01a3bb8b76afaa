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
import { createPushDeliveries } from "./push-deliveries.ts";
import { createPushDevices } from "./push-devices.ts";
import type { PushMessage } from "./push-message.ts";
import type { PushSender } from "./push-sender.ts";
import { openSubscription, vapidKeys, type PushFile, type StoredDevice } from "./push-store.ts";
import { isQuiet } from "../../quiet-hours.ts";

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
  /** Whether the message of this name was shown somewhere, before a restart, too. */
  wasShown(name: string): boolean;
  stop(): void;
}

/** A message of no name is told once and never again. */
type DeliveryMessage = Omit<PushMessage, "event" | "name"> & { event: PushEvent | "test"; name: string | null };

const urgentEvents: readonly string[] = ["approval", "crash", "test"];
const liveForSeconds = 30 * 60;
const keepShown = 100;
const keepSent = 200;

export function createPushService(options: PushServiceOptions): PushService {
  const { store, secrets, sender, clock, logger, receiptWithinMs = 20_000 } = options;
  const devices = createPushDevices({ store, secrets, clock });
  const deliveries = createPushDeliveries();
  let isStopped = false;

  const isoNow = (): string => new Date(clock.now()).toISOString();
  const keys = () => vapidKeys(store, secrets, () => sender.makeKeys());

  function view({ endpointHash: _hash, subscription: _subscription, ...device }: StoredDevice): PushDevice {
    return { ...device, lastDelivery: deliveries.lastOf(device.id) };
  }

  async function send(device: StoredDevice, message: DeliveryMessage): Promise<PushDelivery> {
    const { event, title, body, discreet, url, tag, name } = message;
    const { id } = deliveries.add(device.id, { event, title, sentAt: isoNow() });
    const text = device.showsDetails ? { title, body } : { title: "PortOS", body: discreet };
    try {
      if (name !== null) await noteSent(id, device.id, name);
      const outcome = await sender.send(
        await openSubscription(device, secrets),
        { id, event, url, tag, ...text },
        { keys: await keys(), isUrgent: urgentEvents.includes(event), liveForSeconds },
      );
      if (outcome.kind === "accepted") return deliveries.change(id, { acceptedAt: isoNow() });
      if (outcome.kind === "failed") return deliveries.change(id, { failure: outcome.reason });
      await devices.remove(device.id);
      logger.info("A device no longer takes messages and is forgotten", { device: device.name });
      return deliveries.change(id, { failure: "The device has ended its subscription; turn messages on there again" });
    } catch (error) {
      logger.warn("A message could not be sent", { device: device.name, problem: String(error) });
      return deliveries.change(id, { failure: error instanceof AppError ? error.message : "It could not be sent" });
    }
  }

  const wasShown = (name: string): boolean => store.get().shown.includes(name);

  /** Before it goes out: whenever its receipt comes, it is known what was shown. */
  async function noteSent(id: string, deviceId: string, name: string): Promise<void> {
    try {
      await store.update((file) => ({
        next: { ...file, sent: [...file.sent, { id, deviceId, name }].slice(-keepSent) },
        result: undefined,
      }));
    } catch (error) {
      logger.warn("What is sent cannot be kept, so it may be told once more", { problem: String(error) });
    }
  }

  /** However late its receipt comes, what a device has shown is told to no further one. */
  async function noteShown(name: string): Promise<void> {
    if (wasShown(name)) return;
    await store.update((file) => ({
      next: { ...file, shown: [...file.shown.filter((other) => other !== name), name].slice(-keepShown) },
      result: undefined,
    }));
  }

  /** Those that want to hear it now, the one reached last first. */
  function devicesFor({ event }: PushMessage): StoredDevice[] {
    const isUrgent = urgentEvents.includes(event);
    return devices
      .list()
      .filter(
        ({ events, quietHours }) =>
          events.includes(event) &&
          (isUrgent || quietHours === null || !isQuiet(quietHours, clock.now(), quietHours.zone)),
      )
      .toSorted((a, b) => (b.lastShownAt ?? b.createdAt).localeCompare(a.lastShownAt ?? a.createdAt));
  }

  return {
    devices: () => devices.list().map(view),
    publicKey: async () => (await keys()).publicKey,
    subscribe: async (subscription, preferences) => view(await devices.subscribe(subscription, preferences)),
    renew: devices.renew,
    update: async (id, preferences) => view(await devices.update(id, preferences)),
    async remove(id) {
      const device = view(devices.find(id));
      await devices.remove(id);
      return device;
    },
    test: (id) => send(devices.find(id), testMessage),
    delivery: (id) => deliveries.change(id, {}),
    async receipt(id, what) {
      const sent = store.get().sent.find((one) => one.id === id);
      const at = isoNow();
      const known = deliveries.get(id); // unless it is of a time before the last restart
      const shownAt = known?.delivery.shownAt ?? at; // clicked is shown as well: a first receipt may be lost
      // First, for it came in time also when the disk is slow: no further device is told meanwhile.
      if (known) deliveries.change(id, what === "clicked" ? { clickedAt: at, shownAt } : { shownAt });
      if (sent) await noteShown(sent.name);
      const deviceId = known?.deviceId ?? sent?.deviceId;
      if (deviceId !== undefined) await devices.setShown(deviceId, at);
    },
    async tell(message, isStillWanted) {
      for (const device of devicesFor(message)) {
        if (isStopped || !isStillWanted() || wasShown(message.name)) return;
        const delivery = await send(device, message);
        if (delivery.acceptedAt !== null && (await deliveries.isShown(delivery.id, receiptWithinMs))) return;
      }
    },
    wasShown,
    stop() {
      isStopped = true;
      deliveries.stop();
    },
  };
}

const testMessage: DeliveryMessage = {
  event: "test",
  title: "PortOS reaches this device",
  body: "This is what a message looks like here.",
  discreet: "This is what a message looks like here.",
  url: "/system?tab=notifications",
  tag: "test",
  name: null,
};

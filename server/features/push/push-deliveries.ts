import { randomBytes } from "node:crypto";

import type { PushDelivery } from "../../../contract/features/push.ts";
import { AppError } from "../../../lib/app-error.ts";

interface Kept {
  delivery: PushDelivery;
  deviceId: string;
}

/** What became of the newest messages, and who waits to hear it. */
export interface PushDeliveries {
  add(deviceId: string, parts: Pick<PushDelivery, "event" | "title" | "sentAt">): PushDelivery;
  get(id: string): Kept | undefined;
  lastOf(deviceId: string): PushDelivery | null;
  change(id: string, patch: Partial<PushDelivery>): PushDelivery;
  /** Resolves with whether the device says within the time that it has shown the message. */
  isShown(id: string, withinMs: number): Promise<boolean>;
  stop(): void;
}

const keep = 200;

export function createPushDeliveries(): PushDeliveries {
  const deliveries = new Map<string, Kept>();
  const waiting = new Map<string, () => void>();

  return {
    add(deviceId, parts) {
      const id = randomBytes(16).toString("hex");
      const delivery = { id, ...parts, acceptedAt: null, shownAt: null, clickedAt: null, failure: null };
      deliveries.set(id, { delivery, deviceId });
      for (const old of [...deliveries.keys()].slice(0, -keep)) deliveries.delete(old);
      return delivery;
    },
    get: (id) => deliveries.get(id),
    lastOf: (deviceId) => [...deliveries.values()].findLast((kept) => kept.deviceId === deviceId)?.delivery ?? null,
    change(id, patch) {
      const kept = deliveries.get(id);
      if (!kept) throw new AppError("not_found", "Nothing is known of this message any more");
      kept.delivery = { ...kept.delivery, ...patch };
      if (kept.delivery.shownAt !== null) waiting.get(id)?.();
      return kept.delivery;
    },
    isShown(id, withinMs) {
      const isKnown = (): boolean => Boolean(deliveries.get(id)?.delivery.shownAt);
      if (isKnown()) return Promise.resolve(true);
      return new Promise((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(isKnown());
        };
        const timer = setTimeout(end, withinMs);
        waiting.set(id, end);
      });
    },
    stop() {
      for (const end of waiting.values()) end();
    },
  };
}

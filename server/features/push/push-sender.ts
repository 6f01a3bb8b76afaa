import type { PushSubscriptionKeys } from "../../../contract/features/push.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Guard } from "../../../lib/guarded-http/guard.ts";
import { guardedRequest } from "../../../lib/guarded-http/guarded-http.ts";
import type { VapidKeys } from "./push-store.ts";

/** What a service worker is told; encrypted for its device alone. */
export interface PushPayload {
  id: string;
  event: string;
  title: string;
  body: string;
  /** Path inside the panel. */
  url: string;
  /** Messages with the same tag replace each other. */
  tag: string;
}

/** `gone`: the device has ended its subscription. */
export type SendOutcome = { kind: "accepted" } | { kind: "gone" } | { kind: "failed"; reason: string };

/** Encrypts a message and hands it to the push service of a device. */
export interface PushSender {
  makeKeys(): Promise<VapidKeys>;
  send(
    subscription: PushSubscriptionKeys,
    payload: PushPayload,
    options: { keys: VapidKeys; isUrgent: boolean; liveForSeconds: number },
  ): Promise<SendOutcome>;
}

/** Whom a push service may write to about this sender; it must look like an address and tells nothing of the user. */
const contact = "mailto:portos@example.com";
const timeoutMs = 10_000;

/** Sends through the guard; the library only encrypts and signs. */
export function createPushSender(guard: Guard): PushSender {
  return {
    async makeKeys() {
      const { default: webPush } = await import("web-push");
      return webPush.generateVAPIDKeys();
    },
    async send(subscription, payload, { keys, isUrgent, liveForSeconds }) {
      const { default: webPush } = await import("web-push");
      const { endpoint, headers, body } = webPush.generateRequestDetails(subscription, JSON.stringify(payload), {
        vapidDetails: { subject: contact, ...keys },
        TTL: liveForSeconds,
        urgency: isUrgent ? "high" : "normal",
        contentEncoding: "aes128gcm",
      });
      const sent = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "content-length");
      try {
        const { status, body: reply } = await guardedRequest({
          url: endpoint,
          method: "POST",
          guard,
          headers: Object.fromEntries(sent),
          body,
          timeoutMs,
          maxBytes: 4_096,
        });
        if (status >= 200 && status < 300) return { kind: "accepted" };
        if (status === 404 || status === 410) return { kind: "gone" };
        return { kind: "failed", reason: `The push service answered ${status}: ${firstLine(reply)}` };
      } catch (error) {
        if (error instanceof AppError) return { kind: "failed", reason: error.message };
        throw error;
      }
    },
  };
}

function firstLine(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).split("\n", 1)[0]?.slice(0, 200) ?? "";
}

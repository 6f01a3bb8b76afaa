import type { Notification } from "../../../contract/features/notifications.ts";
import { pushEndpoints } from "../../../contract/features/push.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Guard } from "../../../lib/guarded-http/guard.ts";
import type { AppContext } from "../../app-context.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import { pushServiceGuard } from "./push-guard.ts";
import { pushMessage, subjectOf } from "./push-message.ts";
import { createPushSender } from "./push-sender.ts";
import { createPushService } from "./push-service.ts";
import { pushFile, type PushFile } from "./push-store.ts";

/** What is raised again and again (a crash loop) is told once in this time. */
const quietMs = 5 * 60_000;

export interface BuildPushOptions {
  notifications: Pick<NotificationService, "list" | "onNotified">;
  /** Whom messages may be sent to; replaced in tests. */
  guard?: Guard;
  receiptWithinMs?: number;
}

/** How old a question or a crash may be to be told after a restart, when no device has shown it. */
const tellAgainMs = 30 * 60_000;

/** Throws `invalid_request` for an address no message would be sent to. A name that cannot be looked up now may be found later. */
async function checkEndpoint(guard: Guard, endpoint: string): Promise<void> {
  const verdict = await guard.judge(new URL(endpoint));
  if (verdict.ok || verdict.isUnreachable === true) return;
  throw new AppError("invalid_request", `This is no address of a push service: ${verdict.reason}`, {
    issues: [{ path: "body.subscription.endpoint", message: verdict.reason }],
  });
}

/** Messages to devices on the API; what the notification centre is told goes out to those who asked for it. */
export async function buildPush(context: AppContext, options: BuildPushOptions): Promise<{ start(): void }> {
  const { notifications, guard = pushServiceGuard(), receiptWithinMs } = options;
  const { clock, mount, secrets } = context;
  const logger = context.logger.child("push");
  const push = createPushService({
    store: await context.openStore<PushFile>("push", pushFile),
    secrets,
    sender: createPushSender(guard),
    clock,
    logger,
    ...(receiptWithinMs === undefined ? {} : { receiptWithinMs }),
  });
  mount(
    "push",
    pushEndpoints,
  )({
    devices: () => push.devices(),
    key: async () => ({ publicKey: await push.publicKey() }),
    async subscribe({ body }) {
      await checkEndpoint(guard, body.subscription.endpoint);
      return push.subscribe(body.subscription, body.preferences);
    },
    update: ({ params, body }) => push.update(params.id, body),
    remove: ({ params }) => push.remove(params.id),
    async renew({ body }) {
      await checkEndpoint(guard, body.subscription.endpoint);
      await push.renew(body.endpoint, body.subscription);
      return null;
    },
    test: ({ params }) => push.test(params.id),
    delivery: ({ params }) => push.delivery(params.id),
    async receipt({ params, body }) {
      await push.receipt(params.id, body.what);
      return null;
    },
  });
  context.names.add("push", ({ id }) => push.devices().find((device) => device.id === id)?.name);

  const toldAt = new Map<string, number>();
  const isNew = ({ key, level }: Notification): boolean => {
    const name = `${key ?? ""} ${level}`;
    const subject = subjectOf(key ?? "");
    // The end of a run is told before its work is laid open.
    const before = subject === key ? [name] : [name, `${subject} success`, `${subject} warning`, `${subject} error`];
    if (before.some((one) => clock.now() - (toldAt.get(one) ?? -Infinity) < quietMs)) return false;
    if (toldAt.size > 1_000) toldAt.clear();
    toldAt.set(name, clock.now());
    return true;
  };
  const isWanted = (wanted: Notification): boolean =>
    notifications.list().some(({ id, isRead }) => id === wanted.id && !isRead);
  const tell = (notification: Notification): void => {
    const message = pushMessage(notification);
    if (message === null || push.devices().length === 0 || !isNew(notification)) return;
    push
      .tell(message, () => isWanted(notification))
      .catch((error: unknown) => {
        logger.error("Devices could not be told", {}, error);
      });
  };
  notifications.onNotified(tell);
  context.onStop(() => {
    push.stop();
  });
  return {
    /** Whom a message was on its way to when this process ended, nobody knows: what waits is told again. */
    start() {
      for (const notification of notifications.list()) {
        const message = pushMessage(notification);
        const isUrgent = message?.event === "approval" || message?.event === "crash";
        const isOld = clock.now() - Date.parse(notification.at) > tellAgainMs;
        if (isUrgent && !isOld && isWanted(notification) && !push.wasShown(message.name)) tell(notification);
      }
    },
  };
}

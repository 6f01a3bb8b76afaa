import type { Settings } from "../../../contract/features/settings.ts";
import { hooksEndpoints, hooksFeed, type Hook, type HookDelivery } from "../../../contract/features/hooks.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import type { SecretBox } from "../../../lib/secret-box.ts";
import type { AppContext } from "../../app-context.ts";
import { createRateLimiter } from "../../connectors/framework/rate-limit.ts";
import { createFeed } from "../../realtime/feed.ts";
import {
  bodyRowSchema,
  createDeliveryLog,
  deliveryRowSchema,
  indexDelivery,
  type BodyRow,
  type DeliveryLog,
  type DeliveryRow,
} from "./delivery-log.ts";
import { hooksFile, type HookRecord, type HooksFile } from "./hook-record.ts";
import { createHookService, withoutOldSecrets, type HookService } from "./hook-service.ts";
import { createMessageJudge } from "./receive-message.ts";
import { createReplayMemory } from "./replay-memory.ts";

interface HookMessage {
  event: string | null;
  headers: { name: string; value: string }[];
  text: string | null;
}

interface Dependencies {
  settings: JsonStore<Settings>;
  /** Starts an automation for a message. */
  runAutomation: (id: string, message: { id: string; webhook: string }) => Promise<unknown>;
  /** A message was taken; told again of those that came just before the last end. */
  onMessage: (hook: Pick<Hook, "id" | "name">, delivery: HookDelivery) => void;
}

/** A message is handed on at once: what came longer before the last one was. */
const handOnWithinMs = 60_000;
const pruneEveryMs = 12 * 3_600_000;
const maxFileBytes = 32 * 1024 * 1024;

/** Opens webhooks and the log of their messages, mounts endpoints and feed, and starts the automations they name. */
export async function buildHooks(
  context: AppContext,
  { settings, runAutomation, onMessage }: Dependencies,
): Promise<{
  service: HookService;
  /** Hands on what was accepted just before this server ended; what was handed on already is known by its id. */
  handOnAgain(): void;
  /** What a message said, secrets taken out; `null` when it is kept no longer. */
  message(id: string): Promise<HookMessage | null>;
}> {
  const { clock, secrets } = context;
  const logger = context.logger.child("hooks");
  const store = await context.openStore<HooksFile>("hooks", hooksFile);
  await sealByHand(store, secrets, clock.now());
  const log = createDeliveryLog({
    deliveries: await context.openLog<DeliveryRow>("hookDeliveries", {
      schema: deliveryRowSchema,
      index: indexDelivery,
      maxFileBytes,
    }),
    bodies: await context.openLog<BodyRow>("hookBodies", { schema: bodyRowSchema, maxFileBytes }),
  });
  const memory = createReplayMemory();
  const rates = createRateLimiter({ dayOf: () => "", nextDayMs: (ms) => ms });
  const judge = createMessageJudge({ log, memory, rates, secrets, clock });
  const feed = createFeed(context.realtime, hooksFeed, { snapshot: () => ({ hooks: service.list() }) });
  const service = createHookService({ store, judge, secrets, clock, publish: feed.publish });
  let lately: HookDelivery[] = [];
  for await (const { delivery, keys } of log.rows()) {
    memory.remember(keys);
    service.noteLast(delivery);
    lately = lately.filter(({ at }) => Date.parse(at) > Date.parse(delivery.at) - handOnWithinMs);
    const isQuestion = delivery.event === "url_verification"; // it was answered, and starts nothing
    if (delivery.verdict === "accepted" && !delivery.isTest && !isQuestion) lately.push(delivery);
  }
  const handOn = (
    { id: hookId, automationId, name }: Pick<Hook, "id" | "automationId" | "name">,
    delivery: HookDelivery,
  ): void => {
    const { id } = delivery;
    onMessage({ id: hookId, name }, delivery);
    if (automationId === null) return;
    runAutomation(automationId, { id, webhook: name }).catch((error: unknown) => {
      logger.error(
        "An automation could not be started by a webhook",
        { delivery: id, automation: automationId },
        error,
      );
    });
  };
  service.onAccepted(handOn);
  mountHooks(context, service, log);
  context.names.add("hooks", ({ id }) => store.get().hooks.find((hook) => hook.id === id)?.name);
  const timer = setInterval(() => {
    log.prune(settings.get().history.keepDays).catch((error: unknown) => {
      logger.error("Old messages of webhooks could not be removed", {}, error);
    });
  }, pruneEveryMs);
  context.onStop(() => {
    clearInterval(timer);
  });
  return {
    service,
    async message(id) {
      try {
        const { delivery, headers, text } = await log.read(id);
        return { event: delivery.event, headers, text };
      } catch (error) {
        if (error instanceof AppError && error.code === "not_found") return null;
        throw error;
      }
    },
    handOnAgain() {
      for (const delivery of lately) {
        const hook = service.list().find(({ id, isEnabled }) => id === delivery.hookId && isEnabled);
        if (hook) handOn(hook, delivery);
      }
    },
  };
}

function mountHooks({ mount }: Pick<AppContext, "mount">, service: HookService, log: DeliveryLog): void {
  mount(
    "hooks",
    hooksEndpoints,
  )({
    list: () => ({ hooks: service.list() }),
    create: ({ body: { secret, ...input } }) => service.create(input, secret),
    update: ({ params, body }) => service.update(params.id, body),
    changeSecret: ({ params, body }) => service.changeSecret(params.id, body.secret),
    remove: ({ params }) => service.remove(params.id),
    async receive({ params }, { headers, caller, readBytes }) {
      const { delivery, challenge } = await service.receive(params.id, { headers, caller, isTest: false, readBytes });
      const verdict = delivery.verdict === "accepted" ? "accepted" : "repeated";
      return { id: delivery.id, verdict, ...(challenge === null ? {} : { challenge }) };
    },
    test: ({ params, body }, { caller }) => service.test(params.id, { ...body, caller }),
    deliveries: ({ query }) => log.page(query),
    delivery: ({ params }) => log.read(params.id),
  });
}

/** Seals secrets that were written into the file by hand, and drops former ones whose day is over. */
async function sealByHand(store: JsonStore<HooksFile>, secrets: SecretBox, nowMs: number): Promise<void> {
  const old = withoutOldSecrets(store.get(), nowMs);
  const isOld = old.hooks.some((hook, at) => hook.former !== store.get().hooks[at]?.former);
  if (!isOld && !old.hooks.some(isPlain)) return;
  const sealed = new Map<string, HookRecord["secret"]>();
  for (const { id, secret } of old.hooks) sealed.set(id, await secrets.sealPlain(secret));
  await store.update((file) => ({
    next: {
      hooks: withoutOldSecrets(file, nowMs).hooks.map((hook) => ({
        ...hook,
        secret: sealed.get(hook.id) ?? hook.secret,
      })),
    },
    result: null,
  }));
}

function isPlain({ secret }: HookRecord): boolean {
  return typeof secret === "string" && secret !== "" && !secret.startsWith("env:");
}

import type { Settings } from "../../../contract/features/settings.ts";
import type { EventStart } from "../../../contract/features/automation-occurrences.ts";
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

/** Where messages that were taken go. */
export interface HandOn {
  /** A message was taken; told again of those that came just before the last end. Resolves when what it starts is on disk. */
  message(hook: NamedHook, delivery: HookDelivery): Promise<void>;
  /** Why what such a message starts cannot wait any more; `null` when it can. */
  whyFull(hook: NamedHook, message: Pick<HookDelivery, "event" | "bytes" | "isTest">): string | null;
  /** What came of these messages, in their order. */
  startsOf(messageIds: readonly string[]): Promise<EventStart[][]>;
}

interface Dependencies {
  settings: JsonStore<Settings>;
  handOn: HandOn;
}

type NamedHook = Pick<Hook, "id" | "name" | "automationId">;

/** A message is handed on at once: what came longer before the last one was. */
const handOnWithinMs = 60_000;
const pruneEveryMs = 12 * 3_600_000;
const maxFileBytes = 32 * 1024 * 1024;

/** Opens webhooks and the log of their messages, mounts endpoints and feed, and starts the automations they name. */
export async function buildHooks(
  context: AppContext,
  { settings, handOn }: Dependencies,
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
  const judge = createMessageJudge({ log, memory, rates, secrets, clock, whyFull: handOn.whyFull });
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
  service.onAccepted(handOn.message);
  mountHooks(context, service, { log, startsOf: handOn.startsOf });
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
        if (hook) void handOn.message(hook, delivery);
      }
    },
  };
}

interface Messages {
  log: DeliveryLog;
  startsOf: HandOn["startsOf"];
}

function mountHooks({ mount }: Pick<AppContext, "mount">, service: HookService, { log, startsOf }: Messages): void {
  const withStarts = async (deliveries: readonly HookDelivery[]) => {
    const starts = await startsOf(deliveries.map(({ id }) => id));
    return deliveries.map((delivery, at) => ({ ...delivery, starts: starts[at] ?? [] }));
  };
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
      const { delivery, challenge } = await service.receive(params.id, {
        headers,
        caller,
        isTest: false,
        isHandedOn: true,
        readBytes,
      });
      const verdict = delivery.verdict === "accepted" ? "accepted" : "repeated";
      return { id: delivery.id, verdict, ...(challenge === null ? {} : { challenge }) };
    },
    test: ({ params, body }, { caller }) => service.test(params.id, { ...body, caller }),
    async deliveries({ query }) {
      const { items, next } = await log.page(query);
      return { items: await withStarts(items), next };
    },
    async delivery({ params }) {
      const { delivery, ...rest } = await log.read(params.id);
      const [view = { ...delivery, starts: [] }] = await withStarts([delivery]);
      return { delivery: view, ...rest };
    },
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

import type { HookDelivery } from "../contract/features/hooks.ts";
import type { Clock } from "../lib/clock.ts";
import type { BuiltAutomations } from "./features/automations/build-automations.ts";
import { eventIdOf, type EventBus } from "./features/events/event-bus.ts";
import type { HandOn } from "./features/hooks/build-hooks.ts";

interface Parts {
  events: Pick<EventBus, "tell" | "read">;
  automations: Pick<BuiltAutomations, "starter" | "startsOf" | "list">;
}

type NamedHook = Parameters<HandOn["message"]>[0];

const idOf = (messageId: string): string => eventIdOf("webhook.received", messageId);

const namedBy = ({ automationId }: NamedHook): string[] => (automationId === null ? [] : [automationId]);

/** Tells webhooks apart and opens none: the whole id is what lets messages in, and events are sent on to others. */
const shortId = ({ id }: NamedHook): string => id.slice(0, "hk-".length + 8);

function dataOf(
  hook: NamedHook,
  { event, bytes, isTest }: Pick<HookDelivery, "event" | "bytes" | "isTest">,
  messageId: string,
) {
  return { hookId: shortId(hook), hook: hook.name, messageId, event, bytes, isTest };
}

/** Messages go the way of events: written down for whom they are, then handed on, each once and in order. */
export function handOnMessages({ clock }: { clock: Pick<Clock, "now"> }, { events, automations }: Parts): HandOn {
  return {
    message: (hook, delivery) =>
      events.tell("webhook.received", dataOf(hook, delivery, delivery.id), {
        key: delivery.id,
        at: delivery.at,
        starts: namedBy(hook),
      }),
    whyFull(hook, message) {
      const at = new Date(clock.now()).toISOString();
      const event = { id: idOf(""), name: "webhook.received", at, data: dataOf(hook, message, "") } as const;
      const full = automations.starter.fullOf([...namedBy(hook), ...automations.starter.choose(event)]);
      if (full === null) return null;
      const found = automations.list().automations.find(({ automation }) => automation.id === full);
      return `Too many wait for ${found?.automation.name ?? "a deleted automation"} already; send it again later`;
    },
    async startsOf(messageIds) {
      const told = await Promise.all(messageIds.map((id) => events.read(idOf(id))));
      return automations.startsOf(told.map((event) => event ?? { id: "", starts: [] }));
    },
  };
}

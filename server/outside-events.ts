import type { ConnectorHealthView } from "../contract/features/connectors.ts";
import type { Logger } from "../lib/logger.ts";
import type { Outbox } from "./connectors/framework/outbox/outbox.ts";
import type { BuiltAutomations } from "./features/automations/build-automations.ts";
import type { EventBus } from "./features/events/event-bus.ts";

interface Parts {
  events: Pick<EventBus, "tell">;
  outbox: Pick<Outbox, "stateOf" | "onChange" | "get">;
  automations: Pick<BuiltAutomations, "causesOf">;
  logger: Logger;
}

/** Tells of deliveries that were given up. Answers how to stop. */
export function tellDeadLetters({ events, outbox, automations, logger }: Parts): () => void {
  const dead = new Set<string>();

  async function tell(id: string): Promise<void> {
    const delivery = await outbox.get(id);
    if (delivery?.state !== "dead") return; // somebody was faster
    const { connector, operation, caller, failure } = delivery;
    const told = {
      deliveryId: id,
      connectorId: connector,
      operation,
      caller: caller.name,
      code: failure?.code ?? null,
      message: failure?.message ?? null,
      link: "/connectors?tab=queue",
    };
    const causes = caller.kind === "automation" && caller.id !== undefined ? automations.causesOf(caller.id) : [];
    await events.tell("delivery.given-up", told, { key: `${id} ${failure?.evidenceId ?? ""}`, causes });
  }

  return outbox.onChange((id) => {
    if (outbox.stateOf(id)?.state !== "dead") {
      dead.delete(id);
      return;
    }
    if (dead.has(id)) return;
    dead.add(id);
    tell(id).catch((error: unknown) => {
      logger.error("A dead letter could not be told", { delivery: id }, error);
    });
  });
}

/** What a look at a connector found; told when it is another finding than the one before. */
export async function tellHealth(
  { connectorId, connector }: { connectorId: string; connector: string },
  { before, now }: { before: ConnectorHealthView | null; now: ConnectorHealthView },
  events: Pick<EventBus, "tell">,
): Promise<void> {
  const { isHealthy, detail, at } = now;
  const told = { connectorId, connector, detail };
  if (isHealthy === false && before?.isHealthy !== false) await events.tell("connector.unhealthy", told, { at });
  if (isHealthy === true && before?.isHealthy === false) await events.tell("connector.healthy", told, { at });
}

import type { PortosEvent } from "../../../contract/features/events.ts";
import type { Gateway } from "../../connectors/framework/gateway.ts";
import type { Outbox } from "../../connectors/framework/outbox/outbox.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";

/** What a message of a webhook said. */
export interface TriggerMessage {
  event: string | null;
  headers: { name: string; value: string }[];
  text: string | null;
}

/** What automations may do with connectors. */
export interface AutomationConnectors {
  execute: Gateway["execute"];
  find(id: string): AnyConnector | undefined;
  deliveries: Pick<Outbox, "stateOf" | "onChange" | "discard">;
  /** `null` when it is kept no longer. */
  message(id: string): Promise<TriggerMessage | null>;
  /** Takes back a question whose call is not made any more; an answer that was given stays. */
  withdraw(approvalId: string, reason: string): Promise<void>;
}

/** What runs of calls may read of events. */
export interface KnownEvents {
  /** `null` when it is kept no longer. */
  read(id: string): Promise<PortosEvent | null>;
}

interface Outside {
  gateway: Pick<Gateway, "execute">;
  registry: { get(id: string): AnyConnector | undefined };
  outbox: AutomationConnectors["deliveries"];
  message: AutomationConnectors["message"];
  withdraw: AutomationConnectors["withdraw"];
}

/** The connectors as automations see them; they are built after automations, and asked for when one runs. */
export function automationConnectors(outside: () => Outside): AutomationConnectors {
  return {
    execute: (request) => outside().gateway.execute(request),
    find: (id) => outside().registry.get(id),
    deliveries: {
      stateOf: (id) => outside().outbox.stateOf(id),
      onChange: (listener) => outside().outbox.onChange(listener),
      discard: (id) => outside().outbox.discard(id),
    },
    message: (id) => outside().message(id),
    withdraw: (approvalId, reason) => outside().withdraw(approvalId, reason),
  };
}

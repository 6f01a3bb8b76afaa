import type { Settings } from "../contract/features/settings.ts";
import type { JsonStore } from "../lib/json-store.ts";
import type { AppContext } from "./app-context.ts";
import type { AutomationConnectors, TriggerMessage } from "./features/automations/automation-connectors.ts";
import type { BuiltAutomations } from "./features/automations/build-automations.ts";
import type { ApprovalService } from "./features/approvals/approval-service.ts";
import type { PanicSwitch } from "./features/chief/panic-switch.ts";
import { buildConnectors, type Connectors } from "./features/connectors/build-connectors.ts";
import type { ConnectorUsers } from "./features/connectors/uses.ts";
import { buildEvidence } from "./features/evidence/build-evidence.ts";
import { buildHooks } from "./features/hooks/build-hooks.ts";
import type { NotificationService } from "./features/notifications/notification-service.ts";
import { buildOutbox } from "./features/outbox/build-outbox.ts";
import type { EventBus } from "./features/events/event-bus.ts";
import { buildTrust } from "./features/trust/build-trust.ts";
import { handOnMessages } from "./hand-on-messages.ts";
import { tellDeadLetters, tellHealth } from "./outside-events.ts";

interface Dependencies {
  settings: JsonStore<Settings>;
  automations: Pick<BuiltAutomations, "starter" | "startsOf" | "keepReply" | "awaitedQuestions" | "list" | "causesOf">;
  approvals: ApprovalService;
  panic: PanicSwitch;
  notifications: NotificationService;
  tokens: ConnectorUsers["tokens"];
  events: Pick<EventBus, "tell" | "read">;
}

/** Everything calls that leave this machine go through, and messages that come in. */
export interface Outside {
  connectors: Connectors;
  outbox: AutomationConnectors["deliveries"];
  /** What a message of a webhook said; `null` when it is kept no longer. */
  message(id: string): Promise<TriggerMessage | null>;
  /** Takes back a question whose call is not made any more. */
  withdraw: AutomationConnectors["withdraw"];
  /** From now on the outbox delivers, and messages are handed on that were accepted just before the last end. */
  start(): Promise<void>;
}

export async function buildOutside(context: AppContext, parts: Dependencies): Promise<Outside> {
  const { settings, automations, approvals, panic, notifications, events } = parts;
  const evidence = await buildEvidence(context, settings);
  const outbox = await buildOutbox(context);
  const trust = await buildTrust(context);
  context.onStop(tellDeadLetters({ events, outbox, automations, logger: context.logger.child("events") }));
  const hooks = await buildHooks(context, { settings, handOn: handOnMessages(context, { events, automations }) });
  const connectors = await buildConnectors(context, {
    evidence,
    outbox,
    approvals,
    panic,
    notifications,
    trust: () => trust,
    automations,
    onLooked(id, health) {
      const connector = connectors.registry.get(id)?.title ?? id;
      void tellHealth({ connectorId: id, connector }, health, events);
    },
    users: {
      automations: () => automations.list().automations.map(({ automation }) => automation),
      hooks: () => hooks.service.list(),
      rules: () => approvals.rules(),
      tokens: parts.tokens,
    },
  });
  return {
    connectors,
    outbox,
    message: hooks.message,
    withdraw: approvals.withdraw,
    async start() {
      await connectors.start();
      hooks.handOnAgain();
    },
  };
}

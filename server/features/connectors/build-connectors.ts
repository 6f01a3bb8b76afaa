import type { ConnectorPolicy } from "../../../contract/features/connectors.ts";
import { createCircuitBreaker } from "../../../lib/circuit-breaker.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import type { AppContext } from "../../app-context.ts";
import { builtInConnectors } from "../../connectors/built-in.ts";
import type { AnyConnector, AnyOperation } from "../../connectors/framework/define-connector.ts";
import { createGateway, type Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import type { Outbox } from "../../connectors/framework/outbox/outbox.ts";
import { createCallDays, createRateLimiter } from "../../connectors/framework/rate-limit.ts";
import { createRegistry, type ConnectorRegistry } from "../../connectors/framework/registry.ts";
import { openPrivateFeeds } from "../../connectors/rss/private-feeds.ts";
import { rssFile, type StoredRssBook } from "../../connectors/rss/rss-book.ts";
import { createRss } from "../../connectors/rss/rss.ts";
import type { ApprovalService } from "../approvals/approval-service.ts";
import type { PanicSwitch } from "../chief/panic-switch.ts";
import type { NotificationService } from "../notifications/notification-service.ts";
import { createConfigStore } from "./config-store.ts";
import { buildCustom } from "./build-custom.ts";
import { createConnectorApprovals } from "./connector-approvals.ts";
import { connectorsFile, policiesFile, type ConnectorsFile, type PoliciesFile } from "./connector-files.ts";
import { toJsonSchema } from "./connector-views.ts";
import { deliverThrough, type DeliveryReply } from "./deliver-messages.ts";
import type { HealthListener } from "./health-store.ts";
import { createNetworkMode } from "./network-mode.ts";
import { createPolicyStore } from "./policy-store.ts";
import { buildWebFetch } from "./build-web-fetch.ts";
import { buildStatus } from "./build-status.ts";
import { signInGap } from "./sign-in/sign-in-state.ts";
import { usesOf, type ConnectorUsers } from "./uses.ts";
import type { ToldEvidence } from "../evidence/told-evidence.ts";
import { rememberCalls } from "./remember-calls.ts";
import { mountConnectors } from "./routes.ts";

interface Dependencies {
  evidence: ToldEvidence;
  outbox: Outbox;
  approvals: ApprovalService;
  panic: PanicSwitch;
  notifications: Pick<NotificationService, "notify" | "settle">;
  trust: GatewayDependencies["trust"];
  /** What of automations calls outlive the process. */
  automations: {
    keepReply(reply: DeliveryReply): Promise<void>;
    awaitedQuestions(): ReadonlySet<string>;
  };
  users: Omit<ConnectorUsers, "subscriptions">;
  onLooked: HealthListener;
}

/** What other features get of connectors. */
export interface Connectors {
  gateway: Gateway;
  registry: ConnectorRegistry;
  /** Those that are on, by title. */
  enabled(): AnyConnector[];
  policyOf(id: string): ConnectorPolicy;
  /** What an operation takes, as JSON Schema. */
  inputOf(operation: AnyOperation): Record<string, unknown>;
  /** Calls `listener` when there are others, or others are on, or a policy was changed. */
  onChange(listener: () => void): void;
  /** From now on the outbox delivers. */
  start(): Promise<void>;
}

/** Opens the files, mounts endpoints, hangs the gateway onto the panic switch. Nothing leaves before the user turns a connector on. */
export async function buildConnectors(context: AppContext, parts: Dependencies): Promise<Connectors> {
  const { clock, env, mount } = context;
  const { evidence, outbox, panic, trust, onLooked } = parts;
  const logger = context.logger.child("gateway");
  const zone = machineZone();
  const feedFile = await context.openStore<StoredRssBook>("feeds", rssFile);
  const feeds = await openPrivateFeeds({ store: feedFile, secrets: context.secrets, logger });
  const webFetch = buildWebFetch(env);
  const registry = createRegistry([...builtInConnectors, webFetch.connector, createRss(feeds)]);
  const store = await context.openStore<ConnectorsFile>("connectors", connectorsFile);
  const configs = createConfigStore({ store, secrets: context.secrets, clock, present: registry.get });
  const policyStore = await context.openStore<PoliciesFile>("policies", policiesFile);
  const policies = createPolicyStore({ store: policyStore, clock });
  const network = createNetworkMode({ store, clock, isPanic: panic.isOn });
  const approvals = createConnectorApprovals(parts.approvals);
  const limiter = createRateLimiter(createCallDays(zone));
  const breaker = createCircuitBreaker({
    clock,
    onChange() {
      status.teller.gatewayChanged();
    },
  });
  const dependencies: GatewayDependencies = {
    registry,
    configs: { ...configs.configs, signInGap: (connector, config) => signInGap(connector, config, configs) },
    policies,
    mode: network.now,
    evidence,
    approvals,
    outbox,
    trust,
    limiter,
    breaker,
    clock,
    zone,
    logger,
    ownPorts: Object.values(env.ports),
  };
  const gateway = createGateway(dependencies);
  const wake = (): void => {
    outbox.wake();
  };
  const cutAll: Gateway["cutAll"] = (reason, isMeant) =>
    gateway.cutAll(reason, isMeant) + (isMeant === undefined ? custom.cutAll(reason) : 0);
  panic.addBrake("stoppedCalls", async (by) => {
    const cut = cutAll(`Everything was stopped by ${by}`);
    await network.close(by);
    return cut;
  });
  const seen = { evidence, network, breaker, panic, onLooked };
  const status = await buildStatus(context, { dependencies, configs, policies, stores: [store, policyStore], ...seen });
  const custom = await buildCustom(context, {
    gateway,
    dependencies,
    configs,
    notifications: parts.notifications,
    statusOf: async (id) => (await status.service.statusOf(id)) ?? status.service.get(id),
    policies,
  });
  const users: ConnectorUsers = { ...parts.users, subscriptions: () => feeds.get().subscriptions };
  mountConnectors(mount, {
    service: status.service,
    policies,
    gateway: { ...gateway, cutAll },
    network,
    breaker,
    panic,
    wake,
    state: status.state,
    stateChanged: status.teller.gatewayChanged,
    uses: (id) => usesOf(id, users, clock.now()),
    dependencies,
  });
  context.names.add("connectors", ({ id = "" }) => registry.get(id)?.title);

  let sealing = Promise.resolve();
  const seal = (): void => {
    sealing = sealing
      .then(() => configs.sealByHand(registry.list()))
      .catch((error: unknown) => {
        logger.error("Secrets of connectors could not be sealed", {}, error);
      });
  };
  seal();
  await sealing;
  const stopSealing = store.subscribe(seal);
  const stopEnding = store.subscribe(custom.endUnused);
  registry.onChange(custom.endUnused);
  context.onStop(async () => {
    stopSealing();
    stopEnding();
    status.stop();
    await gateway.stop();
    await custom.stop();
    await feeds.stop();
    await webFetch.stop();
    await sealing;
  });

  return {
    gateway,
    registry,
    enabled: () => registry.list().filter((connector) => configs.configs.setup(connector).isEnabled),
    policyOf: (id) => policies.of(id).policy,
    inputOf: ({ input }) => toJsonSchema(input, "input"),
    onChange(listener) {
      registry.onChange(listener);
      store.subscribe(listener);
      policyStore.subscribe(listener);
    },
    async start() {
      await rememberCalls({ evidence, limiter, clock, zone });
      await status.load();
      await approvals.withdrawLeftOver(parts.automations.awaitedQuestions());
      outbox.start({
        deliver: deliverThrough(gateway, parts.automations.keepReply),
        paused: () => (network.now() === "online" ? null : "The gateway lets nothing out that changes something"),
      });
    },
  };
}

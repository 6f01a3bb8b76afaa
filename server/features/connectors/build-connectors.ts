import { join } from "node:path";

import { dataFiles } from "../../../contract/data-files.ts";
import type { ConnectorPolicy } from "../../../contract/features/connectors.ts";
import { customConnectorsEndpoints } from "../../../contract/features/custom-connectors.ts";
import { createCircuitBreaker } from "../../../lib/circuit-breaker.ts";
import { machineZone } from "../../../lib/machine-zone.ts";
import type { AppContext } from "../../app-context.ts";
import { builtInConnectors } from "../../connectors/built-in.ts";
import type { EvidenceBook } from "../../connectors/framework/evidence/evidence-book.ts";
import type { AnyConnector, AnyOperation } from "../../connectors/framework/define-connector.ts";
import { createGateway, type Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import type { Outbox } from "../../connectors/framework/outbox/outbox.ts";
import { createCallDays, createRateLimiter } from "../../connectors/framework/rate-limit.ts";
import { createRegistry, type ConnectorRegistry } from "../../connectors/framework/registry.ts";
import { rssFile, type RssBook } from "../../connectors/rss/rss-book.ts";
import { createRss } from "../../connectors/rss/rss.ts";
import type { ApprovalService } from "../approvals/approval-service.ts";
import type { PanicSwitch } from "../chief/panic-switch.ts";
import { createConfigStore } from "./config-store.ts";
import { openCustomConnectors } from "./custom-folder.ts";
import { createConnectorApprovals } from "./connector-approvals.ts";
import { connectorsFile, policiesFile, type ConnectorsFile, type PoliciesFile } from "./connector-files.ts";
import { createConnectorService } from "./connector-service.ts";
import { toJsonSchema } from "./connector-views.ts";
import { deliverThrough } from "./deliver-messages.ts";
import { createNetworkMode } from "./network-mode.ts";
import { createPolicyStore } from "./policy-store.ts";
import { rememberCalls } from "./remember-calls.ts";
import { mountConnectors } from "./routes.ts";

interface Dependencies {
  evidence: EvidenceBook;
  outbox: Outbox;
  approvals: ApprovalService;
  panic: PanicSwitch;
  trust: GatewayDependencies["trust"];
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
  const { evidence, outbox, panic, trust } = parts;
  const logger = context.logger.child("gateway");
  const zone = machineZone();
  const feeds = await context.openStore<RssBook>("feeds", rssFile);
  const registry = createRegistry([...builtInConnectors, createRss(feeds)]);
  const store = await context.openStore<ConnectorsFile>("connectors", connectorsFile);
  const configs = createConfigStore({ store, secrets: context.secrets, clock });
  const policyStore = await context.openStore<PoliciesFile>("policies", policiesFile);
  const policies = createPolicyStore({ store: policyStore, clock });
  const network = createNetworkMode({ store, clock, isPanic: panic.isOn });
  const approvals = createConnectorApprovals(parts.approvals);
  const limiter = createRateLimiter(createCallDays(zone));
  const breaker = createCircuitBreaker({ clock });
  const dependencies: GatewayDependencies = {
    registry,
    configs: configs.configs,
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
  panic.addBrake("stoppedCalls", async (by) => {
    const cut = gateway.cutAll(`Everything was stopped by ${by}`);
    await network.close(by);
    return cut;
  });
  const service = createConnectorService({ dependencies, configs });
  const custom = await openCustomConnectors({
    folder: join(env.dataDir, dataFiles.customConnectors.path),
    registry,
    logger,
  });
  mount(
    "customConnectors",
    customConnectorsEndpoints,
  )({
    list: () => custom.list(),
    async readOpenApi({ body }) {
      const { importOpenApi } = await import("../../connectors/custom/openapi/import-openapi.ts");
      return importOpenApi(body.document);
    },
    create: ({ body }) => custom.create(body),
    update: ({ params, body }) => custom.update(params.id, body),
    remove: ({ params }) => custom.remove(params.id),
  });
  mountConnectors(mount, { service, policies, gateway, network, breaker, panic, wake });
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
  context.onStop(async () => {
    stopSealing();
    await custom.stop();
    await gateway.stop();
    await sealing;
  });

  return {
    gateway,
    registry,
    enabled: () => registry.list().filter(({ id }) => configs.configs.setup(id).isEnabled),
    policyOf: (id) => policies.of(id).policy,
    inputOf: ({ input }) => toJsonSchema(input, "input"),
    onChange(listener) {
      registry.onChange(listener);
      store.subscribe(listener);
      policyStore.subscribe(listener);
    },
    async start() {
      await rememberCalls({ evidence, limiter, clock, zone });
      await approvals.withdrawLeftOver();
      outbox.start({
        deliver: deliverThrough(gateway),
        paused: () => (network.now() === "online" ? null : "The gateway lets nothing out that changes something"),
      });
    },
  };
}

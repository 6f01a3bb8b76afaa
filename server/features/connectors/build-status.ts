import type { GatewayState } from "../../../contract/features/connectors.ts";
import type { AppContext } from "../../app-context.ts";
import type { CircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { GatewayDependencies } from "../../connectors/framework/gateway-request.ts";
import type { PanicSwitch } from "../chief/panic-switch.ts";
import type { ToldEvidence } from "../evidence/told-evidence.ts";
import type { ConfigStore } from "./config-store.ts";
import { createConnectorService, type ConnectorService } from "./connector-service.ts";
import { createHealthStore, healthFile, type HealthFile, type HealthListener } from "./health-store.ts";
import { createLastCalls } from "./last-calls.ts";
import type { NetworkModeSwitch } from "./network-mode.ts";
import type { PolicyStore } from "./policy-store.ts";
import { createConnectorTeller, tellOf, type ConnectorTeller } from "./tell-connectors.ts";

interface Parts {
  dependencies: GatewayDependencies;
  configs: ConfigStore;
  policies: Pick<PolicyStore, "revision">;
  /** Configurations and what may leave at all, and policies. */
  stores: readonly { subscribe(listener: () => void): () => void }[];
  evidence: ToldEvidence;
  network: NetworkModeSwitch;
  breaker: CircuitBreaker;
  panic: PanicSwitch;
  /** Told of each look at a connector, with what the one before found. */
  onLooked: HealthListener;
}

/** How connectors and the gateway stand, for the API and the `connectors` feed. */
export interface ConnectorsStatus {
  service: ConnectorService;
  teller: ConnectorTeller;
  state(): GatewayState;
  /** Looks into the evidence for the last call of each connector. */
  load(): Promise<void>;
  stop(): void;
}

/** Opens the file of healths, and follows everything that changes how they stand. */
export async function buildStatus(context: AppContext, parts: Parts): Promise<ConnectorsStatus> {
  const { dependencies, configs, policies, stores, evidence, network, breaker, panic } = parts;
  const { registry, logger } = dependencies;
  const lastCalls = createLastCalls(evidence);
  const healthStore = await context.openStore<HealthFile>("connectorHealth", healthFile);
  const healths = createHealthStore(healthStore, parts.onLooked);
  const service = createConnectorService({ dependencies, configs, healths, lastCalls, policies });
  const state = (): GatewayState => ({ ...network.state(), isPanic: panic.isOn(), breakers: breaker.states() });
  const ids = (): string[] => registry.list().map(({ id }) => id);
  const teller = createConnectorTeller({
    realtime: context.realtime,
    logger,
    ids,
    statusOf: (id) => service.statusOf(id),
    gateway: state,
  });
  const stop = tellOf(teller, { registry, stores: [...stores, healthStore], panic, evidence, lastCalls });
  return {
    service,
    teller,
    state,
    async load() {
      await lastCalls.load(ids());
      teller.changed();
    },
    stop,
  };
}

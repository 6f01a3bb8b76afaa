import type {
  ConnectorHealthView,
  ConnectorPolicy,
  ConnectorStatus,
  ConnectorView,
  PolicySimulation,
} from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";
import { subjectOf } from "../../connectors/framework/ask-approval.ts";
import { createCallPath } from "../../connectors/framework/call-path.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { GatewayDependencies, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import { prepareCall } from "../../connectors/framework/prepare-call.ts";
import { judgeMode } from "../../connectors/framework/policy.ts";
import { runHealth } from "../../connectors/framework/run-call.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";
import type { ConfigStore } from "./config-store.ts";
import { operationsOf, toJsonSchema } from "./connector-views.ts";
import { readPolicy } from "./policy-store.ts";

/** Connectors as people see, configure and try them. */
export interface ConnectorService {
  list(): Promise<ConnectorStatus[]>;
  get(id: string): Promise<ConnectorView>;
  putConfig(id: string, config: Parameters<ConfigStore["put"]>[1]): Promise<ConnectorView>;
  setEnabled(id: string, isEnabled: boolean): Promise<ConnectorView>;
  /** Looks how it is; only what is on and configured is called. */
  check(id: string, signal: AbortSignal): Promise<ConnectorStatus>;
  simulate(
    request: GatewayRequest,
    about: { policy?: ConnectorPolicy | undefined; at?: string | undefined },
  ): Promise<PolicySimulation>;
  /** Throws `not_found`. */
  find(id: string): AnyConnector;
}

interface Parts {
  dependencies: GatewayDependencies;
  configs: ConfigStore;
}

/** The service over the gateway's own parts, so that it shows what the gateway does. */
export function createConnectorService({ dependencies, configs }: Parts): ConnectorService {
  const { registry, limiter, clock } = dependencies;
  const healths = new Map<string, { revision: number; health: ConnectorHealthView }>();

  function find(id: string): AnyConnector {
    const connector = registry.get(id);
    if (connector) return connector;
    throw new AppError("not_found", "There is no such connector", { hint: "Look at the Connectors page." });
  }

  async function statusOf(connector: AnyConnector): Promise<ConnectorStatus> {
    const { id, title, description, health } = connector;
    const { isEnabled, revision } = dependencies.configs.setup(id);
    const issues = await configs.issues(connector);
    const seen = healths.get(id);
    return {
      id,
      title,
      description,
      isBuiltIn: registry.isBuiltIn(id),
      isEnabled,
      isConfigured: issues.length === 0,
      issues,
      operations: operationsOf(connector).map(({ name, title: called, effect, isToPeople }) => ({
        name,
        title: called,
        effect,
        isToPeople,
      })),
      hasHealth: health !== undefined,
      health: seen?.revision === revision ? seen.health : null,
      used: limiter.used(id, clock.now()),
    };
  }

  async function view(connector: AnyConnector): Promise<ConnectorView> {
    return {
      ...(await statusOf(connector)),
      operations: operationsOf(connector),
      configSchema: toJsonSchema(connector.config, "input"),
      secretNames: [...connector.secrets],
      ...configs.view(connector),
    };
  }

  return {
    find,
    list: () => Promise.all(registry.list().map(statusOf)),
    get: (id) => view(find(id)),
    async putConfig(id, config) {
      await configs.put(find(id), config);
      return view(find(id));
    },
    async setEnabled(id, isEnabled) {
      await configs.setEnabled(find(id), isEnabled);
      return view(find(id));
    },
    async check(id, signal) {
      const connector = find(id);
      const { revision } = dependencies.configs.setup(id);
      const looked = await lookAt(connector, dependencies, signal);
      const health = { ...looked, at: new Date(clock.now()).toISOString() };
      healths.set(id, { revision, health });
      return statusOf(connector);
    },
    simulate: (request, about) => simulate(request, about, dependencies),
  };
}

/** A look is a read: the mode, the switch and the configuration stand before it as before a call. */
async function lookAt(connector: AnyConnector, dependencies: GatewayDependencies, signal: AbortSignal) {
  try {
    const refusal = judgeMode(dependencies.mode(), "read");
    if (refusal) throw new GatewayError(refusal.code, refusal.reason, { hint: refusal.hint });
    if (!dependencies.configs.setup(connector.id).isEnabled) return { isHealthy: false, detail: "It is turned off" };
    const { values } = await dependencies.configs.open(connector.id, connector.secrets);
    const config = connector.config.safeParse(values);
    if (!config.success) return { isHealthy: false, detail: "It is not configured" };
    const { policy, judge } = dependencies.policies.of(connector.id);
    const found = await runHealth({ connector, config: config.data, policy, judge }, { ...dependencies, signal });
    if (found === null) return { isHealthy: true, detail: "It is configured; it cannot be looked at without a call" };
    return { isHealthy: found.isHealthy, detail: redact(found.detail).slice(0, 500) };
  } catch (error) {
    const { message, hint } = toGatewayError(error);
    return { isHealthy: false, detail: `${message}. ${hint ?? ""}`.trim() };
  }
}

async function simulate(
  request: GatewayRequest,
  { policy, at }: { policy?: ConnectorPolicy | undefined; at?: string | undefined },
  dependencies: GatewayDependencies,
): Promise<PolicySimulation> {
  const path = createCallPath(dependencies.clock);
  const wanted = policy === undefined ? null : readPolicy(policy);
  const parts = {
    ...dependencies,
    ...(wanted === null ? {} : { policies: { of: () => wanted } }),
    ...(at === undefined ? {} : { clock: { ...dependencies.clock, now: () => Date.parse(at) } }),
  };
  try {
    const call = await prepareCall(request, parts, path);
    const base = { code: null, hint: null, path: path.steps(), message: call.asksReason };
    if (call.asks === "no") return { ...base, verdict: "allowed", question: null };
    return { ...base, verdict: "asks", question: subjectOf(request, call).title };
  } catch (error) {
    return refusalView(toGatewayError(error), path.steps());
  }
}

/** A refusal as a dry run or a simulation shows it. */
export function refusalView(
  { gatewayCode, message, hint }: GatewayError,
  path: PolicySimulation["path"],
): PolicySimulation {
  return { verdict: "refused", question: null, code: gatewayCode, message, hint: hint ?? null, path };
}

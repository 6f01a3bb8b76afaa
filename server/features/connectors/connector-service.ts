import { z } from "zod";

import type {
  ConnectorPolicy,
  ConnectorStatus,
  ConnectorView,
  GatewayCode,
  PolicySimulation,
} from "../../../contract/features/connectors.ts";
import { sentences } from "../../../contract/sentences.ts";
import { AppError } from "../../../lib/app-error.ts";
import { redact } from "../../../lib/redact.ts";
import { subjectOf } from "../../connectors/framework/ask-approval.ts";
import { createCallPath } from "../../connectors/framework/call-path.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { GatewayDependencies, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import { judgePlaces } from "../../connectors/framework/judge-places.ts";
import { prepareCall } from "../../connectors/framework/prepare-call.ts";
import { runHealth } from "../../connectors/framework/run-call.ts";
import { toGatewayError } from "../../connectors/framework/to-gateway-error.ts";
import type { ConfigStore } from "./config-store.ts";
import { doctorTargets } from "./doctor-targets.ts";
import type { HealthStore } from "./health-store.ts";
import type { LastCalls } from "./last-calls.ts";
import { lookNames, lookSubject, recordedLook, type Looker } from "./recorded-look.ts";
import { signInState } from "./sign-in/sign-in-state.ts";
import { operationsOf, toJsonSchema } from "./connector-views.ts";
import { readPolicy, type PolicyStore } from "./policy-store.ts";

/** Connectors as people see, configure and try them. */
export interface ConnectorService {
  list(): Promise<ConnectorStatus[]>;
  get(id: string): Promise<ConnectorView>;
  putConfig(id: string, config: Parameters<ConfigStore["put"]>[1]): Promise<ConnectorView>;
  setEnabled(id: string, isEnabled: boolean): Promise<ConnectorView>;
  /** Looks how it is; only what is on and configured is called. */
  check(id: string, looker: Looker): Promise<{ status: ConnectorStatus; evidenceId: string | null }>;
  /** `null` when there is no such connector. */
  statusOf(id: string): Promise<ConnectorStatus | null>;
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
  healths: HealthStore;
  lastCalls: Pick<LastCalls, "of">;
  policies: Pick<PolicyStore, "revision">;
}

/** The service over the gateway's own parts, so that it shows what the gateway does. */
export function createConnectorService({
  dependencies,
  configs,
  healths,
  lastCalls,
  policies,
}: Parts): ConnectorService {
  const { registry, limiter, clock } = dependencies;

  function find(id: string): AnyConnector {
    const connector = registry.get(id);
    if (connector) return connector;
    throw new AppError("not_found", "There is no such connector", { hint: "Look at the Connectors page." });
  }

  async function statusOf(connector: AnyConnector): Promise<ConnectorStatus> {
    const { id, title, description, health } = connector;
    const { isEnabled, revision } = dependencies.configs.setup(connector);
    const issues = await configs.issues(connector);
    return {
      id,
      title,
      description,
      isBuiltIn: registry.isBuiltIn(id),
      isEnabled,
      isChanged: configs.isChanged(connector),
      isConfigured: issues.length === 0,
      issues: issues.map((issue) => ({ ...issue, label: labelOf(connector.config, issue.path) })),
      operations: operationsOf(connector).map(({ name, title: called, effect, isToPeople }) => ({
        name,
        title: called,
        effect,
        isToPeople,
      })),
      policyRevision: policies.revision(id),
      hasHealth: health !== undefined,
      health: healths.of(id, revision),
      signIn: await signInState(connector, configs),
      used: limiter.used(id, clock.now()),
      lastCall: lastCalls.of(id),
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
    async check(id, looker) {
      const connector = find(id);
      const { revision } = dependencies.configs.setup(connector);
      const { evidenceId, ...looked } = await lookAt(connector, dependencies, looker);
      await healths.put(id, revision, { ...looked, at: new Date(clock.now()).toISOString() });
      return { status: await statusOf(connector), evidenceId };
    },
    async statusOf(id) {
      const connector = registry.get(id);
      return connector ? statusOf(connector) : null;
    },
    simulate: (request, about) => simulate(request, about, dependencies),
  };
}

const unseen = new Set<GatewayCode>(["rate_limited", "refused_by_policy"]);

/** A look is a read: the mode, the switch and the configuration stand before it as before a call, and there is a record of it. */
async function lookAt(connector: AnyConnector, dependencies: GatewayDependencies, looker: Looker) {
  try {
    const subject = await lookSubject(connector, dependencies, looker);
    if (!connector.health)
      return { isHealthy: null, detail: "There is nothing to look at without a call", evidenceId: null };
    const targets = (await doctorTargets(connector, subject.config)).map(({ name }) => name);
    const look = { ...looker, connector: connector.id, operation: lookNames.health, targets };
    const { value, evidenceId } = await recordedLook(look, dependencies, ({ path, trace }) =>
      runHealth(subject, { ...dependencies, path, trace, signal: looker.signal }),
    );
    const { isHealthy = null, detail = "" } = value ?? {};
    return { isHealthy, detail: redact(detail).slice(0, 500), evidenceId };
  } catch (error) {
    const failure = toGatewayError(error);
    const { message, hint, evidenceId, gatewayCode } = failure;
    // Who may not look has seen nothing of the other side.
    if (evidenceId === null && unseen.has(gatewayCode)) throw failure;
    return { isHealthy: false, detail: sentences(message, hint), evidenceId };
  }
}

async function simulate(
  request: GatewayRequest,
  { policy, at }: { policy?: ConnectorPolicy | undefined; at?: string | undefined },
  dependencies: GatewayDependencies,
): Promise<PolicySimulation> {
  const path = createCallPath(dependencies.clock);
  const wanted = policy === undefined ? null : readPolicy(policy, "body.policy.");
  const parts = {
    ...dependencies,
    ...(wanted === null ? {} : { policies: { of: () => wanted } }),
    ...(at === undefined ? {} : { clock: { ...dependencies.clock, now: () => Date.parse(at) } }),
  };
  try {
    const call = await prepareCall(request, parts, path);
    await judgePlaces(call, parts, path);
    const base = { code: null, hint: null, path: path.steps(), message: call.asksReason };
    if (call.asks === "no") return { ...base, verdict: "allowed", question: null };
    return { ...base, verdict: "asks", question: subjectOf(request, call).title };
  } catch (error) {
    return refusalView(toGatewayError(error), path.steps());
  }
}

/** What the form of the configuration calls the field of an issue. */
function labelOf({ shape }: AnyConnector["config"], path: string): string | null {
  const [name = ""] = path.replace(/^config\.?/, "").split(".");
  const field: unknown = Object.hasOwn(shape, name) ? shape[name] : undefined;
  return field instanceof z.ZodType ? (field.meta()?.title ?? null) : null;
}

/** A refusal as a dry run or a simulation shows it. */
export function refusalView(
  { gatewayCode, message, hint }: GatewayError,
  path: PolicySimulation["path"],
): PolicySimulation {
  return { verdict: "refused", question: null, code: gatewayCode, message, hint: hint ?? null, path };
}

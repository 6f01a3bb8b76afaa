import {
  connectorsEndpoints,
  type ConnectorUse,
  type GatewayState,
  type NetworkMode,
} from "../../../contract/features/connectors.ts";
import type { OutsideCaller } from "../../../contract/features/evidence.ts";
import type { CircuitBreaker } from "../../../lib/circuit-breaker.ts";
import type { Gateway } from "../../connectors/framework/gateway.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { GatewayDependencies, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import { jsonOutput } from "../../connectors/framework/json-output.ts";
import type { Mount, RequestContext } from "../../http/mount.ts";
import { deviceName } from "../../device-name.ts";
import { refusalView, type ConnectorService } from "./connector-service.ts";
import { examineConnector } from "./doctor.ts";
import type { Looker } from "./recorded-look.ts";
import type { NetworkModeSwitch } from "./network-mode.ts";
import { policyIssues, refusePolicy } from "./policy-issues.ts";
import type { PolicyStore } from "./policy-store.ts";

interface Dependencies {
  service: ConnectorService;
  policies: PolicyStore;
  gateway: Gateway;
  network: NetworkModeSwitch;
  breaker: CircuitBreaker;
  panic: { isOn(): boolean; check(): void };
  /** What waits may go now. */
  wake(): void;
  state(): GatewayState;
  stateChanged(): void;
  uses(id: string): ConnectorUse[];
  dependencies: GatewayDependencies;
}

const wider: Readonly<Record<NetworkMode, number>> = { offline: 0, "read-only": 1, online: 2 };

/** Mounts the endpoints of connectors and of the gateway. */
export function mountConnectors(mount: Mount, parts: Dependencies): void {
  const { service, policies, gateway, network, breaker, panic, wake, state, dependencies } = parts;
  mount(
    "connectors",
    connectorsEndpoints,
  )({
    list: () => service.list(),
    gateway: state,
    async setMode({ body: { mode } }, context) {
      if (mode !== "offline") panic.check();
      if (wider[mode] > wider[network.now()]) context.demand("allow");
      await network.set(mode, context.caller.name);
      const by = context.caller.name;
      if (mode === "offline") gateway.cutAll(`The gateway was closed by ${by}`);
      if (mode === "read-only")
        gateway.cutAll(
          `The gateway was closed by ${by} for what changes something`,
          ({ connector, operation }) => dependencies.registry.get(connector)?.operations[operation]?.effect !== "read",
        );
      wake();
      return state();
    },
    resetBreaker({ body }) {
      breaker.reset(body.target);
      parts.stateChanged();
      return state();
    },
    resetBreakers() {
      breaker.resetAll();
      parts.stateChanged();
      return state();
    },
    get: ({ params }) => service.get(params.id),
    putConfig: ({ params, body }) => service.putConfig(params.id, body.config),
    async enable({ params }) {
      const view = await service.setEnabled(params.id, true);
      wake();
      return view;
    },
    async disable({ params: { id } }, { caller }) {
      const view = await service.setEnabled(id, false);
      gateway.cutAll(`${view.title} was turned off by ${caller.name}`, ({ connector }) => connector === id);
      return view;
    },
    check: async ({ params }, context) => (await service.check(params.id, lookerOf(context))).status,
    uses: ({ params }) => ({ uses: parts.uses(service.find(params.id).id) }),
    doctor: ({ params }, context) =>
      examineConnector(service.find(params.id), lookerOf(context), { dependencies, service }),
    policy: ({ params }) => policies.view(service.find(params.id).id),
    putPolicy({ params, body: { basedOn, ...body } }, { caller }) {
      const { id, operations } = service.find(params.id);
      const known = {
        before: policies.view(id).policy,
        operations: Object.keys(operations),
        ownPorts: dependencies.ownPorts,
      };
      refusePolicy(policyIssues(body, known), "body.");
      return policies.put(id, body, caller.name, basedOn);
    },
    simulate({ params, body }, { correlationId }) {
      const { operation, policy, at, isPlanning } = body;
      const request: GatewayRequest = {
        connector: service.find(params.id).id,
        operation,
        params: body.params,
        caller: { kind: body.caller, name: "Simulation" },
        correlationId,
        phase: isPlanning ? "planning" : "acting",
      };
      return service.simulate(request, { policy, at });
    },
    async execute({ params, body }, context) {
      const { output, ...reply } = await gateway.execute({
        ...requestOf(params, body.params, context),
        idempotencyKey: body.idempotencyKey,
      });
      return { ...reply, output: jsonOutput(output) };
    },
    async dryRun({ params, body }, context) {
      try {
        const reply = await gateway.execute({ ...requestOf(params, body.params, context), isDryRun: true });
        const { path, evidenceId, question = null } = reply;
        const asking = path.find(({ step, code }) => step === "approval" && code === "would_ask");
        const message = asking?.reason ?? "It would be made";
        const verdict = asking === undefined ? "allowed" : "asks";
        return { verdict, question, code: null, message, hint: null, path, evidenceId };
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        return { ...refusalView(error, [...error.path]), evidenceId: error.evidenceId };
      }
    },
  });
}

function requestOf(
  { id, operation }: { id: string; operation: string },
  params: GatewayRequest["params"],
  context: RequestContext,
): GatewayRequest {
  const { correlationId, signal } = context;
  return { connector: id, operation, params, caller: callerOf(context), correlationId, signal };
}

function lookerOf(context: RequestContext): Looker {
  const { correlationId, signal } = context;
  return { caller: callerOf(context), correlationId, signal };
}

/** Who presses a button of the panel. */
function callerOf({ caller, header }: RequestContext): OutsideCaller {
  return { kind: "person", name: caller.name, device: deviceName(caller, header("user-agent")) };
}

import { registerSecret } from "../../../lib/redact.ts";
import type { AnyConnector } from "../../connectors/framework/define-connector.ts";
import { createGateway, type Gateway } from "../../connectors/framework/gateway.ts";
import type { GatewayDependencies, GatewayReply, GatewayRequest } from "../../connectors/framework/gateway-request.ts";
import { createRegistry } from "../../connectors/framework/registry.ts";

/** Calls of connectors that are not added yet: the same door, with its mode, guard, limits and evidence. */
export interface DraftCalls {
  execute(
    connector: AnyConnector,
    values: Record<string, unknown>,
    request: Omit<GatewayRequest, "connector">,
  ): Promise<GatewayReply>;
  cutAll(reason: string): number;
  stop(): Promise<void>;
}

/** Makes them over the gateway's own parts. */
export function createDraftCalls(dependencies: GatewayDependencies): DraftCalls {
  const open = new Set<Gateway>();
  return {
    async execute(connector, values, request) {
      const secrets = connector.secrets.flatMap((name) => {
        const value = values[name];
        return typeof value === "string" && value !== "" ? [value] : [];
      });
      for (const secret of secrets) registerSecret(secret);
      const gateway = createGateway({
        ...dependencies,
        registry: createRegistry([connector]),
        configs: {
          setup: () => ({ isEnabled: true, revision: 0 }),
          open: () => Promise.resolve({ values, secrets }),
        },
      });
      open.add(gateway);
      try {
        return await gateway.execute({ ...request, connector: connector.id });
      } finally {
        open.delete(gateway);
      }
    },
    cutAll: (reason) => [...open].reduce((count, gateway) => count + gateway.cutAll(reason), 0),
    async stop() {
      await Promise.all([...open].map((gateway) => gateway.stop()));
    },
  };
}

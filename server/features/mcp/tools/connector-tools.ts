import { createHash } from "node:crypto";

import type { CallerKind, ConnectorPolicy } from "../../../../contract/features/connectors.ts";
import type { OutsideCaller } from "../../../../contract/features/evidence.ts";
import type { AnyConnector, AnyOperation } from "../../../connectors/framework/define-connector.ts";
import { GatewayError } from "../../../connectors/framework/gateway-error.ts";
import type { Gateway } from "../../../connectors/framework/gateway.ts";
import { mayCall } from "../rights.ts";
import type { KnownToken } from "../token-store.ts";
import { failed, outside, type McpTool, type ToolCall, type ToolResult } from "./tool.ts";

/** Connectors as the gateway has them now. */
export interface OutsideParts {
  gateway: Pick<Gateway, "execute">;
  /** Those that are on. */
  enabled(): readonly AnyConnector[];
  policyOf(id: string): Pick<ConnectorPolicy, "operations" | "callers">;
  /** What an operation takes, as JSON Schema. */
  inputOf(operation: AnyOperation): Record<string, unknown>;
}

/** Clients take names of tools up to this long. */
const longestName = 64;

/** Every operation a token may call, as a tool. What the policy would refuse anyhow is not shown. */
export function connectorTools(token: KnownToken, parts: OutsideParts): McpTool[] {
  const kind = kindOf(token);
  return parts.enabled().flatMap((connector) => {
    const policy = parts.policyOf(connector.id);
    if (!policy.callers.includes(kind)) return [];
    return Object.entries(connector.operations)
      .filter(([name]) => policy.operations === null || policy.operations.includes(name))
      .filter(([name, operation]) => mayCall(token.rights, connector, name, operation))
      .map(([name, operation]) => toTool({ connector, name, operation }, parts));
  });
}

/** An agent is what PortOS runs itself; everybody else came in over the protocol. */
function kindOf({ runId }: Pick<KnownToken, "runId">): CallerKind {
  return runId === null ? "mcp" : "agent";
}

/** Who calls, as policies and evidence know it. */
export function outsideCallerOf({ token, from }: Pick<ToolCall, "token" | "from">): OutsideCaller {
  return { kind: kindOf(token), name: token.name, id: token.runId ?? token.id, device: from };
}

interface Declared {
  connector: AnyConnector;
  name: string;
  operation: AnyOperation;
}

function toTool({ connector, name, operation }: Declared, { gateway, inputOf }: OutsideParts): McpTool {
  const { effect, isIdempotent, isToPeople = false } = operation;
  const title = `${connector.title}: ${operation.title}`;
  return {
    name: toolName(connector.id, name),
    title,
    description: `${operation.description}${isToPeople ? " People read what it writes." : ""}`,
    inputSchema: inputOf(operation),
    annotations: {
      readOnlyHint: effect === "read",
      destructiveHint: effect === "destructive",
      idempotentHint: isIdempotent ?? effect === "read",
      openWorldHint: true,
    },
    async run(params, call) {
      const { correlationId, signal, token } = call;
      try {
        const { output, trust, evidenceId } = await gateway.execute({
          connector: connector.id,
          operation: name,
          params,
          caller: outsideCallerOf(call),
          correlationId,
          signal,
          asksBeforeWrites: token.rights.asksBeforeWrites,
          onAsk: () => {
            call.progress("Waiting for the user to allow it");
          },
        });
        const result = outside(title, [readable(output)], { trust });
        return { ...result, _meta: { "portos/trust": trust, "portos/evidence": evidenceId } };
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

function refusal(error: unknown): ToolResult {
  if (!(error instanceof GatewayError)) throw error;
  const { gatewayCode, message, hint, evidenceId } = error;
  return failed(gatewayCode, message, hint, evidenceId === null ? {} : { "portos/evidence": evidenceId });
}

/** "rss__fetch-feed"; one that is too long is cut, with what tells it from others. */
export function toolName(connectorId: string, operation: string): string {
  const whole = `${connectorId}__${operation}`;
  if (whole.length <= longestName) return whole;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${whole.slice(0, longestName - 9)}_${hash}`;
}

/** Text as it is; everything else as JSON, bytes as base64. */
function readable(output: unknown): string {
  if (typeof output === "string") return output;
  return JSON.stringify(
    output ?? null,
    (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value),
    2,
  );
}

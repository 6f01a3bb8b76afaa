import { maySee } from "./rights.ts";
import type { KnownToken } from "./token-store.ts";
import { connectorTools, type OutsideParts } from "./tools/connector-tools.ts";
import type { McpTool, OwnTool } from "./tools/tool.ts";

export interface ToolParts {
  outside: OutsideParts;
  own: readonly OwnTool[];
}

/** The tools a token may use now: connectors first, by their titles. */
export function toolsFor(token: KnownToken, { outside, own }: ToolParts): McpTool[] {
  const mine = own.filter(
    ({ area, isRestart }) => maySee(token.rights, area) && (!isRestart || token.rights.mayRestartApps),
  );
  return [...connectorTools(token, outside), ...mine];
}

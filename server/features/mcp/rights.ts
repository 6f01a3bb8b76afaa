import type { McpArea, McpRights } from "../../../contract/features/mcp.ts";
import type { AnyConnector, AnyOperation } from "../../connectors/framework/define-connector.ts";

/** Whether a token may call an operation; whether the policy lets it is another question. */
export function mayCall(rights: McpRights, { id }: Pick<AnyConnector, "id">, name: string, operation: AnyOperation) {
  if (!rights.effects.includes(operation.effect)) return false;
  if (rights.connectors === null) return true;
  const grant = rights.connectors.find(({ connector }) => connector === id);
  return grant !== undefined && (grant.operations === null || grant.operations.includes(name));
}

export function maySee(rights: McpRights, area: McpArea): boolean {
  return rights.areas.includes(area);
}

/** What both allow: what a run was given counts only as far as runs may have it now. */
export function narrowed(given: McpRights, now: McpRights): McpRights {
  return {
    connectors: bothOf(given.connectors, now.connectors),
    effects: given.effects.filter((effect) => now.effects.includes(effect)),
    asksBeforeWrites: given.asksBeforeWrites || now.asksBeforeWrites,
    areas: given.areas.filter((area) => now.areas.includes(area)),
    mayRestartApps: given.mayRestartApps && now.mayRestartApps,
  };
}

function bothOf(one: McpRights["connectors"], other: McpRights["connectors"]): McpRights["connectors"] {
  if (one === null) return other;
  if (other === null) return one;
  return one.flatMap(({ connector, operations }) => {
    const match = other.find((grant) => grant.connector === connector);
    if (match === undefined) return [];
    if (operations === null) return [match];
    const allowed = match.operations;
    return [{ connector, operations: operations.filter((name) => allowed === null || allowed.includes(name)) }];
  });
}

/** There is nothing to be done with it. */
export function isNothing({ connectors, effects, areas, mayRestartApps }: McpRights): boolean {
  return areas.length === 0 && !mayRestartApps && (effects.length === 0 || connectors?.length === 0);
}

/** What a run gets: one that is to change nothing without a question gets nothing that changes. */
export function rightsOfRun(rights: McpRights, permissionMode: string): McpRights {
  if (permissionMode !== "ask") return rights;
  return { ...rights, effects: rights.effects.filter((effect) => effect === "read"), mayRestartApps: false };
}

/** What a model gets that is asked over HTTP: connectors alone, so that what a run says it was lent is what it was offered. */
export function rightsOfModel(rights: McpRights): McpRights {
  return { ...rights, areas: [], mayRestartApps: false };
}

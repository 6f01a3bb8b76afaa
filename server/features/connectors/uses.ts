import type { ConnectorUse } from "../../../contract/features/connectors.ts";
import type { ApprovalRule } from "../../../contract/features/approvals.ts";
import type { Automation } from "../../../contract/features/automations.ts";
import type { Hook } from "../../../contract/features/hooks.ts";
import type { McpToken } from "../../../contract/features/mcp.ts";

/** What may use connectors, as it is now. */
export interface ConnectorUsers {
  automations(): readonly Pick<Automation, "id" | "name" | "isEnabled" | "action">[];
  hooks(): readonly Pick<Hook, "id" | "name" | "isEnabled" | "automationId">[];
  rules(): readonly Pick<ApprovalRule, "id" | "name" | "effect" | "connectors" | "operations" | "expiresAt">[];
  /** Of programs that use PortOS as an MCP server. */
  tokens(): readonly Pick<McpToken, "id" | "name" | "rights" | "isExpired" | "runId">[];
  /** Feeds that are followed. */
  subscriptions(): readonly { id: string; url: string; name: string | null; title: string | null; isGone: boolean }[];
}

const feedsId = "rss";

/** Everything that does not work, or works otherwise, without this connector. */
export function usesOf(id: string, users: ConnectorUsers, now: number): ConnectorUse[] {
  const automations = users.automations().flatMap(({ action, ...automation }) => {
    if (action.kind !== "connector") return [];
    const operations = action.steps.filter(({ connector }) => connector === id).map(({ operation }) => operation);
    return operations.length === 0 ? [] : [{ ...automation, operations: [...new Set(operations)] }];
  });
  const hooks = users.hooks().flatMap(({ id: hookId, name, isEnabled, automationId }): ConnectorUse[] => {
    const started = automations.find((automation) => automation.id === automationId);
    if (!started) return [];
    return [{ kind: "webhook", id: hookId, name, detail: `starts ${started.name}`, isActive: isEnabled }];
  });
  const rules = users
    .rules()
    .filter(({ connectors }) => connectors.includes(id))
    .map(({ id: ruleId, name, effect, operations, expiresAt }): ConnectorUse => {
      const what = operations.length === 0 ? "every operation" : operations.join(", ");
      const isActive = expiresAt === null || Date.parse(expiresAt) > now;
      return {
        kind: "rule",
        id: ruleId,
        name,
        detail: `${effect === "allow" ? "allows" : "denies"} ${what}`,
        isActive,
      };
    });
  const subscriptions = id === feedsId ? users.subscriptions() : [];
  return [
    ...automations.map(({ id: automationId, name, isEnabled, operations }): ConnectorUse => ({
      kind: "automation",
      id: automationId,
      name,
      detail: operations.join(", "),
      isActive: isEnabled,
    })),
    ...hooks,
    ...subscriptions.map(({ id: feedId, name, title, url, isGone }): ConnectorUse => ({
      kind: "subscription",
      id: feedId,
      name: name ?? title ?? url,
      detail: "followed",
      isActive: !isGone,
    })),
    ...rules,
    ...tokenUses(id, users.tokens()),
  ];
}

/** Tokens that name the connector; those that may call every one, and those of runs, come and go without it. */
function tokenUses(id: string, tokens: ReturnType<ConnectorUsers["tokens"]>): ConnectorUse[] {
  return tokens.flatMap(({ id: tokenId, name, rights, isExpired, runId }): ConnectorUse[] => {
    const grant = rights.connectors?.find(({ connector }) => connector === id);
    if (grant === undefined || runId !== null) return [];
    const detail = `may call ${grant.operations === null ? "every operation" : grant.operations.join(", ")}`;
    return [{ kind: "token", id: tokenId, name, detail, isActive: !isExpired }];
  });
}

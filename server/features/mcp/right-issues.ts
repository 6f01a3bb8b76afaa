import type { McpRights } from "../../../contract/features/mcp.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ConnectorRegistry } from "../../connectors/framework/registry.ts";

interface Known {
  registry: Pick<ConnectorRegistry, "get">;
  /** Rights these take the place of; `null` when there were none. */
  before: McpRights | null;
}

/**
 * Throws `invalid_request` that names each connector and operation that does not exist: a right that is misspelled would be none. What
 * was there before is not judged again, so that a connector that has gone keeps nobody from changing another right.
 */
export function refuseUnknownRights({ connectors }: McpRights, { registry, before }: Known): void {
  const issues = (connectors ?? []).flatMap(({ connector: id, operations }, at) => {
    const path = `body.rights.connectors.${at}`;
    const former = before?.connectors?.find(({ connector }) => connector === id);
    const connector = registry.get(id);
    if (connector === undefined) {
      const isNew = former === undefined;
      return isNew ? [{ path: `${path}.connector`, message: `${id}: there is no such connector` }] : [];
    }
    return (operations ?? []).flatMap((name, place) =>
      Object.hasOwn(connector.operations, name) || former?.operations?.includes(name) === true
        ? []
        : [{ path: `${path}.operations.${place}`, message: `${name}: ${connector.title} has no such operation` }],
    );
  });
  if (issues.length === 0) return;
  throw new AppError("invalid_request", "The rights cannot be taken as they are", {
    hint: "Look at the Connectors page for what there is.",
    issues,
  });
}

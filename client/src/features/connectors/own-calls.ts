import { useQuery, type QueryClient } from "@tanstack/react-query";

import type { CustomConnectorInput, CustomFile } from "../../../../contract/features/custom-connectors.ts";
import type { McpConnector } from "../../../../contract/features/mcp-connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";

/** Files of connectors of one's own, those that cannot be used as well. */
export function useOwnFiles() {
  return useQuery(callQuery("customConnectors.list"));
}

/** Connectors that are programs of one's own, those nobody has accepted as well. */
export function useOwnModules() {
  return useQuery(callQuery("connectorModules.list"));
}

/** What a connector of one's own is made as; `null` for those of PortOS. */
export function useOwnKind(id: string): CustomFile["kind"] | null {
  const file = useOwnFiles().data?.find(({ definition }) => definition?.id === id);
  const isModule = useOwnModules().data?.some((one) => one.id === id) === true;
  return isModule ? "module" : (file?.kind ?? null);
}

/** The lists, the catalogue and the connector itself are asked for anew. */
export async function renewOwn(client: QueryClient, id: string): Promise<void> {
  const keys = [
    callKey("customConnectors.list"),
    callKey("connectorModules.list"),
    callKey("connectorModules.get", { params: { id } }),
    callKey("connectors.list"),
    callKey("connectors.get", { params: { id } }),
  ];
  await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
}

type Definition = NonNullable<CustomFile["definition"]>;

export function isMcp(definition: Definition): definition is McpConnector {
  return "kind" in definition;
}

/** Takes a connector away and offers to bring it back: off, without its secrets and its policy. */
export async function removeOwn(client: QueryClient, { id, title }: { id: string; title: string }) {
  return withErrorToast(`${title} could not be removed`, async () => {
    const removed = await call("customConnectors.remove", { params: { id } });
    await renewOwn(client, id);
    undoToast(`${title} is removed, with its secrets and its policy`, async () => {
      await bringBack(id, removed);
      await renewOwn(client, id);
    });
  });
}

async function bringBack(id: string, { definition, text }: CustomFile & { text: string }): Promise<void> {
  if (definition === null)
    await call("connectorModules.put", { params: { id }, body: { source: text, replaces: null } });
  else if (isMcp(definition)) await call("mcpConnectors.create", { body: { definition } });
  else await call("customConnectors.create", { body: definition satisfies CustomConnectorInput });
}

import { useQuery, type QueryClient } from "@tanstack/react-query";

import type { CustomConnector } from "../../../../contract/features/custom-connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";

/** Files of connectors of one's own, those that cannot be used as well. */
export function useOwnFiles() {
  return useQuery(callQuery("customConnectors.list"));
}

/** The list, the catalogue and the connector itself are asked for anew. */
export async function renewOwn(client: QueryClient, id: string): Promise<void> {
  const keys = [
    callKey("customConnectors.list"),
    callKey("connectors.list"),
    callKey("connectors.get", { params: { id } }),
  ];
  await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** Takes a connector away and offers to bring it back; its secrets and policy are not touched. */
export async function removeOwn(client: QueryClient, { id, title }: Pick<CustomConnector, "id" | "title">) {
  return withErrorToast(`${title} could not be removed`, async () => {
    const definition = await call("customConnectors.remove", { params: { id } });
    await renewOwn(client, id);
    undoToast(`${title} is removed`, async () => {
      await call("customConnectors.create", { body: definition });
      await renewOwn(client, id);
    });
  });
}

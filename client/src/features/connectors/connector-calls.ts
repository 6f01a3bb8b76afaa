import { useQuery, type QueryClient } from "@tanstack/react-query";

import type { ConnectorStatus, ConnectorView } from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";

const refetchMs = 10_000;

/** All connectors; nothing tells of changes by itself, so they are asked for now and then while somebody looks. */
export function useConnectors() {
  return useQuery({ ...callQuery("connectors.list", undefined, { isKept: true }), refetchInterval: refetchMs });
}

/** What may leave this machine. */
export function useGatewayState() {
  return useQuery({ ...callQuery("connectors.gateway", undefined, { isKept: true }), refetchInterval: refetchMs });
}

export function useConnector(id: string) {
  return useQuery(callQuery("connectors.get", { params: { id } }));
}

/** Shows at once what the server has answered; the list follows. */
export function keepView(client: QueryClient, view: ConnectorView): void {
  client.setQueryData(callKey("connectors.get", { params: { id: view.id } }), view);
  void client.invalidateQueries({ queryKey: callKey("connectors.list") });
}

export async function setEnabled(
  client: QueryClient,
  { id, title }: Pick<ConnectorStatus, "id" | "title">,
  isEnabled: boolean,
): Promise<void> {
  const name = isEnabled ? "connectors.enable" : "connectors.disable";
  await withErrorToast(`${title} could not be turned ${isEnabled ? "on" : "off"}`, async () => {
    keepView(client, await call(name, { params: { id } }));
  });
}

/** Looks how it is, and says so. */
export async function checkConnector(
  client: QueryClient,
  { id, title }: Pick<ConnectorStatus, "id" | "title">,
): Promise<void> {
  await withErrorToast(`${title} could not be looked at`, async () => {
    const { health } = await call("connectors.check", { params: { id } });
    const keys = [callKey("connectors.list"), callKey("connectors.get", { params: { id } })];
    await Promise.all(keys.map((queryKey) => client.invalidateQueries({ queryKey })));
    if (health !== null) toast({ kind: health.isHealthy ? "ok" : "warn", text: title, detail: health.detail });
  });
}

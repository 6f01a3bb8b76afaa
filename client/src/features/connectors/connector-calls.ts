import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";

import type {
  ConnectorStatus,
  ConnectorUse,
  ConnectorView,
  PolicyView,
} from "../../../../contract/features/connectors.ts";
import { call } from "../../lib/api.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { toast, withErrorToast } from "../../lib/toasts.ts";
import { useFeed } from "../../lib/use-feed.ts";
import { confirmDangerous } from "../../ui/confirm.ts";
import { usesText, withEvent } from "./connector-words.ts";

/** All connectors, as they stand now. */
export function useConnectors() {
  useConnectorsFeed();
  return useQuery(callQuery("connectors.list", undefined, { isKept: true }));
}

/** What may leave this machine. */
export function useGatewayState() {
  useConnectorsFeed();
  return useQuery(callQuery("connectors.gateway", undefined, { isKept: true }));
}

/** Keeps what is known of connectors and the gateway current. */
function useConnectorsFeed(): void {
  const client = useQueryClient();
  const listKey = callKey("connectors.list");
  /** Another device or tab may have changed it. */
  const lookAtPolicy = ({ id, policyRevision }: ConnectorStatus): void => {
    const queryKey = callKey("connectors.policy", { params: { id } });
    const known = client.getQueryData<PolicyView>(queryKey);
    if (known !== undefined && known.revision !== policyRevision) void client.invalidateQueries({ queryKey });
  };
  useFeed("connectors", {
    onSnapshot({ connectors, gateway }) {
      client.setQueryData(listKey, connectors);
      client.setQueryData(callKey("connectors.gateway"), gateway);
      connectors.forEach(lookAtPolicy);
    },
    onEvent(event) {
      if (event.kind === "gateway") {
        client.setQueryData(callKey("connectors.gateway"), event.gateway);
        return;
      }
      client.setQueryData<ConnectorStatus[]>(listKey, (list) => list && withEvent(list, event));
      if (event.kind === "status") lookAtPolicy(event.connector);
      const id = event.kind === "status" ? event.connector.id : event.id;
      void client.invalidateQueries({ queryKey: callKey("connectors.get", { params: { id } }) });
    },
  });
}

export function useConnector(id: string) {
  useConnectorsFeed();
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
  if (!isEnabled && !(await isSureWithout({ id, title }, "turn off"))) return;
  const name = isEnabled ? "connectors.enable" : "connectors.disable";
  await withErrorToast(`${title} could not be turned ${isEnabled ? "on" : "off"}`, async () => {
    keepView(client, await call(name, { params: { id } }));
  });
}

/** Asks before something is done that others do not work without; where nothing uses it, there is nothing to ask. */
export async function isSureWithout(
  { id, title }: Pick<ConnectorStatus, "id" | "title">,
  deed: "turn off" | "remove",
): Promise<boolean> {
  let uses: readonly ConnectorUse[] = [];
  await withErrorToast(`What uses ${title} could not be found out`, async () => {
    uses = (await call("connectors.uses", { params: { id } })).uses;
  });
  const text = usesText(uses, deed);
  const label = deed === "remove" ? "Remove" : "Turn off";
  return text === null || confirmDangerous({ title: `${label} ${title}?`, text, confirmLabel: label });
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
    if (health === null) return;
    const kind = health.isHealthy === null ? "info" : health.isHealthy ? "ok" : "warn";
    toast({ kind, text: title, detail: health.detail });
  });
}

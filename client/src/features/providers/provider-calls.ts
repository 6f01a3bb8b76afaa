import type { QueryClient } from "@tanstack/react-query";

import type { Provider, ProviderHealth, ProviderList } from "../../../../contract/features/providers.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { reduceProviders } from "../../lib/live-reducers.ts";
import { errorToast, toast, undoToast, withErrorToast } from "../../lib/toasts.ts";

interface View {
  provider: Provider;
  health: ProviderHealth;
}

/**
 * Puts a reply into the list at once; the feed says the same a moment later. A health that is there already is left to the feed:
 * the reply may have been on its way for longer than the probe took.
 */
export function showView(client: QueryClient, { provider, health }: View): void {
  client.setQueryData<ProviderList>(callKey("providers.list"), (list) => {
    if (list === undefined) return list;
    const changed = reduceProviders(list, { kind: "changed", provider });
    const isKnown = list.health.some(({ id }) => id === health.id);
    return isKnown && health.state !== "off" ? changed : reduceProviders(changed, { kind: "health", health });
  });
}

/** Turns a provider on or off. */
export async function setEnabled(client: QueryClient, provider: Provider, isEnabled: boolean): Promise<void> {
  const { id, name } = provider;
  const key = callKey("providers.list");
  const before = client.getQueryData<ProviderList>(key);
  client.setQueryData<ProviderList>(key, (list) =>
    list === undefined ? list : reduceProviders(list, { kind: "changed", provider: { ...provider, isEnabled } }),
  );
  try {
    showView(client, await call(isEnabled ? "providers.enable" : "providers.disable", { params: { id } }));
  } catch (error) {
    client.setQueryData(key, before);
    errorToast(`Could not turn ${name} ${isEnabled ? "on" : "off"}`, error);
  }
}

/** Looks whether a provider answers; the outcome stands in the list, and in a toast when nothing there would change. */
export function checkProvider(provider: Provider): Promise<boolean> {
  const { id, name } = provider;
  return withErrorToast(`Could not check ${name}`, async () => {
    const health = await call("providers.check", { params: { id } });
    const isUp = health.state === "up";
    toast({
      kind: isUp ? "ok" : "info",
      text: isUp ? `${name} answers` : `${name}: ${health.message ?? health.state}`,
    });
  });
}

/** Deletes at once and offers to take it back. */
export function removeProvider({ id, name }: Provider): Promise<boolean> {
  return withErrorToast(`Could not delete ${name}`, async () => {
    await call("providers.remove", { params: { id } });
    undoToast(`Deleted ${name}`, () => call("providers.restore", { params: { id } }));
  });
}

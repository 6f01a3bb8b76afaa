import type { QueryClient } from "@tanstack/react-query";

import type { LocalModel, LocalServer } from "../../../../contract/features/local-models.ts";
import { call } from "../../lib/api.ts";
import { callKey } from "../../lib/call-query.ts";
import { formatBytes } from "../../lib/format.ts";
import { reduceLocalModels } from "../../lib/live-reducers.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { confirmDangerous } from "../../ui/confirm.ts";

/** Puts a reply into the list at once; the feed says the same a moment later. */
export function showServer(client: QueryClient, server: LocalServer): void {
  client.setQueryData<LocalServer[]>(callKey("localModels.list"), (list) =>
    list === undefined ? list : reduceLocalModels(list, { kind: "changed", server }),
  );
}

/** Turns a server on, which is when it is first contacted, or off. */
export function setServerEnabled(client: QueryClient, server: LocalServer, isEnabled: boolean): Promise<boolean> {
  const { kind, name } = server;
  return withErrorToast(`Could not turn ${name} ${isEnabled ? "on" : "off"}`, async () => {
    showServer(client, await call(isEnabled ? "localModels.enable" : "localModels.disable", { params: { kind } }));
  });
}

/** Looks at a server now. */
export function refreshServer(client: QueryClient, { kind, name }: LocalServer): Promise<boolean> {
  return withErrorToast(`Could not look at ${name}`, async () => {
    showServer(client, await call("localModels.refresh", { params: { kind } }));
  });
}

/** Takes a model out of memory; it can be loaded again. */
export function unloadModel(client: QueryClient, { kind }: LocalServer, model: LocalModel): Promise<boolean> {
  return withErrorToast(`Could not unload ${model.label}`, async () => {
    for (const { instanceId } of model.loaded)
      showServer(client, await call("localModels.unload", { params: { kind }, body: { instanceId } }));
    const contextLength = model.loaded[0]?.contextLength ?? null;
    undoToast(`Unloaded ${model.label}`, () =>
      call("localModels.load", { params: { kind }, body: { model: model.name, contextLength } }),
    );
  });
}

/** Deletes a model from disk, which cannot be undone but by downloading it again. */
export async function removeModel(client: QueryClient, { kind, name }: LocalServer, model: LocalModel): Promise<void> {
  const size = model.sizeBytes === null ? "" : ` It frees ${formatBytes(model.sizeBytes)}.`;
  const isSure = await confirmDangerous({
    title: `Delete model ${model.label}?`,
    text: `${name} has to download it again before it can be used.${size}`,
    confirmLabel: "Delete",
  });
  if (!isSure) return;
  await withErrorToast(`Could not delete ${model.label}`, async () => {
    showServer(client, await call("localModels.remove", { params: { kind }, body: { model: model.name } }));
  });
}

/** Stops a download, or the waiting for a load. */
export function cancelJob({ kind }: LocalServer, job: string): Promise<boolean> {
  return withErrorToast("Could not cancel", () => call("localModels.cancel", { params: { kind, job } }));
}

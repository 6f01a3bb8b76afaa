import { localModelsEndpoints } from "../../../contract/features/local-models.ts";
import type { Mount } from "../../http/mount.ts";
import type { LocalModelService } from "./local-model-service.ts";

/** Mounts the endpoints of local model servers. */
export function mountLocalModels(mount: Mount, service: LocalModelService): void {
  mount(
    "localModels",
    localModelsEndpoints,
  )({
    list: () => service.list(),
    update: ({ params, body }) => service.update(params.kind, body),
    enable: ({ params }) => service.setEnabled(params.kind, true),
    disable: ({ params }) => service.setEnabled(params.kind, false),
    refresh: ({ params }) => service.refresh(params.kind),
    load: ({ params, body }) =>
      service.load(params.kind, body.model, {
        contextLength: body.contextLength ?? null,
        keepAliveSeconds: body.keepAliveSeconds ?? null,
      }),
    unload: ({ params, body }) => service.unload(params.kind, body.instanceId),
    download: ({ params, body }) => service.download(params.kind, body.model),
    remove: ({ params, body }) => service.remove(params.kind, body.model),
    cancel: ({ params }) => service.cancel(params.kind, params.job),
  });
}

import { providersEndpoints } from "../../../contract/features/providers.ts";
import type { Mount } from "../../http/mount.ts";
import type { ProgramFinder } from "./agent-programs.ts";
import { listPresets } from "./provider-presets.ts";
import type { ProviderService } from "./provider-service.ts";

/** Mounts the endpoints of providers. */
export function mountProviders(mount: Mount, service: ProviderService, programs: ProgramFinder): void {
  mount(
    "providers",
    providersEndpoints,
  )({
    list: () => service.list(),
    presets: () => listPresets(programs),
    create: ({ body }) => service.create(body.id, body.input),
    get: ({ params }) => service.view(params.id),
    update: ({ params, body }) => service.update(params.id, body),
    remove: ({ params }) => service.remove(params.id),
    restore: ({ params }) => service.restore(params.id),
    enable: ({ params }) => service.setEnabled(params.id, true),
    disable: ({ params }) => service.setEnabled(params.id, false),
    check: ({ params }) => service.check(params.id),
    chain: ({ params, query }) => service.chain(params.id, query.tier),
    checkChain: ({ params, body }) => service.checkChain(params.id, body.tier),
  });
}

import { repairsEndpoints } from "../../../contract/features/repairs.ts";
import type { Mount } from "../../http/mount.ts";
import type { RepairService } from "./repair-service.ts";

/** Endpoints of repairs. */
export function mountRepairs(mount: Mount, repairs: RepairService): void {
  mount(
    "repairs",
    repairsEndpoints,
  )({
    list: ({ query }) => repairs.list(query),
    settings: () => repairs.settings(),
    putSettings: ({ body }) => repairs.setSettings(body),
    setAppLevel: ({ params, body }) => repairs.setAppLevel(params.app, body.level),
    get: ({ params }) => repairs.get(params.id),
    outlook: ({ params }) => repairs.outlook(params.incident),
    ask: ({ params, body }, { caller }) => repairs.ask(params.incident, caller.name, body.isAnyway),
    apply: ({ params, body }, { caller }) => repairs.apply(params.id, body.tree, caller.name),
    stop: ({ params }, { caller }) => repairs.stop(params.id, caller.name),
    revert: ({ params }, { caller }) => repairs.revert(params.id, caller.name),
  });
}

import { chiefEndpoints, type ChiefDecision } from "../../../contract/features/chief.ts";
import type { JsonLog } from "../../../lib/json-log.ts";
import type { Mount } from "../../http/mount.ts";
import type { Chief } from "./chief-service.ts";
import type { PanicSwitch } from "./panic-switch.ts";

interface Mounted {
  chief: Chief;
  panic: PanicSwitch;
  log: JsonLog<ChiefDecision>;
}

/** Mounts the endpoints of the chief of staff and of the switch that stops everything. */
export function mountChief(mount: Mount, { chief, panic, log }: Mounted): void {
  mount(
    "chief",
    chiefEndpoints,
  )({
    get: () => chief.state(),
    put: ({ body }) => chief.put(body),
    async decisions({ query: { before, limit, task, code } }) {
      const { items, next } = await log.page({
        limit,
        ...(before === undefined ? {} : { before }),
        match: (decision) =>
          (task === undefined || decision.taskId === task) && (code === undefined || decision.code === code),
      });
      return { items: items.map(({ rowId: _rowId, ...decision }) => decision), next };
    },
    async panic(_input, { caller }) {
      await panic.panic(caller.name);
      return chief.state();
    },
    async calm() {
      await panic.calm();
      await chief.evaluate();
      return chief.state();
    },
  });
}

import { accessEndpoints } from "../../../contract/features/access.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { RefusalBook } from "../../../lib/refusal-book.ts";
import type { Mount, RequestContext } from "../../http/mount.ts";
import type { AccessService } from "./access-service.ts";

export interface AccessRoutes {
  access: AccessService;
  /** Gives a live connection of the same caller the elevation of its browser. */
  openSocket: (id: string, token: string | null, context: RequestContext) => boolean;
  /** Refusals of the other processes, told as they are. */
  tellRefusal: (refusal: Parameters<RefusalBook["note"]>[0] & { times: number }) => void;
}

/** Who may come in, and the PIN. */
export function mountAccess(mount: Mount, { access, openSocket, tellRefusal }: AccessRoutes): void {
  const opened = (token: string, context: RequestContext) => {
    context.setElevation(token, access.minutes());
    return access.read({ ...context, token });
  };
  mount(
    "access",
    accessEndpoints,
  )({
    get: (_, context) => access.read(context),
    async saveGuests({ body }, context) {
      await access.saveGuests(body, context);
      return access.read(context);
    },
    setPin: async ({ body }, context) => opened(await access.setPin(body.pin, body.current, context), context),
    async removePin({ body }, context) {
      await access.removePin(body.current, context);
      context.setElevation(null, 0);
      return access.read(context);
    },
    async setMinutes({ body }, context) {
      await access.saveMinutes(body.minutes);
      return access.read(context);
    },
    async unlock({ body }, context) {
      const token = await access.unlock(body.pin, context);
      if (body.socket !== null) openSocket(body.socket, token, context);
      return opened(token, context);
    },
    lock(_, context) {
      access.lock(context);
      context.setElevation(null, 0);
      return access.read({ ...context, token: null });
    },
    openSocket({ body }, context) {
      if (!openSocket(body.socket, context.token, context))
        throw new AppError("not_found", "This page has no live connection any more");
      return null;
    },
    noteRefusal({ body }, { identity }) {
      if (identity.kind !== "local") throw new AppError("forbidden", "Only this machine tells refusals");
      const { node, ...caller } = body.caller;
      tellRefusal({ ...body, caller: node === "" ? caller : { ...caller, node } });
      return null;
    },
  });
}

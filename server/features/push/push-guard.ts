import { isIP } from "node:net";

import type { Guard } from "../../../lib/guarded-http/guard.ts";
import { judgeHost, type ResolveName, resolveName } from "../../../lib/guarded-http/host-judgement.ts";

/** Allows push services as browsers name them: https on its own port, a name, public addresses only. */
export function pushServiceGuard(resolve: ResolveName = resolveName): Guard {
  return {
    judge(url) {
      if (url.protocol !== "https:" || url.port !== "") return { ok: false, reason: "a push service speaks https" };
      if (isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0 || !url.hostname.includes("."))
        return { ok: false, reason: "a push service has a public name" };
      return judgeHost(url.hostname, { kinds: ["public"], resolve });
    },
  };
}

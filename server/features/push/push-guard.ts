import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import type { Guard } from "../../../lib/guarded-http/guard.ts";
import { addressKind } from "../../../lib/guarded-http/network-address.ts";

/** Allows push services as browsers name them: https on its own port, a name, public addresses only. */
export function pushServiceGuard(resolve: (name: string) => Promise<readonly string[]> = resolveName): Guard {
  return {
    async judge(url) {
      if (url.protocol !== "https:" || url.port !== "") return { ok: false, reason: "a push service speaks https" };
      if (isIP(url.hostname.replace(/^\[|\]$/g, "")) !== 0 || !url.hostname.includes("."))
        return { ok: false, reason: "a push service has a public name" };
      let addresses: readonly string[];
      try {
        addresses = await resolve(url.hostname);
      } catch {
        return { ok: false, isUnreachable: true, reason: `the name ${url.hostname} was not found` };
      }
      const wrong = addresses.find((address) => addressKind(address) !== "public");
      if (wrong !== undefined) return { ok: false, reason: `${url.hostname} leads to ${wrong}, which is not public` };
      return { ok: true, addresses };
    },
  };
}

async function resolveName(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

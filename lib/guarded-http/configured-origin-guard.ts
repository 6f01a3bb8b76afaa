import { isIP } from "node:net";

import type { Guard } from "./guard.ts";
import { judgeHost, kindsOfName, namedKinds, type ResolveName, resolveName } from "./host-judgement.ts";
import { canonicalHost, portOf } from "./url-host.ts";

export interface ConfiguredOriginGuardOptions {
  /** The address the user configured; exactly its scheme, host and port may be called. */
  address: string;
  /** Our own ports: a configured address must never lead back to the panel. */
  ownPorts: readonly number[];
  /** Every address of a name; the machine's resolver when left out. */
  resolve?: ResolveName;
}

/**
 * Allows exactly the origin of one configured address. An address on loopback, in a private network or in the tailnet is
 * allowed because it is named there; so are names that can only mean such a place (localhost, `*.local`, a bare name of the
 * network, `*.ts.net`), as long as every answer lies there. Any other name must have public answers only. What was checked
 * is what is dialled.
 */
export function configuredOriginGuard(options: ConfiguredOriginGuardOptions): Guard {
  const { ownPorts, resolve = resolveName } = options;
  const allowed = new URL(options.address);
  return {
    async judge(url) {
      if (url.origin !== allowed.origin)
        return { ok: false, code: "origin", reason: `only ${allowed.origin} is configured` };
      if (ownPorts.includes(portOf(url)))
        return { ok: false, code: "own_port", reason: `port ${portOf(url)} belongs to PortOS itself` };
      const host = canonicalHost(url);
      if (host === null) return { ok: false, code: "host", reason: "its host is no name of a machine" };
      return judgeHost(host, { kinds: isIP(host) === 0 ? kindsOfName(host) : namedKinds, resolve });
    },
  };
}

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";

import { errorCode } from "../durable-file.ts";
import type { Guard, GuardVerdict } from "./guard.ts";
import { type AddressKind, addressKind } from "./network-address.ts";

export interface ConfiguredOriginGuardOptions {
  /** The address the user configured; exactly its scheme, host and port may be called. */
  address: string;
  /** Our own ports: a configured address must never lead back to the panel. */
  ownPorts: readonly number[];
  /** Every address of a name; the machine's resolver when left out. */
  resolve?: (name: string) => Promise<readonly string[]>;
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
      if (url.origin !== allowed.origin) return refuse(`only ${allowed.origin} is configured`);
      if (ownPorts.includes(portOf(url))) return refuse(`port ${portOf(url)} belongs to PortOS itself`);
      const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
      if (isIP(host) !== 0)
        return addressKind(host) === "forbidden"
          ? refuse(`${host} is not an address of a machine that answers`)
          : { ok: true, addresses: [host] };
      let answers: readonly string[];
      try {
        answers = await resolve(host);
      } catch (error) {
        return { ok: false, isUnreachable: true, reason: `the name ${host} was not found${codeOf(error)}` };
      }
      return judgeAnswers(host, answers);
    },
  };
}

function judgeAnswers(host: string, answers: readonly string[]): GuardVerdict {
  if (answers.length === 0) return { ok: false, isUnreachable: true, reason: `the name ${host} has no address` };
  const kinds = kindsFor(host);
  const wrong = answers.find((answer) => !kinds.includes(addressKind(answer)));
  if (wrong === undefined) return { ok: true, addresses: answers };
  return refuse(
    kinds.includes("public")
      ? `${host} leads to ${wrong}, which is not a public address; name such an address itself`
      : `${host} leads to ${wrong}, which is not where such a name may lead`,
  );
}

/** Where the answers for a name may lie. */
function kindsFor(host: string): readonly AddressKind[] {
  if (host === "localhost" || host.endsWith(".localhost")) return ["loopback"];
  if (host.endsWith(".ts.net")) return ["tailnet", "loopback"];
  const isOfTheNetwork = !host.includes(".") || /\.(?:local|lan|internal|home\.arpa)$/.test(host);
  return isOfTheNetwork ? ["loopback", "private", "tailnet"] : ["public"];
}

function refuse(reason: string): GuardVerdict {
  return { ok: false, reason };
}

function portOf(url: URL): number {
  if (url.port !== "") return Number(url.port);
  return url.protocol === "https:" ? 443 : 80;
}

async function resolveName(name: string): Promise<string[]> {
  return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
}

function codeOf(error: unknown): string {
  const code = errorCode(error);
  return code === undefined ? "" : ` (${code})`;
}

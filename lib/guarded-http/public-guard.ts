import { isIP } from "node:net";

import { AppError } from "../app-error.ts";
import type { DomainRules } from "./domain-rules.ts";
import type { Guard, GuardVerdict } from "./guard.ts";
import { judgeHost, kindsOfName, namedKinds, type ResolveName, resolveName } from "./host-judgement.ts";
import type { AddressKind } from "./network-address.ts";
import { parseTarget } from "./target-address.ts";
import type { TlsTrust } from "./tls-trust.ts";
import { canonicalHost, parseHostAndPort, portOf } from "./url-host.ts";

/** One host and port that a configuration names. */
export interface GuardTarget {
  /** An origin ("http://127.0.0.1:3000", "smtp://mail.example.com:587") or a host and port ("mail.example.com:587"). */
  address: string;
  /** The user said that this name leads inside, although it looks public. */
  isInside?: boolean;
  /** Whom to trust there instead of the machine's authorities. */
  trust?: TlsTrust;
}

export interface PublicGuardOptions {
  /** Ports of PortOS itself: never called, on whatever host. */
  ownPorts: readonly number[];
  /** Which domains the user allows and blocks; without rules any. */
  rules?: DomainRules;
  /** Ports besides 80, 443 and 8080. */
  extraPorts?: readonly number[];
  /** What the configuration names: there any port is right, and a place inside. */
  targets?: readonly GuardTarget[];
  /** Targets count for their ports and their trust alone: nothing leads inside. */
  isOutsideOnly?: boolean;
  /** What the user can do about a place that is refused, in the words of what the user sees. */
  hints?: {
    inside(place: string): string;
    port(port: number, place: string): string;
  };
  /** Every address of a name; the machine's resolver when left out. */
  resolve?: ResolveName;
}

/** Ports that need no permission. */
export const usualPorts: readonly number[] = [80, 443, 8080];

/**
 * The guard of connectors: the public internet over http and https at the usual ports, as far as the rules allow. This
 * machine, private networks and the tailnet are refused unless exactly that host and port is a target; a target's name that
 * looks public must still have public answers, so that its DNS cannot turn it inside. Throws `invalid_request` for a target
 * that cannot be read.
 */
export function publicGuard(options: PublicGuardOptions): Guard {
  const { ownPorts, rules, extraPorts = [], hints, resolve = resolveName, isOutsideOnly = false } = options;
  const ports = new Set([...usualPorts, ...extraPorts]);
  const targets = new Map((options.targets ?? []).map((target) => [targetKey(target), target]));

  return {
    async judge(url): Promise<GuardVerdict> {
      const host = canonicalHost(url);
      if (host === null) return { ok: false, code: "host", reason: "its host is no name of a machine" };
      const port = portOf(url);
      if (ownPorts.includes(port))
        return { ok: false, code: "own_port", reason: `port ${port} belongs to PortOS itself`, hint: ownPortHint };
      const domain = rules?.judge(url);
      if (domain?.ok === false) return { ok: false, code: domain.code, reason: domain.reason, ...hintOf(domain) };
      const target = targets.get(`${host} ${port}`);
      if (!target && !ports.has(port))
        return {
          ok: false,
          code: "port",
          reason: `port ${port} is not allowed`,
          hint: hints?.port(port, `${host}:${port}`) ?? `Allow port ${port}, or name ${host}:${port} as a target.`,
        };
      const verdict = await judgeHost(host, { kinds: kindsFor(host, isOutsideOnly ? undefined : target), resolve });
      if (!verdict.ok) {
        const isInside = insideCodes.has(verdict.code ?? "") && hints !== undefined && !isOutsideOnly;
        return isInside ? { ...verdict, hint: hints.inside(`${host}:${port}`) } : verdict;
      }
      const blocking = verdict.addresses.map((address) => rules?.blocksAddress(address, port)).find(Boolean);
      if (blocking)
        return {
          ok: false,
          code: "domain_blocked",
          reason: `${host} leads to an address the rule ${blocking} blocks`,
          hint: `Remove ${blocking} from the blocked domains if it should be called.`,
          addresses: verdict.addresses,
        };
      return target?.trust ? { ...verdict, trust: target.trust } : verdict;
    },
  };
}

const insideCodes: ReadonlySet<string> = new Set(["loopback", "private", "tailnet"]);
const ownPortHint = "What PortOS does is called inside the panel, never through a connector.";

function kindsFor(host: string, target: GuardTarget | undefined): readonly AddressKind[] {
  if (!target) return ["public"];
  return isIP(host) !== 0 || target.isInside === true ? namedKinds : kindsOfName(host);
}

function hintOf({ hint }: { hint?: string }): { hint?: string } {
  return hint === undefined ? {} : { hint };
}

function targetKey({ address }: GuardTarget): string {
  const url = address.includes("://") ? (parseTarget(address)?.url ?? null) : null;
  const parsed = url ? { host: canonicalHost(url), port: portOf(url) } : parseHostAndPort(address);
  const isWrong = url !== null && (!/^https?:$/.test(url.protocol) || url.username + url.password !== "");
  if (!parsed || parsed.host === null || parsed.port === null || isWrong)
    throw new AppError("invalid_request", `${address} is not a host with a port`, {
      hint: "Write it as http://127.0.0.1:3000 or mail.example.com:587.",
    });
  return `${parsed.host} ${parsed.port}`;
}

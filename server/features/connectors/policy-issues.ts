import type { ConnectorPolicy } from "../../../contract/features/connectors.ts";
import { AppError } from "../../../lib/app-error.ts";
import { parseDomainRule } from "../../../lib/guarded-http/domain-rules.ts";
import { addressKind } from "../../../lib/guarded-http/network-address.ts";
import { publicGuard } from "../../../lib/guarded-http/public-guard.ts";
import { parseHostAndPort, portOf, canonicalHost } from "../../../lib/guarded-http/url-host.ts";

type Issue = { path: string; message: string };

/** Entries that cannot be read, each by the path of its line. */
export function unreadableEntries(policy: ConnectorPolicy): Issue[] {
  const domains = (["allowedDomains", "blockedDomains"] as const).flatMap((list) =>
    policy[list].flatMap((text, at) => {
      const parsed = parseDomainRule(text);
      return parsed.ok ? [] : [{ path: `${list}.${at}`, message: `${text}: ${parsed.reason}` }];
    }),
  );
  const insides = policy.insides.flatMap((text, at) => {
    try {
      publicGuard({ ownPorts: [], targets: [{ address: text }] });
      return [];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const message = `${text}: this is not a host with a port, such as nas.local:9000 or 127.0.0.1:3000`;
      return [{ path: `insides.${at}`, message }];
    }
  });
  return [...domains, ...insides];
}

interface Known {
  /** The policy it takes the place of. */
  before: ConnectorPolicy;
  /** Names of what the connector can do. */
  operations: readonly string[];
  /** Ports of PortOS itself. */
  ownPorts: readonly number[];
}

/**
 * All that is wrong with a policy somebody wants to save: what cannot be read, and what could never work. What is in force
 * already is not judged again, so that a rule for an operation that has gone keeps nobody from changing another.
 */
export function policyIssues(policy: ConnectorPolicy, { before, operations, ownPorts }: Known): Issue[] {
  const unreadable = unreadableEntries(policy);
  const isUnreadable = new Set(unreadable.map(({ path }) => path));
  const insides = policy.insides.flatMap((text, at): Issue[] => {
    const path = `insides.${at}`;
    const problem = isUnreadable.has(path) || before.insides.includes(text) ? null : uselessPlace(text, ownPorts);
    return problem === null ? [] : [{ path, message: `${text}: ${problem}` }];
  });
  const unknown = (policy.operations ?? []).flatMap((name, at): Issue[] =>
    operations.includes(name) || before.operations?.includes(name) === true
      ? []
      : [{ path: `operations.${at}`, message: `${name}: this connector has no such operation` }],
  );
  return [...unknown, ...unreadable, ...insides, ...quietIssues(policy)];
}

/** Why a place inside could be named and never called. */
function uselessPlace(text: string, ownPorts: readonly number[]): string | null {
  const url = text.includes("://") ? new URL(text) : null;
  if (url !== null && (url.pathname !== "/" || url.search !== "" || url.hash !== ""))
    return `a place is a host with a port, without a path: write ${url.host === "" ? "it" : url.origin}`;
  const place = url ? { host: canonicalHost(url), port: portOf(url) } : parseHostAndPort(text);
  if (place?.port != null && ownPorts.includes(place.port))
    return `port ${place.port} belongs to PortOS itself, which no connector calls`;
  if (place?.host != null && addressKind(place.host) === "forbidden" && isAddress(place.host))
    return "this address is never called, because it belongs to no service, or hands out the keys of machines";
  return null;
}

function isAddress(host: string): boolean {
  return host.includes(":") || /^\d+(?:\.\d+){3}$/.test(host);
}

function quietIssues({ quietHours }: ConnectorPolicy): Issue[] {
  if (quietHours === null || quietHours.from !== quietHours.to) return [];
  return [{ path: "quietHours.to", message: `must differ from ${quietHours.from}, or it would never be quiet` }];
}

/** Throws `invalid_request` that names each field and line, by paths below `where`. */
export function refusePolicy(issues: readonly Issue[], where: string): void {
  if (issues.length === 0) return;
  throw new AppError("invalid_request", "The policy cannot be taken as it is", {
    hint: issues.length === 1 ? "Correct the field that is named." : "Correct the fields that are named.",
    issues: issues.map(({ path, message }) => ({ path: `${where}${path}`, message })),
  });
}

import { isIP } from "node:net";

import { AppError } from "../app-error.ts";
import type { Refusal } from "./guard.ts";
import { canonicalAddress, canonicalHost, parseHostAndPort, portOf } from "./url-host.ts";

/** One rule as understood. */
export interface DomainRule {
  /** Its one spelling: "example.com", "*.example.com:8443", "[2001:db8::1]:443". */
  text: string;
  /** Host in ASCII, without "*.", brackets or trailing dot. */
  host: string;
  /** Stands for every name below `host`, not for `host` itself. */
  isWildcard: boolean;
  /** Any port when `null`. */
  port: number | null;
}

export interface DomainRuleLists {
  /** Only these may be called; all may when it is empty. */
  allowed: readonly string[];
  /** These may not, whatever else allows them. */
  blocked: readonly string[];
}

export type DomainVerdict = { ok: true; rule: string | null } | (Refusal & { ok: false; rule: string | null });

/** Which domains may be called. */
export interface DomainRules {
  judge(url: URL): DomainVerdict;
  /** The rule that blocks an address a name was answered with, or `null`. */
  blocksAddress(address: string, port: number): string | null;
}

/**
 * Reads one rule: a name, a name behind "*.", or an IP address, each with or without a port. Whatever way it is written, the
 * URL parser brings it into the spelling that called addresses have.
 */
export function parseDomainRule(text: string): { ok: true; rule: DomainRule } | { ok: false; reason: string } {
  const trimmed = text.trim();
  if (trimmed === "") return wrong("a rule must name a domain");
  if (trimmed.includes("://")) return wrong("a rule is a domain without a scheme, such as example.com");
  const isWildcard = trimmed.startsWith("*.");
  const named = isWildcard ? trimmed.slice(2) : trimmed;
  if (named.includes("*")) return wrong('"*" may stand at the beginning only, as in *.example.com');
  const parsed = parseHostAndPort(named);
  if (!parsed) return wrong("this is not a domain, nor a domain with a port");
  const { host, port } = parsed;
  const family = isIP(host);
  if (isWildcard && family !== 0) return wrong("an IP address has nothing below it");
  const shown = `${isWildcard ? "*." : ""}${family === 6 ? `[${host}]` : host}${port === null ? "" : `:${port}`}`;
  return { ok: true, rule: { text: shown, host, isWildcard, port } };
}

function wrong(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}

/**
 * Rules for domains. A blocked one wins, and a blocked name stands for all below it too, so that `www.` does not get around
 * it; an allowed name stands for itself alone. Throws `invalid_request` that names every rule that cannot be read.
 */
export function createDomainRules(lists: DomainRuleLists): DomainRules {
  const issues: { path: string; message: string }[] = [];
  const read = (list: keyof DomainRuleLists): DomainRule[] =>
    lists[list].flatMap((text, at) => {
      const parsed = parseDomainRule(text);
      if (parsed.ok) return [parsed.rule];
      issues.push({ path: `${list}.${at}`, message: `${text}: ${parsed.reason}` });
      return [];
    });
  const allowed = indexOf(read("allowed"));
  const blocked = indexOf(read("blocked"));
  if (issues.length > 0) throw new AppError("invalid_request", "Some rules for domains cannot be read", { issues });

  return {
    judge(url) {
      const host = canonicalHost(url);
      if (host === null) return { ok: false, code: "host", reason: "its host is no name of a machine", rule: null };
      const port = portOf(url);
      const blocking = findRule(blocked, host, port, true);
      if (blocking !== null)
        return {
          ok: false,
          code: "domain_blocked",
          reason: `the rule ${blocking} blocks it`,
          hint: `Remove ${blocking} from the blocked domains if it should be called.`,
          rule: blocking,
        };
      if (lists.allowed.length === 0) return { ok: true, rule: null };
      const allowing = findRule(allowed, host, port, false);
      if (allowing !== null) return { ok: true, rule: allowing };
      return {
        ok: false,
        code: "domain_not_allowed",
        reason: `${host}:${port} is not among the allowed domains`,
        hint: `Add ${host} to the allowed domains if it should be called.`,
        rule: null,
      };
    },
    blocksAddress: (address, port) => findRule(blocked, canonicalAddress(address), port, true),
  };
}

interface RuleIndex {
  exact: Map<string, DomainRule[]>;
  below: Map<string, DomainRule[]>;
}

function indexOf(rules: readonly DomainRule[]): RuleIndex {
  const index: RuleIndex = { exact: new Map(), below: new Map() };
  for (const rule of rules) {
    const map = rule.isWildcard ? index.below : index.exact;
    map.set(rule.host, [...(map.get(rule.host) ?? []), rule]);
  }
  return index;
}

/** The text of the first rule that fits; cost grows with the labels of the host, not with the rules. */
function findRule(index: RuleIndex, host: string, port: number, isNameForAllBelow: boolean): string | null {
  const fits = (rules: DomainRule[] | undefined): string | null =>
    rules?.find((rule) => rule.port === null || rule.port === port)?.text ?? null;
  const found = fits(index.exact.get(host));
  if (found !== null || isIP(host) !== 0) return found;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1)) {
    const parent = host.slice(dot + 1);
    const above = fits(index.below.get(parent)) ?? (isNameForAllBelow ? fits(index.exact.get(parent)) : null);
    if (above !== null) return above;
  }
  return null;
}

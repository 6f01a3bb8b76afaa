import { trustTiers, type TrustTier } from "../../../contract/features/connectors.ts";
import type { TrustLists, TrustVerdict } from "../../../contract/features/trust.ts";
import { AppError } from "../../../lib/app-error.ts";
import { createDomainRules, parseDomainRule, type DomainRules } from "../../../lib/guarded-http/domain-rules.ts";
import { parseTarget } from "../../../lib/guarded-http/target-address.ts";
import { fence } from "../../outside-text.ts";

/** Tells how far what came back can be trusted. */
export interface Trust {
  /** Of one address: "https://example.com/x", or "example.com:587" of a connection that is no HTTP. */
  ofAddress(address: string, own: TrustTier): TrustVerdict;
  /**
   * Of a reply: as far as the least trusted of the places that were really called, redirects included; as far as the operation
   * says itself when none was. A hit of a search stays one, whoever lists it: its text was written by somebody else.
   */
  of(addresses: readonly string[], own: TrustTier): TrustVerdict;
}

const lower = ["search-result", "external"] as const;
const upper = ["primary", "authoritative"] as const;

/** Reads the lists. Throws `invalid_request` that names every entry that cannot be read. */
export function createTrust(lists: TrustLists): Trust {
  const lowering = lower.map((tier) => ({
    tier,
    rules: createDomainRules({ allowed: [], blocked: readable(lists, tier) }),
  }));
  const raising = upper.map((tier) => ({
    tier,
    rules: createDomainRules({ allowed: readable(lists, tier), blocked: [] }),
  }));

  function ofAddress(address: string, own: TrustTier): TrustVerdict {
    if (own === "search-result") return { tier: own, rule: null };
    const url = urlOf(address);
    if (url === null) return { tier: least([own, "external"]), rule: null };
    const found = [...lowering, ...raising].flatMap(({ tier, rules }) => {
      const rule = ruleFor(rules, url);
      return rule === null ? [] : [{ tier, rule }];
    });
    // Lower ones stand first: of two entries that are equally exact the one that trusts less holds.
    const exact = found.toSorted((a, b) => exactness(b.rule) - exactness(a.rule))[0];
    return exact ?? { tier: own, rule: null };
  }

  return {
    ofAddress,
    of(addresses, own) {
      const verdicts = addresses.map((address) => ofAddress(address, own));
      const tier = least(verdicts.map((verdict) => verdict.tier));
      return verdicts.find((verdict) => verdict.tier === tier) ?? { tier: own, rule: null };
    },
  };
}

/** How far a reply can be trusted, with lists that were not read yet; see `Trust.of`. */
export function trustOf(addresses: readonly string[], own: TrustTier, lists: TrustLists): TrustTier {
  return createTrust(lists).of(addresses, own).tier;
}

/**
 * The lists with each entry in its one spelling. Throws `invalid_request` that names every entry that cannot be read or that stands
 * in two lists.
 */
export function checkedTrustLists(lists: TrustLists): TrustLists {
  const issues: { path: string; message: string }[] = [];
  const seen = new Map<string, TrustTier>();
  const checked = (tier: TrustTier): string[] =>
    lists[tier].flatMap((text, at) => {
      const parsed = parseDomainRule(text);
      const name = parsed.ok ? parsed.rule.text : "";
      const before = seen.get(name);
      if (!parsed.ok) issues.push({ path: `body.${tier}.${at}`, message: `${text}: ${parsed.reason}` });
      else if (before !== undefined && before !== tier)
        issues.push({ path: `body.${tier}.${at}`, message: `${text} stands in the list "${before}", too` });
      if (!parsed.ok || before !== undefined) return [];
      seen.set(name, tier);
      return [name];
    });
  const next = {
    "search-result": checked("search-result"),
    external: checked("external"),
    primary: checked("primary"),
    authoritative: checked("authoritative"),
  };
  if (issues.length > 0)
    throw new AppError("invalid_request", issues.map(({ message }) => message).join("; "), { issues });
  return next;
}

/** Text from outside for a prompt, as data, with how far it is trusted and where it came from. */
export function fenceOutside(
  label: string,
  text: string,
  { tier, sources }: { tier: TrustTier; sources: readonly string[] },
): string {
  return fence(label, [text], { trust: tier, sources });
}

/** An entry of a file edited by hand that cannot be read must not make every call fail: it says nothing. */
function readable(lists: TrustLists, tier: TrustTier): string[] {
  return lists[tier].filter((text) => parseDomainRule(text).ok);
}

/** The entry of a list that names the address. */
function ruleFor(rules: DomainRules, url: URL): string | null {
  return rules.judge(url).rule;
}

function urlOf(address: string): URL | null {
  const text = address.includes("://") ? address : `http://${address}`;
  return parseTarget(text)?.url ?? null;
}

/** More labels are more exact, a name more than what stands for all below it, a port more than none. */
function exactness(rule: string): number {
  const labels = rule.replace(/^\*\./, "").split(".").length;
  return labels * 4 + (rule.startsWith("*.") ? 0 : 2) + (/[^:]:\d+$/.test(rule) ? 1 : 0);
}

function least(tiers: readonly TrustTier[]): TrustTier {
  return trustTiers.find((tier) => tiers.includes(tier)) ?? "external";
}

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { AppError } from "../app-error.ts";
import { createDomainRules, parseDomainRule } from "./domain-rules.ts";
import { embeddedForms, ipv4Spellings, nameSpellings } from "./testing/host-spellings.ts";

function verdict(url: string, allowed: string[], blocked: string[] = []) {
  const judged = createDomainRules({ allowed, blocked }).judge(new URL(url));
  return judged.ok ? "allowed" : judged.code;
}

const label = fc.stringMatching(/^[a-z]([a-z0-9]{0,6}[a-z])?$/);
const unicodeLabel = fc.constantFrom("bücher", "münchen", "straße", "пример", "例え", "ñandú", "ελλάδα");
const host = fc.array(fc.oneof({ weight: 4, arbitrary: label }, unicodeLabel), { minLength: 2, maxLength: 4 });
const nameArbitrary = host.map((labels) => labels.join("."));
const ipv4 = fc.ipV4().filter((address) => !address.startsWith("0."));

describe("rules for domains", () => {
  it.each([
    ["https://example.com/", ["example.com"], "allowed"],
    ["https://EXAMPLE.com./", ["example.com"], "allowed"],
    ["https://example.com/", ["EXAMPLE.COM."], "allowed"],
    ["https://www.example.com/", ["example.com"], "domain_not_allowed"],
    ["https://www.example.com/", ["*.example.com"], "allowed"],
    ["https://a.b.example.com/", ["*.example.com"], "allowed"],
    ["https://example.com/", ["*.example.com"], "domain_not_allowed"],
    ["https://notexample.com/", ["*.example.com", "example.com"], "domain_not_allowed"],
    ["https://example.com.evil.org/", ["*.example.com", "example.com"], "domain_not_allowed"],
    ["https://example.com@evil.org/", ["example.com"], "domain_not_allowed"],
    ["https://evil.org/example.com", ["example.com"], "domain_not_allowed"],
    ["https://evil.org?example.com", ["example.com"], "domain_not_allowed"],
    ["https://evil.org\\@example.com", ["example.com"], "domain_not_allowed"],
    ["https://bücher.example/", ["xn--bcher-kva.example"], "allowed"],
    ["https://xn--bcher-kva.example/", ["BÜCHER.example"], "allowed"],
    ["https://example.com:8443/", ["example.com:8443"], "allowed"],
    ["https://example.com/", ["example.com:8443"], "domain_not_allowed"],
    ["https://example.com/", ["example.com:443"], "allowed"],
    ["http://example.com/", ["example.com:443"], "domain_not_allowed"],
    ["http://example.com/", ["example.com:80"], "allowed"],
    ["http://0x7f.1/", ["127.0.0.1"], "allowed"],
    ["http://[0:0:0:0:0:0:0:1]:3000/", ["[::1]:3000"], "allowed"],
    ["http://[::ffff:8.8.8.8]/", ["8.8.8.8"], "domain_not_allowed"],
    ["https://anything.example/", [], "allowed"],
    ["https://example..com/", [], "host"],
    ["https://example.com../", ["example.com"], "host"],
  ] as const)("%s under %j: %s", (url, allowed, expected) => {
    expect(verdict(url, [...allowed])).toBe(expected);
  });

  it.each([
    ["https://example.com/", ["example.com"], "domain_blocked"],
    ["https://www.example.com/", ["example.com"], "domain_blocked"],
    ["https://example.com/", ["*.example.com"], "allowed"],
    ["https://example.com:444/", ["example.com:443"], "allowed"],
    ["https://example.com./", ["example.com"], "domain_blocked"],
    ["https://ＥＸＡＭＰＬＥ.com/", ["example.com"], "domain_blocked"],
    ["https://example。com/", ["example.com"], "domain_blocked"],
    ["https://exa%6dple.com/", ["example.com"], "domain_blocked"],
  ] as const)("%s with %j blocked: %s", (url, blocked, expected) => {
    expect(verdict(url, [], [...blocked])).toBe(expected);
    expect(verdict(url, ["*.com", "example.com", "www.example.com"], [...blocked])).toBe(expected);
  });

  it("finds a blocked address among answers, whatever way it is written", () => {
    const rules = createDomainRules({ allowed: [], blocked: ["8.8.8.8", "[2606:4700::1]:443"] });
    expect(rules.blocksAddress("8.8.8.8", 80)).toBe("8.8.8.8");
    expect(rules.blocksAddress("2606:4700:0:0:0:0:0:1", 443)).toBe("[2606:4700::1]:443");
    expect(rules.blocksAddress("2606:4700::1", 80)).toBeNull();
    expect(rules.blocksAddress("8.8.4.4", 80)).toBeNull();
  });

  it("names every rule that cannot be read", () => {
    const lists = {
      allowed: ["ok.example", "https://x.example"],
      blocked: ["a b", "*.1.2.3.4", "a.*.b", "x:99999", "", "a@b"],
    };
    let issues: string[] = [];
    try {
      createDomainRules(lists);
    } catch (error) {
      if (error instanceof AppError) issues = error.issues?.map(({ path }) => path) ?? [];
    }
    expect(issues).toEqual(["allowed.1", ...[0, 1, 2, 3, 4, 5].map((at) => `blocked.${at}`)]);
  });

  it("reads its own spelling of a rule as the same rule", () => {
    const ports = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null });
    fc.assert(
      fc.property(nameArbitrary, fc.boolean(), ports, (name, isWildcard, port) => {
        const first = parseDomainRule(`${isWildcard ? "*." : ""}${name}${port === null ? "" : `:${port}`}`);
        if (!first.ok) return;
        expect(parseDomainRule(first.rule.text)).toEqual(first);
      }),
    );
  });

  it("knows an allowed or blocked name in each of its spellings", () => {
    const spelled = nameArbitrary.chain((name) => fc.tuple(fc.constant(name), nameSpellings(name)));
    fc.assert(
      fc.property(spelled, ([name, spelling]) => {
        const url = `https://${spelling}/`;
        if (!URL.canParse(url) || !parseDomainRule(name).ok) return;
        expect(verdict(url, [name])).toBe("allowed");
        expect(verdict(url, ["*.example", name], [name])).toBe("domain_blocked");
      }),
      { numRuns: 500 },
    );
  });

  it("lets no spelling of another name into an allowed set", () => {
    const pairs = fc
      .tuple(nameArbitrary, nameArbitrary)
      .chain(([name, other]) => fc.tuple(fc.constant(name), fc.constant(other), nameSpellings(other)));
    const dressed = fc.constantFrom(
      (other: string, name: string) => `https://${other}/${name}`,
      (other: string, name: string) => `https://${name}@${other}/`,
      (other: string, name: string) => `https://${name}:${name}@${other}/`,
      (other: string, name: string) => `https://${name}.${other}/`,
      (other: string, name: string) => `https://${other}#${name}`,
      (other: string, name: string) => `https://${other}\\.${name}/`,
      (other: string, name: string) => `https://${name}%2e${other}/`,
      (other: string, name: string) => `https://${name}。${other}/`,
      (other: string, name: string) => `https://x${name}/${other}`,
      (other: string, name: string) => `https:\t//${other}?.${name}`,
    );
    fc.assert(
      fc.property(pairs, dressed, ([name, other, spelling], dress) => {
        const url = dress(spelling, name);
        if (!URL.canParse(url) || !parseDomainRule(name).ok) return;
        const allowedHost = new URL(`https://${name}/`).hostname;
        const called = new URL(url).hostname.replace(/\.$/, "");
        fc.pre(called !== allowedHost && !called.endsWith(`.${allowedHost}`));
        expect(verdict(url, [name, `*.${name}`]), `${other} as ${url}`).not.toBe("allowed");
      }),
      { numRuns: 1_000 },
    );
  });

  it("knows an address in every spelling of it, and takes no other address for it", () => {
    const spelled = ipv4.chain((address) => fc.tuple(fc.constant(address), ipv4Spellings(address), ipv4));
    fc.assert(
      fc.property(spelled, ([address, spelling, other]) => {
        expect(verdict(`http://${spelling}/`, [address])).toBe("allowed");
        expect(verdict(`http://${spelling}/`, [], [address])).toBe("domain_blocked");
        if (other !== address) expect(verdict(`http://${spelling}/`, [other])).toBe("domain_not_allowed");
      }),
      { numRuns: 500 },
    );
  });

  it("does not let an allowed IPv4 address be called through an IPv6 address that carries it", () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        for (const form of embeddedForms(address))
          expect(verdict(`http://[${form}]/`, [address])).toBe("domain_not_allowed");
      }),
    );
  });
});

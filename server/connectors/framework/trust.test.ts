import * as fc from "fast-check";
import { expect, test } from "vitest";

import { trustTiers } from "../../../contract/features/connectors.ts";
import { trustListsSchema } from "../../../contract/features/trust.ts";
import { checkedTrustLists, createTrust, fenceOutside, trustOf } from "./trust.ts";

const lists = trustListsSchema.parse({
  "search-result": ["forum.example.org"],
  external: ["blog.example.com", "mirror.example"],
  primary: ["*.example.com", "bücher.example"],
  authoritative: ["docs.example.com", "nas.local:9000", "[2001:db8::1]"],
});

test.each([
  ["https://docs.example.com/a", "authoritative", "docs.example.com"],
  ["https://other.example.com", "primary", "*.example.com"],
  ["https://example.com", "external", null],
  ["https://BLOG.example.com./", "external", "blog.example.com"],
  ["https://deep.blog.example.com/", "external", "blog.example.com"],
  ["https://sub.docs.example.com/", "primary", "*.example.com"],
  ["https://www.forum.example.org", "search-result", "forum.example.org"],
  ["https://xn--bcher-kva.example/", "primary", "xn--bcher-kva.example"],
  ["nas.local:9000", "authoritative", "nas.local:9000"],
  ["nas.local:9001", "external", null],
  ["http://[2001:0db8::0:1]/", "authoritative", "[2001:db8::1]"],
  ["not an address", "external", null],
])("%s is %s by the entry %s", (address, tier, rule) => {
  expect(createTrust(lists).ofAddress(address, "external")).toEqual({ tier, rule });
});

test("a reply is trusted as far as the least of the places called, and as the operation says when none was", () => {
  const { of } = createTrust(lists);
  expect(of(["https://docs.example.com", "https://elsewhere.example"], "external").tier).toBe("external");
  expect(of(["https://docs.example.com", "https://www.forum.example.org"], "primary")).toEqual({
    tier: "search-result",
    rule: "forum.example.org",
  });
  expect(of([], "primary")).toEqual({ tier: "primary", rule: null });
});

test("a hit of a search stays one, whoever lists the search", () => {
  expect(trustOf(["https://docs.example.com"], "search-result", lists)).toBe("search-result");
});

test("another place called never makes a reply more trusted", () => {
  const address = fc.constantFrom(
    "https://docs.example.com",
    "https://a.example.com",
    "https://x.example",
    "forum.example.org",
  );
  fc.assert(
    fc.property(fc.array(address, { minLength: 1 }), address, fc.constantFrom(...trustTiers), (called, more, own) => {
      const { of } = createTrust(lists);
      const rank = (addresses: string[]): number => trustTiers.indexOf(of(addresses, own).tier);
      expect(rank([...called, more])).toBeLessThanOrEqual(rank(called));
    }),
  );
});

test("entries are kept in one spelling; all that cannot be read, or stand in two lists, are named", () => {
  const wanted = trustListsSchema.parse({ primary: ["Example.COM", "example.com.", "BÜCHER.example"] });
  expect(checkedTrustLists(wanted).primary).toEqual(["example.com", "xn--bcher-kva.example"]);
  const wrong = trustListsSchema.parse({ external: ["https://x.example", "y.example"], primary: ["Y.example"] });
  expect(() => checkedTrustLists(wrong)).toThrow(
    expect.objectContaining({
      code: "invalid_request",
      issues: [
        expect.objectContaining({ path: "body.external.0" }),
        { path: "body.primary.0", message: 'Y.example stands in the list "external", too' },
      ],
    }),
  );
});

test("an entry written by hand that cannot be read says nothing, and the others hold", () => {
  const byHand = trustListsSchema.parse({ primary: ["*.*", "good.example"] });
  expect(trustOf(["https://good.example"], "external", byHand)).toBe("primary");
});

test("text for a prompt stands in a fence with its tier and source, which it cannot end or forge", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, source) => {
      const fenced = fenceOutside("page", `${text}\n<<<end x>>>`, { tier: "external", sources: [source] }).split(
        /[\n\r\u2028\u2029]/,
      );
      const token = /^<<<data ([0-9a-f]{24}) trust=external from="[^"<>]*" what="page">>>$/.exec(fenced[0] ?? "")?.[1];
      expect(fenced.at(-1)).toBe(`<<<end ${token ?? "none"}>>>`);
      for (const line of fenced.slice(1, -1)) expect(line).toMatch(/^\| /);
    }),
  );
});

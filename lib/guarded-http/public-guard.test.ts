import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { createDomainRules, type DomainRuleLists } from "./domain-rules.ts";
import type { GuardVerdict } from "./guard.ts";
import { publicGuard, type PublicGuardOptions } from "./public-guard.ts";
import { embeddedForms, ipv4Spellings, nameSpellings } from "./testing/host-spellings.ts";

const ownPorts = [5554, 5555, 5556, 5557, 5558, 5559, 5560];
const publicAddress = "93.184.215.14";

function judge(url: string, answers: string[] = [publicAddress], options: Partial<PublicGuardOptions> = {}) {
  const guard = publicGuard({ ownPorts, resolve: () => Promise.resolve(answers), ...options });
  return Promise.resolve(guard.judge(new URL(url)));
}

function said(verdict: GuardVerdict): string {
  return verdict.ok ? `ok ${verdict.addresses.join(" ")}` : (verdict.code ?? "");
}

const rules = (allowed: string[], blocked: string[] = []): { rules: ReturnType<typeof createDomainRules> } => {
  const lists: DomainRuleLists = { allowed, blocked };
  return { rules: createDomainRules(lists) };
};

describe("guard of connectors", () => {
  it.each([
    ["https://api.example.com/v1", [publicAddress], `ok ${publicAddress}`],
    ["http://api.example.com:8080/", [publicAddress, "2606:4700::1"], `ok ${publicAddress} 2606:4700::1`],
    ["https://8.8.8.8/", [], "ok 8.8.8.8"],
    ["https://api.example.com:8443/", [publicAddress], "port"],
    ["https://api.example.com:22/", [publicAddress], "port"],
    ["http://api.example.com:5554/", [publicAddress], "own_port"],
    ["https://api.example.com/", [publicAddress, "127.0.0.1"], "loopback"],
    ["https://api.example.com/", ["10.0.0.7"], "private"],
    ["https://api.example.com/", ["100.101.1.1"], "tailnet"],
    ["https://api.example.com/", ["169.254.169.254"], "special_address"],
    ["https://api.example.com/", ["::ffff:93.184.215.14"], "special_address"],
    ["https://api.example.com/", [], "name_not_found"],
    ["http://localhost/", ["127.0.0.1"], "loopback"],
    ["http://[::1]/", [], "loopback"],
    ["http://2130706433/", [], "loopback"],
    ["http://192.168.1.1/", [], "private"],
    ["http://box.tail1234.ts.net/", ["100.101.1.1"], "tailnet"],
    ["http://169.254.169.254/", [], "special_address"],
    ["http://metadata.google.internal/", ["169.254.169.254"], "special_address"],
    ["https://a..b/", [publicAddress], "host"],
  ] as const)("%s answered by %j: %s", async (url, answers, expected) => {
    const verdict = await judge(url, [...answers]);
    expect(said(verdict)).toBe(expected);
    if (!verdict.ok && verdict.code !== "host") expect(verdict.hint).toMatch(/\.$/);
  });

  it("opens exactly the host and port that is a target", async () => {
    const targets = [
      { address: "http://127.0.0.1:3000" },
      { address: "nas.local:9000" },
      { address: "smtp.example.com:587" },
    ];
    const at = async (url: string, answers?: string[]) => said(await judge(url, answers, { targets }));
    expect(await at("http://127.0.0.1:3000/x")).toBe("ok 127.0.0.1");
    expect(await at("http://0x7f000001:3000/x")).toBe("ok 127.0.0.1");
    expect(await at("http://127.0.0.1:3001/")).toBe("port");
    expect(await at("http://127.0.0.1:8080/")).toBe("loopback");
    expect(await at("http://127.0.0.2:3000/")).toBe("port");
    expect(await at("http://localhost:3000/", ["127.0.0.1"])).toBe("port");
    expect(await at("http://NAS.local.:9000/", ["192.168.1.9"])).toBe("ok 192.168.1.9");
    expect(await at("http://nas.local/", ["192.168.1.9"])).toBe("private");
    expect(await at("https://smtp.example.com:587/")).toBe(`ok ${publicAddress}`);
    expect(await at("https://smtp.example.com:587/", ["10.0.0.7"])).toBe("private");
  });

  it("lets a public-looking name lead inside only when the user said so", async () => {
    const targets = [{ address: "https://git.corp.example.com", isInside: true }];
    const at = async (answers: string[]) => said(await judge("https://git.corp.example.com/", answers, { targets }));
    expect(await at(["10.0.0.7"])).toBe("ok 10.0.0.7");
    expect(await at(["169.254.169.254"])).toBe("special_address");
  });

  it("leads nobody inside where only the outside is meant, and still knows ports that are named", async () => {
    const targets = ["http://127.0.0.1:3000", "http://files.example.com:9000"].map((address) => ({ address }));
    const inside = [{ address: "https://git.corp.example.com", isInside: true }];
    const at = async (url: string, answers: string[] = [publicAddress]) =>
      said(await judge(url, answers, { targets: [...targets, ...inside], isOutsideOnly: true }));
    expect(await at("http://127.0.0.1:3000/")).toBe("loopback");
    expect(await at("https://git.corp.example.com/", ["10.0.0.7"])).toBe("private");
    expect(await at("http://files.example.com:9000/")).toBe(`ok ${publicAddress}`);
  });

  it("never opens a port of its own, nor an address no machine answers at, although they are targets", async () => {
    const targets = ["http://127.0.0.1:5558", "http://169.254.169.254:80", "http://[::ffff:127.0.0.1]:3000"];
    for (const address of targets) expect((await judge(address, [], { targets: [{ address }] })).ok).toBe(false);
  });

  it("gives a target's own trust to that target alone", async () => {
    const targets = [{ address: "https://nas.local:9000", trust: { ca: "pem" } }];
    expect(await judge("https://nas.local:9000", ["192.168.1.9"], { targets })).toMatchObject({ trust: { ca: "pem" } });
    expect(await judge("https://example.com", undefined, { targets })).not.toHaveProperty("trust");
  });

  it("asks no resolver for what a rule forbids, and blocks an answer that is blocked", async () => {
    let asked = 0;
    const resolve = () => {
      asked += 1;
      return Promise.resolve([publicAddress]);
    };
    expect(said(await judge("https://evil.org/", [], { ...rules(["example.com"]), resolve }))).toBe(
      "domain_not_allowed",
    );
    expect(said(await judge("https://www.evil.org/", [], { ...rules([], ["evil.org"]), resolve }))).toBe(
      "domain_blocked",
    );
    expect(asked).toBe(0);
    expect(said(await judge("https://x.org/", [], { ...rules([], [publicAddress]), resolve }))).toBe("domain_blocked");
  });

  it.each(["nas.local", "http://a:b@127.0.0.1:3000", "not a target", "ftp://x:21", ":80", "a:0"])(
    "refuses %j as a target",
    (address) => {
      expect(() => publicGuard({ ownPorts, targets: [{ address }] })).toThrow(
        expect.objectContaining({ code: "invalid_request" }),
      );
    },
  );

  it("refuses an address inside in every spelling of it", async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const inside = fc.oneof(
      fc.tuple(fc.constant(127), byte, byte, byte),
      fc.tuple(fc.constant(10), byte, byte, byte),
      fc.tuple(fc.constant(192), fc.constant(168), byte, byte),
      fc.tuple(fc.constant(169), fc.constant(254), byte, byte),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), byte, byte),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), byte, byte),
      fc.tuple(fc.constant(0), byte, byte, byte),
    );
    const spelled = inside
      .map((bytes) => bytes.join("."))
      .chain((address) =>
        fc.tuple(
          fc.constant(address),
          fc.oneof(ipv4Spellings(address), fc.constantFrom(...embeddedForms(address).map((form) => `[${form}]`))),
        ),
      );
    await fc.assert(
      fc.asyncProperty(spelled, async ([address, spelling]) => {
        expect((await judge(`http://${spelling}/`)).ok, spelling).toBe(false);
        const { rules: allowing } = rules([address, "*.example.com"]);
        expect((await judge(`http://${spelling}/`, [], { rules: allowing })).ok, spelling).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses a public address inside an IPv6 address too, in the URL and in an answer", async () => {
    const address = fc.ipV4().filter((text) => /^(?:8|93|151)\./.test(text) || text.startsWith("1."));
    const forms = fc.oneof(address, fc.constant("8.8.8.8")).chain((text) => fc.constantFrom(...embeddedForms(text)));
    await fc.assert(
      fc.asyncProperty(forms, async (form) => {
        expect((await judge(`http://[${form}]/`)).ok).toBe(false);
        expect((await judge("http://example.com/", [publicAddress, form])).ok).toBe(false);
      }),
    );
  });

  it("judges a name alike in each of its spellings", async () => {
    await fc.assert(
      fc.asyncProperty(nameSpellings("bücher.example"), async (spelling) => {
        const url = `https://${spelling}/`;
        expect(said(await judge(url, [publicAddress], rules(["bücher.example"])))).toBe(`ok ${publicAddress}`);
        expect(said(await judge(url, [publicAddress], rules([], ["bücher.example"])))).toBe("domain_blocked");
      }),
    );
  });
});

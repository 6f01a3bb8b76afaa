import type { IncomingMessage } from "node:http";

import { describe, expect, test } from "vitest";

import { defaultBasePort, portsFrom } from "../contract/ports.ts";
import { createGate, type Gate } from "./gate.ts";
import { silentLogger } from "./logger.ts";

const machine = () =>
  Promise.resolve({
    names: ["localhost", "127.0.0.1", "[::1]", "box", "box.tail1.ts.net", "100.101.102.103"],
    tailnet: { state: "running" as const, dnsName: "box.tail1.ts.net", addresses: ["100.101.102.103"] },
  });

async function gateOf(
  env: { allowedHosts?: string[]; allowedPeers?: string[] } = {},
  peers: "loopback" | "tailnet" = "tailnet",
): Promise<Gate> {
  const gate = createGate({
    peers,
    ports: [5554, 5555],
    env: { allowedHosts: [], allowedPeers: [], dataDir: "/nowhere", ports: portsFrom(defaultBasePort), ...env },
    logger: silentLogger,
    machine,
  });
  await gate.refresh();
  return gate;
}

function request(headers: Record<string, string | string[]>, remoteAddress = "127.0.0.1"): IncomingMessage {
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((one) => [name, one]));
  const single = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()[0]]),
  );
  return { socket: { remoteAddress }, headers: single, rawHeaders, method: "GET" } as unknown as IncomingMessage;
}

const ours = { Host: "localhost:5554" };

describe("peer", () => {
  test.each([
    ["127.0.0.1", true],
    ["127.8.9.1", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["100.64.0.1", true],
    ["100.127.255.254", true],
    ["::ffff:100.100.1.1", true],
    ["fd7a:115c:a1e0::5", true],
    ["100.128.0.1", false],
    ["100.63.255.255", false],
    ["192.168.1.4", false],
    ["10.0.0.1", false],
    ["8.8.8.8", false],
    ["fd7a:115c:a1e1::5", false],
    ["2001:db8::1", false],
    ["", false],
    ["not an address", false],
  ])("%s is answered: %s", async (address, isAllowed) => {
    expect((await gateOf()).isPeerAllowed(address)).toBe(isAllowed);
  });

  test("a loopback-only listener does not answer the tailnet", async () => {
    const gate = await gateOf({ allowedPeers: ["192.168.1.0/24"] }, "loopback");
    expect(gate.isPeerAllowed("100.64.0.1")).toBe(false);
    expect(gate.isPeerAllowed("192.168.1.4")).toBe(false);
    expect(gate.isPeerAllowed("127.0.0.1")).toBe(true);
  });

  test("a network of the settings is answered, its neighbour is not", async () => {
    const gate = await gateOf({ allowedPeers: ["192.168.1.0/24"] });
    expect(gate.isPeerAllowed("192.168.1.200")).toBe(true);
    expect(gate.isPeerAllowed("192.168.2.200")).toBe(false);
  });

  test("a header never stands in for the peer", async () => {
    const verdict = (await gateOf()).judge(request({ ...ours, "X-Forwarded-For": "127.0.0.1" }, "192.168.1.4"));
    expect(verdict).toMatchObject({ ok: false, reason: "peer" });
  });
});

describe("Host", () => {
  test.each([
    "localhost:5554",
    "LOCALHOST:5555",
    "127.0.0.1:5554",
    "[::1]:5554",
    "box:5555",
    "box.tail1.ts.net:5555",
    "100.101.102.103:5555",
    "box.tail1.ts.net",
  ])("%s is ours", async (host) => {
    expect((await gateOf()).judge(request({ Host: host }))).toEqual({ ok: true });
  });

  test.each([
    "evil.test:5554",
    "localhost.evil.test:5554",
    "evil-localhost:5554",
    "localhost:5554.evil.test",
    "localhost:80",
    "localhost",
    "localhost:05554",
    "localhost:5554@evil.test",
    "user@localhost:5554",
    "xbox.tail1.ts.net:5555",
    "box.tail1.ts.net.evil.test:5555",
    "localhost:5554/..",
    "localhost :5554",
    "",
  ])("%j is not ours", async (host) => {
    expect((await gateOf()).judge(request({ Host: host }))).toMatchObject({ ok: false, reason: "host" });
  });

  test("two Host headers or none are a bad request", async () => {
    const gate = await gateOf();
    expect(gate.judge(request({ Host: ["localhost:5554", "localhost:5554"] }))).toMatchObject({
      ok: false,
      status: 400,
    });
    expect(gate.judge(request({}))).toMatchObject({ ok: false, status: 400 });
  });

  test("a name of the settings is ours, with our ports only unless it names its own", async () => {
    const gate = await gateOf({ allowedHosts: ["panel.lan", "proxy.lan:8443"] });
    expect(gate.judge(request({ Host: "panel.lan:5555" }))).toEqual({ ok: true });
    expect(gate.judge(request({ Host: "panel.lan:99" }))).toMatchObject({ ok: false });
    expect(gate.judge(request({ Host: "proxy.lan:8443" }))).toEqual({ ok: true });
  });
});

describe("Origin and Sec-Fetch-Site", () => {
  test.each(["http://localhost:5554", "http://localhost:5555", "http://box:5555"])("%s may ask", async (origin) => {
    expect((await gateOf()).judge(request({ ...ours, Origin: origin }))).toEqual({ ok: true });
  });

  test.each([
    "null",
    "https://localhost:5554",
    "http://localhost:3000",
    "http://localhost",
    "http://evil.test",
    "http://localhost:5554.evil.test",
    "http://localhost:5554/",
    "file://",
    "chrome-extension://abc",
    "http://evil.test/http://localhost:5554",
  ])("%s may not ask", async (origin) => {
    expect((await gateOf()).judge(request({ ...ours, Origin: origin }))).toMatchObject({ ok: false, reason: "origin" });
  });

  test("over tailscale serve the origin is https, and only when the proxy is on this machine", async () => {
    const gate = await gateOf();
    const headers = { Host: "box.tail1.ts.net", Origin: "https://box.tail1.ts.net", "X-Forwarded-Proto": "https" };
    expect(gate.judge(request(headers))).toEqual({ ok: true });
    expect(gate.judge(request(headers, "100.64.0.9"))).toMatchObject({ ok: false, reason: "origin" });
  });

  test.each([
    ["same-origin", true],
    ["none", true],
    ["same-site", false],
    ["cross-site", false],
  ])("Sec-Fetch-Site %s is answered: %s", async (site, isAllowed) => {
    expect((await gateOf()).judge(request({ ...ours, "Sec-Fetch-Site": site })).ok).toBe(isAllowed);
  });

  test("a Funnel visitor is refused", async () => {
    expect((await gateOf()).judge(request({ ...ours, "Tailscale-Funnel-Request": "?1" }))).toMatchObject({
      ok: false,
      reason: "funnel",
    });
  });
});

test("a program of a run reaches what is open to runs, and nothing else on the same connection", async () => {
  const told: string[] = [];
  const gate = createGate({
    peers: "tailnet",
    ports: [5554],
    env: { allowedHosts: [], allowedPeers: [], dataDir: "/nowhere", ports: portsFrom(defaultBasePort) },
    logger: silentLogger,
    machine,
    programs: { refusal: () => ({ reason: "agent", name: "node of run 1", runId: "1" }) },
    isOpenToRuns: ({ url }) => url === "/mcp",
    onProgramRefused: ({ url = "" }) => void told.push(url),
  });
  await gate.refresh();
  const at = (url: string) => Object.assign(request(ours), { url });
  expect(gate.judge(at("/mcp"))).toEqual({ ok: true });
  expect(gate.runProgramOf(at("/mcp"))).toMatchObject({ runId: "1" });
  for (const url of ["/api/apps", "/mcp/", "/mcp?x", "/MCP", "//mcp"])
    expect(gate.judge(at(url))).toMatchObject({ ok: false, reason: "agent" });
  expect(told).not.toContain("/mcp");
  const foreign = Object.assign(request({ ...ours, Origin: "https://evil.example" }), { url: "/mcp" });
  expect(gate.judge(foreign)).toMatchObject({ ok: false, reason: "origin" });
});

test("one that is gone, or not known, does not reach it either", async () => {
  for (const reason of ["gone", "busy"] as const) {
    const gate = createGate({
      peers: "tailnet",
      ports: [5554],
      env: { allowedHosts: [], allowedPeers: [], dataDir: "/nowhere", ports: portsFrom(defaultBasePort) },
      logger: silentLogger,
      machine,
      programs: { refusal: () => ({ reason, name: "a program" }) },
      isOpenToRuns: () => true,
    });
    await gate.refresh();
    expect(gate.judge(request(ours))).toMatchObject({ ok: false, reason });
  }
});

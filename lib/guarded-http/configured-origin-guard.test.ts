import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { configuredOriginGuard } from "./configured-origin-guard.ts";
import { guardedRequest } from "./guarded-http.ts";

const ownPorts = [5554, 5555, 5556, 5557, 5558, 5559, 5560];
let server: Server;
let port = 0;
let calls: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    calls.push(request.headers.host ?? "");
    const to = new URL(request.url ?? "/", "http://x").searchParams.get("to");
    if (to === null) response.end("here");
    else response.writeHead(307, { location: to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
beforeEach(() => {
  calls = [];
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

function answers(...rounds: string[][]): (name: string) => Promise<string[]> {
  let round = 0;
  return () => {
    round += 1;
    return Promise.resolve(rounds[Math.min(round, rounds.length) - 1] ?? []);
  };
}

function notFound(): Promise<string[]> {
  return Promise.reject(Object.assign(new Error("getaddrinfo"), { code: "ENOTFOUND" }));
}

function verdict(address: string, resolved: string[] = [], called = address) {
  return configuredOriginGuard({ address, ownPorts, resolve: answers(resolved) }).judge(new URL(called));
}

function get(address: string, resolve: (name: string) => Promise<string[]>, path = "/") {
  return guardedRequest({
    url: new URL(path, address).href,
    method: "GET",
    guard: configuredOriginGuard({ address, ownPorts, resolve }),
    timeoutMs: 2_000,
    maxBytes: 1_000,
    maxRedirects: 3,
  });
}

describe("guard of a configured origin", () => {
  it.each([
    ["loopback", "http://127.0.0.1:1234/v1"],
    ["IPv6 loopback", "http://[::1]:11434/v1"],
    ["an address of the network", "http://192.168.1.20:11434"],
    ["an address of the tailnet", "http://100.101.102.103:1234"],
    ["a public address", "https://8.8.8.8/v1"],
  ])("allows %s that is named", async (_what, address) => {
    expect(await verdict(address)).toMatchObject({ ok: true });
  });

  it.each([
    ["another port", "http://127.0.0.1:1235/"],
    ["another scheme", "https://127.0.0.1:1234/"],
    ["another name for the same machine", "http://localhost:1234/"],
    ["another host", "http://example.org:1234/"],
  ])("refuses %s", async (_what, called) => {
    expect(await verdict("http://127.0.0.1:1234/v1", ["127.0.0.1"], called)).toMatchObject({ ok: false });
  });

  it.each([
    "http://169.254.169.254/latest",
    "http://0.0.0.0:1234",
    "http://[::ffff:127.0.0.1]:1234",
    "http://[fe80::1]:1234",
    "http://100.100.100.200",
    "http://127.0.0.1:5558",
    "http://localhost:5554",
  ])("refuses %s although it is named", async (address) => {
    expect(await verdict(address, ["127.0.0.1"])).toMatchObject({ ok: false });
  });

  it.each([
    ["https://api.example.com", ["93.184.215.14"], true],
    ["https://api.example.com", ["93.184.215.14", "2606:2800:21f:cb07::1"], true],
    ["https://api.example.com", ["93.184.215.14", "127.0.0.1"], false],
    ["https://api.example.com", ["10.0.0.7"], false],
    ["https://api.example.com", ["169.254.169.254"], false],
    ["https://api.example.com", ["::ffff:93.184.215.14"], false],
    ["https://api.example.com", ["100.101.1.1"], false],
    ["http://localhost:1234", ["127.0.0.1", "::1"], true],
    ["http://localhost:1234", ["192.168.1.2"], false],
    ["http://box.tail1234.ts.net:1234", ["100.101.1.1"], true],
    ["http://box.tail1234.ts.net:1234", ["192.168.1.2"], false],
    ["http://box.tail1234.ts.net:1234", ["93.184.215.14"], false],
    ["http://nas:11434", ["192.168.1.2"], true],
    ["http://nas.local:11434", ["192.168.1.2"], true],
    ["http://nas.local:11434", ["93.184.215.14"], false],
    ["http://metadata.google.internal", ["169.254.169.254"], false],
    ["https://api.example.com", [], false],
  ] as const)("%s answered by %j: %s", async (address, resolved, isAllowed) => {
    expect(await verdict(address, [...resolved])).toMatchObject({ ok: isAllowed });
  });

  it("dials the address that was checked and asks for no other", async () => {
    const address = `http://models.local:${port}`;
    const reply = await get(address, answers(["127.0.0.1"], ["192.168.0.1"]));
    expect(Buffer.from(reply.body).toString()).toBe("here");
    expect(calls).toEqual([`models.local:${port}`]);
  });

  it("judges a name anew at each redirect: an answer that changed to loopback is refused", async () => {
    const address = `http://models.local:${port}`;
    const changing = answers(["127.0.0.1"], ["169.254.169.254"]);
    await expect(get(address, changing, "/?to=/again")).rejects.toMatchObject({ code: "forbidden" });
    expect(calls).toHaveLength(1);
  });

  it("does not call loopback when a public name suddenly leads there", async () => {
    const address = `http://api.example.com:${port}`;
    await expect(get(address, answers(["127.0.0.1"]))).rejects.toMatchObject({ code: "forbidden" });
    expect(calls).toEqual([]);
  });

  it.each(["http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://localhost:5558/"])(
    "refuses a redirect to %s",
    async (target) => {
      await expect(
        get(`http://127.0.0.1:${port}`, answers(["127.0.0.1"]), `/?to=${encodeURIComponent(target)}`),
      ).rejects.toMatchObject({ code: "forbidden" });
      expect(calls).toHaveLength(1);
    },
  );

  it("tells a name that is not found from one that is refused", async () => {
    await expect(get("https://gone.example.com", notFound)).rejects.toMatchObject({
      code: "upstream_failed",
      message: "No answer: the name gone.example.com was not found (ENOTFOUND)",
    });
  });
});

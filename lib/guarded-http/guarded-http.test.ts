import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { guardedRequest, type GuardedRequest } from "./guarded-http.ts";
import { loopbackGuard } from "./loopback-guard.ts";

const servers: Server[] = [];
let port = 0;
let otherPort = 0;
let otherCalls = 0;

async function listen(handler: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  otherPort = await listen((_request, response) => {
    otherCalls += 1;
    response.end("other");
  });
  port = await listen((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    if (url.pathname === "/echo")
      response.end(JSON.stringify({ method: request.method, headers: request.headers, path: request.url }));
    else if (url.pathname === "/big") response.end(Buffer.alloc(100_000, 65));
    else if (url.pathname === "/to") response.writeHead(302, { location: url.searchParams.get("url") ?? "/" }).end();
    else if (url.pathname === "/drip") {
      const timer = setInterval(() => response.write("."), 20);
      response.on("close", () => {
        clearInterval(timer);
      });
    } else if (url.pathname === "/never") response.on("close", () => undefined);
    else response.writeHead(404).end("nothing");
  });
});

afterAll(async () => {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => {
          server.closeAllConnections();
          server.close(resolve);
        }),
    ),
  );
});

function call(path: string, more: Partial<GuardedRequest> = {}) {
  return guardedRequest({
    url: path.startsWith("/") ? `http://127.0.0.1:${port}${path}` : path,
    method: "GET",
    guard: loopbackGuard([port]),
    timeoutMs: 2_000,
    maxBytes: 10_000,
    ...more,
  });
}

describe("guarded request", () => {
  it("returns any status as a reply", async () => {
    const reply = await call("/nothing-here");
    expect(reply.status).toBe(404);
    expect(Buffer.from(reply.body).toString()).toBe("nothing");
  });

  it("ignores a proxy of the environment and sends no cookie", async () => {
    process.env["HTTP_PROXY"] = "http://127.0.0.1:9";
    try {
      const reply = await call("/echo");
      const echo = JSON.parse(Buffer.from(reply.body).toString()) as { headers: Record<string, string> };
      expect(echo.headers["cookie"]).toBeUndefined();
      expect(echo.headers["host"]).toBe(`127.0.0.1:${port}`);
    } finally {
      delete process.env["HTTP_PROXY"];
    }
  });

  it.each([
    ["another port", () => `http://127.0.0.1:${otherPort}/`],
    ["another host", () => `http://192.168.1.1:${port}/`],
    ["a name that only looks local", () => `http://localhost.example.org:${port}/`],
    ["the unspecified address", () => `http://0.0.0.0:${port}/`],
    ["an embedded IPv4 address", () => `http://[::ffff:127.0.0.1]:${port}/`],
    ["https", () => `https://127.0.0.1:${port}/`],
    ["credentials", () => `http://a:b@127.0.0.1:${port}/`],
    ["a file", () => "file:///etc/passwd"],
  ])("refuses %s", async (_what, url) => {
    await expect(call(url())).rejects.toMatchObject({ code: "forbidden" });
  });

  it("reads every spelling of the loopback address as what it is", async () => {
    expect((await call(`http://0x7f.1:${port}/echo`)).status).toBe(200);
    expect((await call(`http://localhost:${port}/echo`)).status).toBe(200);
  });

  it("gives a redirect back when none may be followed", async () => {
    expect((await call("/to?url=/echo")).status).toBe(302);
  });

  it("follows a redirect that is allowed and refuses one that is not", async () => {
    expect((await call("/to?url=/echo", { maxRedirects: 2 })).status).toBe(200);
    const before = otherCalls;
    const elsewhere = encodeURIComponent(`http://127.0.0.1:${otherPort}/`);
    await expect(call(`/to?url=${elsewhere}`, { maxRedirects: 2 })).rejects.toMatchObject({ code: "forbidden" });
    expect(otherCalls).toBe(before);
  });

  it("ends a redirect loop", async () => {
    await expect(call("/to?url=/to", { maxRedirects: 3 })).resolves.toMatchObject({ status: 404 });
    const loop = encodeURIComponent("/to?url=%2Fto%3Furl%3D%252Fto");
    await expect(call(`/to?url=${loop}`, { maxRedirects: 1 })).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("cuts a body at its cap", async () => {
    const reply = await call("/big");
    expect(reply.isCut).toBe(true);
    expect(reply.body.length).toBe(10_000);
  });

  it.each(["/never", "/drip"])("gives up on %s after the time limit", async (path) => {
    const start = performance.now();
    await expect(call(path, { timeoutMs: 200, maxBytes: 1e9 })).rejects.toMatchObject({ code: "timeout" });
    expect(performance.now() - start).toBeLessThan(1_500);
  });

  it("stops when the caller cancels", async () => {
    const cancel = new AbortController();
    const reply = call("/never", { signal: cancel.signal });
    cancel.abort();
    await expect(reply).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("refuses headers that decide where a request goes", async () => {
    await expect(call("/echo", { headers: { Host: "evil" } })).rejects.toMatchObject({ code: "forbidden" });
  });

  it("names a port on which nothing listens", async () => {
    const free = await listen(() => undefined);
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    await expect(call(`http://127.0.0.1:${free}/`, { guard: loopbackGuard([free]) })).rejects.toMatchObject({
      message: "No answer: nothing listens there",
    });
  });
});

import { Readable } from "node:stream";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createAgentPool } from "./agent-pool.ts";
import { createGuardedFetch } from "./guarded-fetch.ts";
import { guardedRequest, type GuardedRequest } from "./guarded-http.ts";
import { openRequest } from "./open-request.ts";
import { publicGuard } from "./public-guard.ts";
import { startHttp, type StartedServer } from "./testing/hostile-server.ts";
import { createTrace, type TraceHop } from "./trace.ts";

interface Seen {
  method: string;
  headers: Record<string, string>;
  body: string;
}

let first: StartedServer;
let second: StartedServer;

function start(): Promise<StartedServer> {
  return startHttp((request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    const to = url.searchParams.get("to");
    if (to !== null) {
      response.writeHead(Number(url.searchParams.get("status") ?? "307"), { location: to, "content-length": 0 }).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method, headers } = request;
      response.end(JSON.stringify({ method, headers, body: Buffer.concat(chunks).toString() }));
    });
  });
}

beforeAll(async () => {
  [first, second] = await Promise.all([start(), start()]);
});
afterAll(async () => {
  await Promise.all([first.close(), second.close()]);
});

const originOf = ({ port }: StartedServer): string => `http://127.0.0.1:${port}`;

function guard() {
  return publicGuard({ ownPorts: [5554], targets: [{ address: originOf(first) }, { address: originOf(second) }] });
}

async function call(path: string, more: Partial<GuardedRequest> = {}): Promise<Seen> {
  const url = originOf(first) + path;
  const options = {
    url,
    method: "GET" as const,
    guard: guard(),
    timeoutMs: 10_000,
    maxBytes: 100_000,
    maxRedirects: 3,
  };
  const reply = await guardedRequest({ ...options, ...more });
  return JSON.parse(Buffer.from(reply.body).toString()) as Seen;
}

const secrets = {
  authorization: "Bearer x",
  cookie: "a=b",
  "x-api-key": "k",
  "x-auth": "k",
  "private-key": "k",
  "x-signature": "k",
  "x-tenant": "me",
};

describe("redirects", () => {
  it("keep what is sent along within an origin", async () => {
    const seen = await call("/?to=/echo", { method: "POST", body: "text", headers: secrets });
    expect(seen).toMatchObject({ method: "POST", body: "text", headers: secrets });
  });

  it("take nothing that could be a credential to another origin", async () => {
    const headers = { ...secrets, accept: "application/json", "content-type": "text/plain" };
    const seen = await call(`/?to=${originOf(second)}/echo`, { method: "POST", body: "text", headers });
    expect(seen).toMatchObject({
      method: "POST",
      body: "text",
      headers: { accept: "application/json", "content-type": "text/plain" },
    });
    for (const name of Object.keys(secrets)) expect(seen.headers).not.toHaveProperty(name);
  });

  it.each([301, 302, 303])("drop the body of a POST when the status is %i", async (status) => {
    const headers = { "content-type": "text/plain", "x-tenant": "me" };
    const seen = await call(`/?to=/echo&status=${status}`, { method: "POST", body: "text", headers });
    expect(seen).toMatchObject({ method: "GET", body: "", headers: { "x-tenant": "me" } });
    expect(seen.headers).not.toHaveProperty("content-type");
  });

  it("count as sent although where they lead to cannot be reached", async () => {
    const gone = await start();
    await gone.close();
    const targets = [first, gone].map((server) => ({ address: originOf(server) }));
    const reaching = { method: "POST", body: "x", guard: publicGuard({ ownPorts: [], targets }) } as const;
    await expect(call(`/?to=${originOf(gone)}/&status=303`, reaching)).rejects.toMatchObject({
      reason: "connect",
      isSent: true,
    });
    await expect(call("/", { ...reaching, url: originOf(gone) })).rejects.toMatchObject({
      reason: "connect",
      isSent: false,
    });
  });

  it("may lead to what is refused, which is sent as well", async () => {
    await expect(call("/?to=http://10.0.0.1/", { method: "POST", body: "x" })).rejects.toMatchObject({
      code: "forbidden",
      isSent: true,
    });
    const slow = { judge: () => new Promise<never>(() => undefined) };
    await expect(call("/", { guard: slow, timeoutMs: 100 })).rejects.toMatchObject({ code: "timeout", isSent: false });
  });

  it("cannot send a stream twice", async () => {
    const signal = AbortSignal.timeout(10_000);
    const request = {
      url: `${originOf(first)}/?to=/echo`,
      method: "POST",
      guard: guard(),
      headers: {},
      maxBytes: 1_000,
      maxRedirects: 3,
      signal,
    } as const;
    await expect(openRequest({ ...request, body: Readable.from([Buffer.from("x")]) })).rejects.toMatchObject({
      reason: "redirect",
    });
  });
});

describe("caps for what is sent", () => {
  it("refuse a body that is too large before anything is called", async () => {
    const trace = createTrace();
    const before = first.connections();
    const pool = createAgentPool();
    await expect(
      call("/", { method: "POST", body: "é".repeat(6), maxRequestBytes: 11, trace, pool }),
    ).rejects.toMatchObject({
      code: "too_large",
      isSent: false,
    });
    expect([first.connections(), trace.hops[0]?.address]).toEqual([before, null]);
    expect(await call("/", { method: "POST", body: "é".repeat(6), maxRequestBytes: 12 })).toMatchObject({
      body: "éééééé",
    });
  });

  it("end a stream as soon as it is too large", async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1_000);
      })(),
    );
    const signal = AbortSignal.timeout(10_000);
    const request = {
      url: `${originOf(first)}/`,
      method: "PUT",
      guard: guard(),
      headers: {},
      maxBytes: 1_000,
      maxRedirects: 0,
      signal,
    } as const;
    await expect(openRequest({ ...request, body: endless, maxRequestBytes: 5_000 })).rejects.toMatchObject({
      code: "too_large",
    });
  });
});

function hopOf(hops: readonly TraceHop[], at = 0): TraceHop | undefined {
  return hops.at(at);
}

describe("trace", () => {
  it("tells of each hop where it went and what went over it", async () => {
    const trace = createTrace();
    await call(`/?to=${encodeURIComponent(`${originOf(second)}/echo?token=abc`)}&api_key=abc`, {
      method: "POST",
      body: "12345",
      trace,
    });
    expect(trace.hops).toHaveLength(2);
    expect(hopOf(trace.hops)).toMatchObject({
      method: "POST",
      addresses: ["127.0.0.1"],
      address: "127.0.0.1",
      status: 307,
      sentBytes: 5,
      refusal: null,
      failure: null,
    });
    expect(hopOf(trace.hops)?.url).toContain("api_key=[redacted]");
    const last = hopOf(trace.hops, 1);
    expect(last).toMatchObject({ url: `${originOf(second)}/echo?token=[redacted]`, status: 200, sentBytes: 5 });
    expect(last?.receivedBytes).toBeGreaterThan(50);
    expect(last?.headersMs).toBeGreaterThan(0);
  });

  it("is written by fetch too", async () => {
    const trace = createTrace();
    const send = createGuardedFetch(guard(), { timeoutMs: 10_000, maxBytes: 1_000, trace });
    const text = await (await send(`${originOf(first)}/`)).text();
    expect(hopOf(trace.hops)).toMatchObject({ status: 200, receivedBytes: text.length });
  });
});

describe("connections that are kept", () => {
  it("are used again for the same purpose, and not for another set of addresses", async () => {
    const pool = createAgentPool();
    const before = first.connections();
    const at = async (addresses: string[]): Promise<boolean | undefined> => {
      const trace = createTrace();
      const one = { judge: () => ({ ok: true as const, addresses }) };
      await call("/", { guard: one, url: `http://name.localhost:${first.port}/`, trace, pool });
      return hopOf(trace.hops)?.isReused;
    };
    expect([await at(["127.0.0.1"]), await at(["127.0.0.1"])]).toEqual([false, true]);
    expect([await at(["127.0.0.1", "127.0.0.2"]), await at(["127.0.0.2", "127.0.0.1"])]).toEqual([false, true]);
    expect(first.connections() - before).toBe(2);
    const open = first.open();
    pool.close();
    await expect.poll(() => first.open()).toBe(open - 2);
  });

  it("are not used for a call that must not be made twice once they have been idle for a while", async () => {
    const pool = createAgentPool();
    const isReused = async (method: "GET" | "POST"): Promise<boolean | undefined> => {
      const trace = createTrace();
      await call("/", { method, trace, pool });
      return hopOf(trace.hops)?.isReused;
    };
    expect([await isReused("POST"), await isReused("POST")]).toEqual([false, true]);
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect([await isReused("GET")]).toEqual([true]);
    await new Promise((resolve) => setTimeout(resolve, 2_300));
    expect([await isReused("POST")]).toEqual([false]);
    pool.close();
  });

  it("are not more than so many while idle, whatever came at once", async () => {
    const pool = createAgentPool();
    const open = first.open();
    await Promise.all(Array.from({ length: 60 }, () => call("/", { pool })));
    await expect.poll(() => first.open() - open).toBeLessThanOrEqual(16);
    pool.close();
    await expect.poll(() => first.open()).toBeLessThanOrEqual(open);
  });
});

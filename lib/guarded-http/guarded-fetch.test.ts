import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { configuredOriginGuard } from "./configured-origin-guard.ts";
import { createGuardedFetch, type GuardedFetchOptions } from "./guarded-fetch.ts";

let server: Server;
let base = "";
let closed = 0;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://x");
  response.on("close", () => {
    if (!response.writableFinished) closed += 1;
  });
  if (url.pathname === "/echo") {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method, headers } = request;
    response.end(JSON.stringify({ method, headers, body: Buffer.concat(chunks).toString() }));
  } else if (url.pathname === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
    request.on("close", () => response.end());
  } else if (url.pathname === "/to") response.writeHead(307, { location: url.searchParams.get("url") ?? "/" }).end();
  else if (url.pathname === "/bomb")
    response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(2_000_000)));
  else if (url.pathname === "/half") {
    response.writeHead(200, { "content-length": "100" }).write("half");
    setTimeout(() => request.socket.destroy(), 30);
  } else if (url.pathname === "/empty") response.writeHead(204).end();
  else if (url.pathname === "/limited") response.writeHead(429, { "retry-after": "7" }).end("slow down");
}

beforeAll(async () => {
  server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function guarded(options: Partial<GuardedFetchOptions> = {}): typeof fetch {
  const guard = configuredOriginGuard({ address: base, ownPorts: [] });
  return createGuardedFetch(guard, { timeoutMs: 3_000, maxBytes: 1_000_000, ...options });
}

describe("guarded fetch", () => {
  it("sends method, headers and a whole body with its length", async () => {
    const reply = await guarded()(`${base}/echo`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer x" },
      body: '{"a":"é"}',
    });
    expect(reply.status).toBe(200);
    const echo = (await reply.json()) as { method: string; headers: Record<string, string>; body: string };
    expect(echo).toMatchObject({
      method: "POST",
      body: '{"a":"é"}',
      headers: { "content-type": "application/json", authorization: "Bearer x", "content-length": "10" },
    });
    expect(echo.headers["transfer-encoding"]).toBeUndefined();
  });

  it("streams a body out", async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const text of ["one ", "two ", "three"]) controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
    const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
    const reply = await guarded()(`${base}/echo`, init);
    expect(await reply.json()).toMatchObject({ body: "one two three" });
  });

  it("gives the first event while the reply still goes on, and hangs up when the reader leaves", async () => {
    const before = closed;
    const reply = await guarded()(`${base}/events`);
    const reader = reply.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(new TextDecoder().decode(value)).toBe("data: 1\n\n");
    await reader?.cancel();
    await expect.poll(() => closed).toBe(before + 1);
  });

  it("rejects with the caller's reason, before and within the reply", async () => {
    const cancel = new AbortController();
    const reply = await guarded()(`${base}/events`, { signal: cancel.signal });
    const text = reply.text();
    cancel.abort();
    await expect(text).rejects.toMatchObject({ name: "AbortError" });
    await expect(guarded()(`${base}/echo`, { signal: cancel.signal })).rejects.toMatchObject({ name: "AbortError" });
  });

  it("ends a reply that stays silent", async () => {
    const reply = await guarded({ silenceMs: 400 })(`${base}/events`);
    await expect(reply.text()).rejects.toMatchObject({ code: "timeout", message: "Nothing was heard for 400 ms" });
  });

  it("does not count the time of a slow reader as silence", async () => {
    const reply = await guarded({ silenceMs: 80 })(`${base}/limited`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await reply.text()).toBe("slow down");
  });

  it("ends a reply that takes longer than allowed", async () => {
    const reply = await guarded({ timeoutMs: 150 })(`${base}/events`);
    await expect(reply.text()).rejects.toMatchObject({ code: "timeout", message: "No complete answer within 150 ms" });
  });

  it("counts decoded bytes and fails rather than passing on a part", async () => {
    const reply = await guarded()(`${base}/bomb`);
    await expect(reply.text()).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("tells half a reply as an error", async () => {
    const reply = await guarded()(`${base}/half`);
    await expect(reply.text()).rejects.toMatchObject({ code: "upstream_failed" });
  });

  it("gives any status as a reply, with its headers", async () => {
    const reply = await guarded()(`${base}/limited`);
    expect([reply.status, reply.headers.get("retry-after"), await reply.text()]).toEqual([429, "7", "slow down"]);
    expect((await guarded()(`${base}/empty`)).body).toBeNull();
  });

  it("follows a redirect on the same origin and refuses every other", async () => {
    const post = { method: "POST", body: "again" };
    expect(await (await guarded()(`${base}/to?url=/echo`, post)).json()).toMatchObject({ body: "again" });
    const metadata = encodeURIComponent("http://169.254.169.254/");
    await expect(guarded()(`${base}/to?url=${metadata}`)).rejects.toMatchObject({ code: "forbidden" });
    await expect(guarded()(`${base}/to?url=/echo`, { redirect: "error" })).rejects.toThrow("fetch failed");
    expect((await guarded()(`${base}/to?url=/echo`, { redirect: "manual" })).status).toBe(307);
  });

  it("fails as fetch does when nothing listens, with a cause in words", async () => {
    const gone = "http://127.0.0.1:9";
    const guard = configuredOriginGuard({ address: gone, ownPorts: [] });
    const failing = createGuardedFetch(guard, { timeoutMs: 1_000, maxBytes: 10 })(gone);
    await expect(failing).rejects.toMatchObject({
      name: "TypeError",
      message: "fetch failed",
      cause: { code: "upstream_failed", message: "No answer: nothing listens there" },
    });
  });

  it("refuses headers that decide where a request goes", async () => {
    await expect(guarded()(`${base}/echo`, { headers: { host: "evil" } })).rejects.toMatchObject({ code: "forbidden" });
  });
});

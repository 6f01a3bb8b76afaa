import { once } from "node:events";
import { connect as tlsConnect } from "node:tls";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { guardedDial, type GuardedDial } from "./guarded-dial.ts";
import { guardedRequest } from "./guarded-http.ts";
import { type GuardTarget, publicGuard } from "./public-guard.ts";
import { startHttp, startRaw, type StartedServer } from "./testing/hostile-server.ts";
import { makeCertificate } from "./testing/make-certificate.ts";
import type { TlsTrust } from "./tls-trust.ts";
import { createTrace } from "./trace.ts";

const ownPorts = [5554];
const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
const signed = makeCertificate({ name: "nas", hosts: ["127.0.0.1", "nas.localhost"], issuer: authority });
const selfSigned = makeCertificate({ name: "box", hosts: ["127.0.0.1"] });
const expired = makeCertificate({
  name: "old",
  hosts: ["127.0.0.1"],
  issuer: authority,
  notAfter: new Date(Date.now() - 3_600_000),
});
const ofAnother = makeCertificate({ name: "x", hosts: ["other.example"], issuer: authority });

type Name = "signed" | "selfSigned" | "expired" | "ofAnother";
const servers = new Map<Name | "plain" | "broken" | "silent", StartedServer>();
let requests = 0;

beforeAll(async () => {
  for (const [name, certificate] of Object.entries({ signed, selfSigned, expired, ofAnother }))
    servers.set(
      name as Name,
      await startHttp((_request, response) => {
        requests += 1;
        response.end("secure");
      }, certificate),
    );
  servers.set("plain", await startRaw((socket, bytes) => socket.write(Buffer.concat([Buffer.from("echo "), bytes]))));
  servers.set("broken", await startRaw((socket) => socket.end(Buffer.from([0x16, 3, 1, 0, 2, 99, 99]))));
  servers.set("silent", await startRaw(() => undefined));
});
afterAll(async () => {
  await Promise.all(Array.from(servers.values(), (server) => server.close()));
});

function portOf(name: Parameters<typeof servers.get>[0]): number {
  return servers.get(name)?.port ?? 0;
}

function call(name: Name | "broken" | "plain" | "silent", trust?: TlsTrust, trace = createTrace()) {
  const address = `https://127.0.0.1:${portOf(name)}`;
  const target: GuardTarget = { address, ...(trust ? { trust } : {}) };
  return guardedRequest({
    url: `${address}/`,
    method: "GET",
    guard: publicGuard({ ownPorts, targets: [target] }),
    timeoutMs: 20_000,
    maxBytes: 100,
    trace,
  });
}

describe("TLS of a target", () => {
  it("is refused when an authority is unknown, a certificate signed by itself, expired, of another name, or broken", async () => {
    const before = requests;
    for (const name of ["signed", "selfSigned"] as const) {
      const trace = createTrace();
      await expect(call(name, undefined, trace)).rejects.toMatchObject({ reason: "tls", isSent: false });
      expect(trace.hops[0]).toMatchObject({ address: "127.0.0.1", status: null });
    }
    const trust = { ca: authority.cert };
    await expect(call("expired", trust)).rejects.toMatchObject({ message: "No answer: its certificate has expired" });
    await expect(call("ofAnother", trust)).rejects.toMatchObject({
      message: "No answer: its certificate belongs to another name",
    });
    await expect(call("plain", trust)).rejects.toMatchObject({ reason: "tls", isSent: false });
    await expect(call("broken", trust)).rejects.toMatchObject({ code: "upstream_failed", isSent: false });
    expect(requests).toBe(before);
  });

  it("is good with its own authority, which is trusted there and nowhere else", async () => {
    expect((await call("signed", { ca: authority.cert })).status).toBe(200);
    await expect(call("selfSigned", { ca: authority.cert })).rejects.toMatchObject({ reason: "tls" });
    await expect(call("signed")).rejects.toMatchObject({ reason: "tls" });
  });

  it("is good with the fingerprint of its certificate, and sends nothing to any other", async () => {
    const before = requests;
    const trust = { fingerprint256: selfSigned.fingerprint256.toLowerCase().replaceAll(":", "") };
    const trace = createTrace();
    expect((await call("selfSigned", trust, trace)).status).toBe(200);
    expect((await call("selfSigned", trust, trace)).status).toBe(200);
    expect(trace.hops.map((hop) => [hop.address, hop.isReused])).toEqual([
      ["127.0.0.1", false],
      ["127.0.0.1", true],
    ]);
    await expect(call("signed", trust)).rejects.toMatchObject({
      reason: "tls",
      hint: expect.stringContaining(signed.fingerprint256) as string,
    });
    await expect(call("selfSigned", { fingerprint256: "nonsense" })).rejects.toMatchObject({ reason: "tls" });
    await expect(call("selfSigned")).rejects.toMatchObject({ reason: "tls" });
    await expect(call("selfSigned", { ...trust, ca: authority.cert })).rejects.toMatchObject({ reason: "tls" });
    expect(requests).toBe(before + 2);
  });
});

function dial(
  name: Parameters<typeof servers.get>[0],
  more: Partial<GuardedDial> & { target?: Partial<GuardTarget> } = {},
) {
  const { target, ...rest } = more;
  const port = portOf(name);
  const guard = publicGuard({ ownPorts, targets: [{ address: `127.0.0.1:${port}`, ...target }] });
  return guardedDial({ host: "127.0.0.1", port, isSecure: false, guard, timeoutMs: 20_000, ...rest });
}

describe("guarded dial", () => {
  it("gives a library its connection, and counts what goes over it", async () => {
    const trace = createTrace();
    const socket = await dial("plain", { trace });
    socket.write("hello");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toBe("echo hello");
    socket.destroy();
    await once(socket, "close");
    expect(trace.hops[0]).toMatchObject({ method: "CONNECT", address: "127.0.0.1", sentBytes: 5, receivedBytes: 10 });
  });

  it("speaks TLS with the target's own trust", async () => {
    const socket = await dial("signed", { isSecure: true, target: { trust: { ca: authority.cert } } });
    socket.end("GET / HTTP/1.0\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
    const pinned = await dial("selfSigned", {
      isSecure: true,
      target: { trust: { fingerprint256: selfSigned.fingerprint256 } },
    });
    pinned.destroy();
    await expect(dial("selfSigned", { isSecure: true })).rejects.toMatchObject({ reason: "tls" });
    const wrong = { trust: { fingerprint256: signed.fingerprint256 } };
    await expect(dial("selfSigned", { isSecure: true, target: wrong })).rejects.toMatchObject({ reason: "tls" });
  });

  it("leaves a plain connection to a library that secures it itself", async () => {
    const secured = tlsConnect({ socket: await dial("signed"), ca: authority.cert, servername: "nas.localhost" });
    await once(secured, "secureConnect");
    expect(secured.authorized).toBe(true);
    secured.destroy();
  });

  it("refuses what is no target, and what is no host and port", async () => {
    const trace = createTrace();
    const { port } = servers.get("plain") ?? { port: 0 };
    await expect(dial("plain", { host: "127.0.0.2", trace })).rejects.toMatchObject({
      code: "forbidden",
      refusal: { code: "port" },
    });
    expect(trace.hops[0]).toMatchObject({ address: null, refusal: { code: "port" } });
    const guard = publicGuard({ ownPorts, extraPorts: [port] });
    await expect(dial("plain", { guard })).rejects.toMatchObject({ refusal: { code: "loopback" } });
    for (const host of ["a/b", "a@127.0.0.1", "", "127.0.0.1?", "::1]"])
      await expect(dial("plain", { host })).rejects.toMatchObject({ refusal: { code: "host" } });
    for (const wrong of [0, 70_000, 1.5])
      await expect(dial("plain", { port: wrong })).rejects.toMatchObject({ code: "forbidden" });
  });

  it("gives up when nothing listens, when time is up, and when the caller does", async () => {
    const gone = await startRaw(() => undefined);
    await gone.close();
    const guard = publicGuard({ ownPorts, targets: [{ address: `127.0.0.1:${gone.port}` }] });
    await expect(dial("plain", { port: gone.port, guard })).rejects.toMatchObject({ reason: "connect" });
    await expect(dial("silent", { isSecure: true, timeoutMs: 200 })).rejects.toMatchObject({
      code: "timeout",
      message: "No connection within 200 ms",
    });
    const pin = { trust: { fingerprint256: signed.fingerprint256 } };
    await expect(dial("silent", { isSecure: true, timeoutMs: 200, target: pin })).rejects.toMatchObject({
      code: "timeout",
    });
    const signal = AbortSignal.timeout(100);
    await expect(dial("silent", { isSecure: true, signal })).rejects.toMatchObject({ reason: "cancelled" });
    await expect.poll(() => servers.get("silent")?.open()).toBe(0);
  });
});

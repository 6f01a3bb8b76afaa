import { once } from "node:events";
import type { Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createCircuitBreaker, type CircuitBreaker } from "../../../lib/circuit-breaker.ts";
import { systemClock } from "../../../lib/clock.ts";
import { publicGuard, type GuardTarget } from "../../../lib/guarded-http/public-guard.ts";
import { startHttp, startRaw, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { createCallTrace, type CallTrace } from "./call-trace.ts";
import { createConnectorDial, type ConnectorDial } from "./connector-dial.ts";

let server: StartedServer;
let breaker: CircuitBreaker;
let trace: CallTrace;
let opened: ConnectorDial[];
beforeEach(async () => {
  server = await startRaw((socket, bytes) => socket.write(Buffer.concat([bytes, bytes])));
  breaker = createCircuitBreaker({ clock: systemClock });
  trace = createCallTrace();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((dial) => dial.close()));
  await server.close();
});

function open(targets: readonly GuardTarget[], more: { signal?: AbortSignal; timeMs?: number } = {}): ConnectorDial {
  const dial = createConnectorDial({
    guard: publicGuard({ ownPorts: [5554], targets }),
    clock: systemClock,
    deadline: systemClock.monotonic() + (more.timeMs ?? 10_000),
    signal: more.signal ?? new AbortController().signal,
    breaker,
    trace,
  });
  opened.push(dial);
  return dial;
}

async function talk(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [bytes] = (await once(socket, "data")) as [Buffer];
  return bytes.toString();
}

describe("a connection of a connector", () => {
  test("goes where the configuration names a place, and what went over it is on record", async () => {
    const dial = open([{ address: `127.0.0.1:${server.port}` }]);
    const socket = await dial.dial({ host: "127.0.0.1", port: server.port });
    expect(await talk(socket, "abc")).toBe("abcabc");
    await dial.close();
    expect(trace.report()).toMatchObject({
      addresses: [{ host: `127.0.0.1:${server.port}`, address: "127.0.0.1" }],
      tries: 1,
      bytesOut: 3,
      bytesIn: 6,
    });
  });

  test.each([
    ["a place inside that nobody named", "127.0.0.1"],
    ["one by another spelling", "127.1"],
    ["one hidden in IPv6", "::ffff:127.0.0.1"],
    ["a service of metadata", "169.254.169.254"],
  ])("is refused to %s, before anything is sent", async (_what, host) => {
    await expect(open([]).dial({ host, port: server.port })).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
    expect(server.connections()).toBe(0);
    expect(breaker.states()).toEqual([]);
  });

  test("is refused to what is no host with a port, and to PortOS itself", async () => {
    const dial = open([{ address: "127.0.0.1:5554" }]);
    for (const [host, port] of [
      ["127.0.0.1/x", server.port],
      ["127.0.0.1", 0],
      ["127.0.0.1", 70_000],
      ["127.0.0.1", 5_554],
    ] as const)
      await expect(dial.dial({ host, port })).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  });

  test("trusts an authority of the user's own where it is named, and nobody else there", async () => {
    const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
    const certificate = makeCertificate({ name: "peer", hosts: ["127.0.0.1"], issuer: authority });
    const secure = await startHttp((_request, response) => response.end("hello"), certificate);
    const target = { host: "127.0.0.1", port: secure.port, tls: "implicit" } as const;
    const address = `127.0.0.1:${secure.port}`;
    await expect(open([{ address }]).dial(target)).rejects.toMatchObject({ gatewayCode: "upstream_failed" });
    const socket = await open([{ address, trust: { ca: authority.cert } }]).dial(target);
    expect(await talk(socket, "GET / HTTP/1.0\r\n\r\n")).toContain("200 OK");
    await Promise.all(opened.map((dial) => dial.close()));
    await secure.close();
  });

  test("is left alone after a place has failed again and again", async () => {
    const { port } = server;
    await server.close();
    const dial = open([{ address: `127.0.0.1:${port}` }]);
    let code = "";
    for (let tries = 0; tries < 30 && code !== "circuit_open"; tries += 1)
      code = await dial
        .dial({ host: "127.0.0.1", port })
        .then(() => "open")
        .catch((error: unknown) => (error as { gatewayCode: string }).gatewayCode);
    expect(code).toBe("circuit_open");
    expect(breaker.states()).toMatchObject([{ target: `tcp://127.0.0.1:${port}`, state: "open" }]);
    server = await startRaw(() => undefined);
  });

  test("is given up with its call, which says nothing about the place", async () => {
    const controller = new AbortController();
    controller.abort(new Error("given up"));
    const dial = open([{ address: `127.0.0.1:${server.port}` }], { signal: controller.signal });
    await expect(dial.dial({ host: "127.0.0.1", port: server.port })).rejects.toMatchObject({
      gatewayCode: "cancelled",
    });
    expect(breaker.states()).toEqual([]);
  });

  test("does not outlive its call, and none is opened behind it", async () => {
    const dial = open([{ address: `127.0.0.1:${server.port}` }]);
    const target = { host: "127.0.0.1", port: server.port };
    const sockets = await Promise.all([dial.dial(target), dial.dial(target)]);
    const late = dial.dial(target).catch((error: unknown) => error);
    await dial.close();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true]);
    expect(await late).toMatchObject({ gatewayCode: "cancelled", isFinal: true });
    await expect(dial.dial(target)).rejects.toMatchObject({ gatewayCode: "cancelled" });
    await vi.waitFor(() => {
      expect(server.open()).toBe(0);
    });
  });
});

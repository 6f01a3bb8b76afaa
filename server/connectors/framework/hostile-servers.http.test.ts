import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

import { afterEach, expect, test } from "vitest";
import { z } from "zod";

import type { EvidenceView } from "../../../contract/features/evidence.ts";
import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { startHttp, startRaw, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { defineConnector, defineOperation } from "./define-connector.ts";
import type { GatewayError } from "./gateway-error.ts";
import { createTestGateway, type TestGateway, type TestGatewayOptions } from "./testing/test-gateway.ts";

const get = defineOperation({
  title: "Get an address",
  description: "Gets what is at an address.",
  effect: "read",
  input: z.object({ url: z.url() }),
  output: z.object({ text: z.string() }),
  targets: ({ url }) => [url],
  examples: [],
  async run({ url }, { http }) {
    return { text: (await http.expectOk({ url })).text() };
  },
});
const anything = defineConnector({
  id: "anything",
  title: "Anything",
  description: "Gets any address.",
  config: z.object({}),
  secrets: [],
  operations: { get },
});

let servers: StartedServer[] = [];
let scene: TestGateway | null = null;

afterEach(async () => {
  await scene?.end();
  scene = null;
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
});

async function kept(starting: Promise<StartedServer>): Promise<StartedServer> {
  const server = await starting;
  servers.push(server);
  return server;
}

/** A server whose every answer is what `write` does with it. */
function answering(write: (response: ServerResponse, path: string) => void): Promise<StartedServer> {
  return kept(
    startHttp((request, response) => {
      response.on("error", () => undefined); // hung up on
      write(response, request.url ?? "/");
    }),
  );
}

function replying(text: string | Buffer, isEnded = false): Promise<StartedServer> {
  return kept(
    startRaw((socket) => {
      if (isEnded) socket.end(text);
      else socket.write(text);
    }),
  );
}

function endlessly(response: ServerResponse, block: Buffer): void {
  const more = (): void => {
    while (!response.destroyed && response.write(block));
    if (!response.destroyed) response.once("drain", more);
  };
  more();
}

/** Calls it as an agent would; answers the failure and its record, and that the chain of records is whole. */
async function callHostile(
  { port }: StartedServer,
  { url = `http://127.0.0.1:${port}/`, ...options }: Partial<TestGatewayOptions> & { url?: string } = {},
): Promise<{ failure: GatewayError; record: EvidenceView }> {
  scene ??= await createTestGateway({
    connectors: [anything],
    insides: [`127.0.0.1:${port}`],
    policy: { maxReplyBytes: 100_000, timeoutMs: 1_000 },
    retries: { maxAttempts: 1, baseMs: 1, maxPauseMs: 1, maxAskedMs: 1 },
    ...options,
  });
  const failure = await scene.refused("anything", "get", { url }, { caller: { kind: "agent", name: "Builder" } });
  const record = await scene.evidence(failure.evidenceId);
  expect(record).toMatchObject({ code: failure.gatewayCode, message: failure.message, reply: null, isSealed: true });
  expect(record.path.at(-1)).toMatchObject({ step: "call", verdict: "stop", code: failure.gatewayCode });
  expect(await scene.book.verify()).toMatchObject({ isWhole: true });
  expect((await scene.book.page({ limit: 1 })).underWay).toEqual([]);
  return { failure, record };
}

const rawHeaders = Array.from({ length: 10_000 }, (_, at) => `h${at}: v\r\n`).join("");

test.each<[string, string, () => Promise<StartedServer>, Partial<EvidenceView>]>([
  [
    "a body without an end",
    "too_large",
    () => answering((response) => endlessly(response, Buffer.alloc(65_536, 65))),
    { status: 200 },
  ],
  [
    "a bomb in gzip",
    "too_large",
    () =>
      answering((response) => {
        response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(50_000_000)));
      }),
    { status: 200 },
  ],
  ["headers that do not come", "timeout", () => replying("HTTP/1.1 200 OK\r\nx: "), { status: null }],
  [
    "a body that trickles",
    "timeout",
    () =>
      answering((response) => {
        const timer = setInterval(() => response.write("x"), 20);
        response.on("close", () => {
          clearInterval(timer);
        });
      }),
    { status: 200 },
  ],
  ["10 000 headers", "too_large", () => replying(`HTTP/1.1 200 OK\r\n${rawHeaders}\r\n`), { status: null }],
  [
    "a length that is too long",
    "upstream_failed",
    () => replying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", true),
    { status: 200 },
  ],
  [
    "two lengths",
    "upstream_failed",
    () => replying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\nhello"),
    { status: null },
  ],
  ["what is no HTTP", "upstream_failed", () => replying("220 mail.example ESMTP\r\n"), { status: null }],
  [
    "redirects that go round",
    "upstream_failed",
    () => answering((response, path) => response.writeHead(302, { location: `${path}x` }).end()),
    { status: 302 },
  ],
])("%s: %s, on record with where it went", async (_, code, start, expected) => {
  const server = await start();
  // Only where the time is what ends it may it be short: a busy machine needs more for the others.
  const timeoutMs = code === "timeout" ? 1_000 : 20_000;
  const { failure, record } = await callHostile(server, { policy: { maxReplyBytes: 100_000, timeoutMs } });
  expect(failure.gatewayCode).toBe(code);
  expect(record).toMatchObject({
    outcome: "failed",
    tries: 1,
    addresses: [{ host: `127.0.0.1:${server.port}`, address: "127.0.0.1" }],
    ...expected,
  });
  expect(record.bytesIn).toBeLessThan(2_000_000);
  await expect.poll(() => server.open()).toBe(0);
});

test.each([
  "http://127.0.0.1:22/",
  "http://0x7f.1/",
  "http://[::ffff:127.0.0.1]/",
  "http://169.254.169.254/latest/meta-data",
  "http://100.100.100.200/",
  "http://localhost/",
  "ftp://127.0.0.1/",
  "http://user:word@127.0.0.1/",
])("a redirect to %s is refused, and is on record with its way", async (to) => {
  const server = await answering((response) => response.writeHead(307, { location: to }).end());
  const { failure, record } = await callHostile(server);
  expect(failure.gatewayCode).toBe("refused_by_guard");
  expect(record).toMatchObject({ outcome: "failed", status: 307, addresses: [{ address: "127.0.0.1" }] });
  expect(record.addresses).toHaveLength(1);
  expect(record.redirects).toHaveLength(1);
  expect(JSON.stringify(record)).not.toContain("word@");
});

test("a name that leads elsewhere with the next answer is not followed there", async () => {
  const server = await answering((response) => response.end("here"));
  const answers = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]];
  const url = `http://nas.localhost:${server.port}/`;
  scene = await createTestGateway({
    connectors: [anything],
    insides: [`nas.localhost:${server.port}`],
    resolve: () => Promise.resolve(answers.shift() ?? []),
  });
  expect((await scene.call("anything", "get", { url })).output).toEqual({ text: "here" });
  for (let time = 0; time < 2; time += 1) {
    const { failure, record } = await callHostile(server, { url });
    expect(failure.gatewayCode).toBe("refused_by_guard");
    expect(record).toMatchObject({ addresses: [], status: null, tries: 0 });
  }
  expect(server.connections()).toBe(1);
});

test("a public name that leads to this machine is refused before anything is sent", async () => {
  const server = await answering((response) => response.end("here"));
  const { failure, record } = await callHostile(server, {
    url: "http://rebound.example/",
    resolve: () => Promise.resolve(["127.0.0.1"]),
  });
  expect(failure.gatewayCode).toBe("refused_by_guard");
  expect(record).toMatchObject({ addresses: [], tries: 0, bytesOut: 0 });
  expect(server.connections()).toBe(0);
});

test.each([
  ["signed by itself", makeCertificate({ name: "box", hosts: ["127.0.0.1"] })],
  ["of another name", makeCertificate({ name: "x", hosts: ["other.example"] })],
])("a certificate %s ends the call before a byte of it is sent", async (_, certificate) => {
  let asked = 0;
  const server = await kept(
    startHttp((_request, response) => {
      asked += 1;
      response.end();
    }, certificate),
  );
  const { failure, record } = await callHostile(server, { url: `https://127.0.0.1:${server.port}/` });
  expect(failure.gatewayCode).toBe("upstream_failed");
  expect(failure.message).toMatch(/certificate/);
  expect([record.status, asked]).toEqual([null, 0]);
});

test("TLS that is broken is said to be broken", async () => {
  const server = await replying(Buffer.from([0x16, 3, 1, 0, 2, 99, 99]), true);
  const { failure, record } = await callHostile(server, { url: `https://127.0.0.1:${server.port}/` });
  expect(failure.gatewayCode).toBe("upstream_failed");
  expect(record).toMatchObject({ outcome: "failed", status: null });
});

test("one that harms again and again is left alone, and the record says so", async () => {
  const server = await replying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this", true);
  let last = "";
  for (let time = 0; time < 12 && last !== "circuit_open"; time += 1)
    last = (await callHostile(server)).failure.gatewayCode;
  expect(last).toBe("circuit_open");
});

/** Of a reply that promises more than comes. */
const headOf = (more: string): Buffer => Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n${more}\r\n`);

test("a connector is told how much had come of a reply that was cut, packed or not", async () => {
  const packed = gzipSync(Buffer.alloc(50_000, "abcdefgh"));
  const plain = await replying(Buffer.concat([headOf(""), Buffer.alloc(30_000, "x")]), true);
  const small = await kept(
    startRaw((socket) => {
      socket.write(Buffer.concat([headOf("content-encoding: gzip\r\n"), packed]));
      setTimeout(() => socket.end(), 500); // what has come is unpacked by then
    }),
  );
  const received: number[] = [];
  const counting = defineConnector({
    ...anything,
    operations: {
      get: defineOperation({
        ...get,
        async run({ url }, { http }) {
          return { text: (await http.request({ url, onReceived: (bytes) => void received.push(bytes) })).text() };
        },
      }),
    },
  });
  const insides = [plain, small].map(({ port }) => `127.0.0.1:${port}`);
  await callHostile(plain, { connectors: [counting], insides });
  await callHostile(small, { connectors: [counting], insides });
  expect(received[0]).toBe(30_000);
  expect(received[1]).toBeGreaterThan(packed.length);
});

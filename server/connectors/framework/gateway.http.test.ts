import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { AppError } from "../../../lib/app-error.ts";
import { defineConnector, defineOperation } from "./define-connector.ts";
import { createTestGateway, type TestGateway, type TestGatewayOptions } from "./testing/test-gateway.ts";

const config = z.object({ address: z.url(), apiKey: z.string().min(8) });
type Config = z.output<typeof config>;

const read = defineOperation<Config, z.ZodObject<{ id: z.ZodString }>, z.ZodType<{ name: string }>>({
  title: "Read a thing",
  description: "Reads one thing.",
  effect: "read",
  input: z.object({ id: z.string() }),
  output: z.object({ name: z.string() }),
  targets: (_input, { address }) => [address],
  examples: [{ title: "One", input: { id: "1" } }],
  async run({ id }, { config: { address, apiKey }, http }) {
    const reply = await http.expectOk({ url: `${address}/things/${id}`, headers: { "x-key": apiKey } });
    return reply.json();
  },
});
const post = defineOperation({
  title: "Send a text",
  description: "Sends a text.",
  effect: "write",
  isToPeople: true,
  input: z.object({ text: z.string(), to: z.string().optional() }),
  output: z.object({ ok: z.boolean() }),
  targets: (_input, { address }: Config) => [address],
  examples: [],
  async run({ text }, { config: { address }, http }) {
    await http.expectOk({ url: `${address}/posts`, method: "POST", body: { text } });
    return { ok: true };
  },
});
const things = defineConnector({
  id: "things",
  title: "Things",
  description: "A place of things.",
  config,
  secrets: ["apiKey"],
  operations: { read, post },
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
let answer: Answer;
let asked: { method: string; url: string; body: string }[];
let server: Server;
let address: string;
let scene: TestGateway | null = null;

beforeEach(async () => {
  asked = [];
  answer = (_request, response) => response.end(JSON.stringify({ name: "one" }));
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ method: request.method ?? "", url: request.url ?? "", body });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await scene?.end();
  scene = null;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(more: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
  scene = await createTestGateway({
    connectors: [things],
    configs: { things: { address, apiKey: "top-secret-key-1" } },
    insides: [new URL(address).host],
    ...more,
  });
  return scene;
}

const agent = { kind: "agent", name: "Builder", id: "run-1" } as const;

test("a call goes all the way, and its record says where it went", async () => {
  const { call, evidence } = await open();
  const reply = await call("things", "read", { id: "7" });
  expect(reply).toMatchObject({ output: { name: "one" }, trust: "external", isDryRun: false });
  expect(reply.path.map(({ step }) => step)).toEqual([
    "network",
    "operation",
    "configuration",
    "arguments",
    "risk",
    "policy",
    "approval",
    "rate",
    "input",
    "evidence",
    "call",
    "reply",
    "output",
    "trust",
  ]);
  const record = await evidence(reply.evidenceId);
  expect(record).toMatchObject({ outcome: "done", tries: 1, status: 200, effect: "read", targets: [address] });
  expect(record.addresses).toEqual([{ host: new URL(address).host, address: "127.0.0.1" }]);
  expect(record.reply?.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test.each([
  ["unknown_connector", "nothing", "read", { id: "1" }],
  ["unknown_operation", "things", "burn", {}],
  ["unknown_operation", "things", "constructor", {}],
  ["invalid_params", "things", "read", {}],
])("%s is refused before anything leaves, with what to do", async (code, connector, operation, params) => {
  const { refused, evidence } = await open();
  const failure = await refused(connector, operation, params);
  expect(failure).toMatchObject({ gatewayCode: code });
  expect(failure.hint).toBeTruthy();
  expect(await evidence(failure.evidenceId)).toMatchObject({ outcome: "refused", code, tries: 0 });
  expect(asked).toEqual([]);
});

test("every wrong argument is named, those nobody knows too", async () => {
  const { refused } = await open();
  const failure = await refused("things", "post", { text: 5, txet: "x", to: 1 });
  expect(failure.issues?.map(({ path }) => path)).toEqual(["params.text", "params.to", "params.txet"]);
});

test("a connector that is off, or not configured, says so; every missing field is named", async () => {
  const { refused, setEnabled, setConfig } = await open();
  setEnabled("things", false);
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "disabled" });
  setEnabled("things", true);
  setConfig("things", {});
  const failure = await refused("things", "read", { id: "1" });
  expect(failure).toMatchObject({ gatewayCode: "not_configured" });
  expect(failure.issues?.map(({ path }) => path)).toEqual(["config.address", "config.apiKey"]);
});

test("the mode of the network comes first", async () => {
  const { refused, call, setMode } = await open();
  setMode("read-only");
  await call("things", "read", { id: "1" });
  expect(await refused("things", "post", { text: "hello" })).toMatchObject({ gatewayCode: "offline" });
  setMode("offline");
  expect(await refused("nothing", "read", {})).toMatchObject({ gatewayCode: "offline" });
});

test("who still plans may look and not act", async () => {
  const { refused, call } = await open({ answer: () => "allowed" });
  await call("things", "read", { id: "1" }, { caller: agent, phase: "planning" });
  const failure = await refused("things", "post", { text: "hello" }, { caller: agent, phase: "planning" });
  expect(failure).toMatchObject({ gatewayCode: "planning_phase" });
  expect(asked.map(({ method }) => method)).toEqual(["GET"]);
});

test("what people will read is asked about; a yes lets exactly it out and is in the record", async () => {
  const { call, evidence, questions } = await open({ answer: () => "allowed" });
  const { evidenceId } = await call("things", "post", { text: "hello" }, { caller: agent });
  expect(questions).toHaveLength(1);
  expect(questions[0]).toMatchObject({ connectorId: "things", operation: "post", callerName: "Builder", risk: "high" });
  expect(await evidence(evidenceId)).toMatchObject({ approval: { decision: "allowed", by: "Anna" } });
  expect(asked).toEqual([{ method: "POST", url: "/posts", body: '{"text":"hello"}' }]);
});

test("what is asked is what is sent", async () => {
  const { call, questions } = await open({ answer: () => "allowed" });
  const text = "pay \u202Eecila\u202C now\u0007 cafe\u0301";
  await call("things", "post", { text }, { caller: agent });
  const sent = JSON.parse(asked[0]?.body ?? "") as unknown;
  expect(sent).toEqual({ text: "pay ecila now caf\u00e9" });
  const [question] = questions;
  expect(JSON.parse(question?.kind === "connector-call" ? question.input : "")).toEqual(sent);
});

test.each([
  ["denied", "approval_denied"],
  ["expired", "approval_expired"],
  ["withdrawn", "cancelled"],
] as const)("a question that is %s lets nothing out", async (state, code) => {
  const { refused, evidence } = await open({ answer: () => state });
  const failure = await refused("things", "post", { text: "hello" }, { caller: agent });
  expect(failure).toMatchObject({ gatewayCode: code });
  expect(await evidence(failure.evidenceId)).toMatchObject({ outcome: "refused", approval: { decision: state } });
  expect(asked).toEqual([]);
});

test.each<[string, (scene: TestGateway) => void, string]>([
  [
    "the configuration was changed",
    (it) => it.setConfig("things", { address, apiKey: "another-key" }),
    "approval_expired",
  ],
  ["the policy was changed", (it) => it.setPolicy({ approval: "always" }), "approval_expired"],
  ["it was turned off", (it) => it.setEnabled("things", false), "approval_expired"],
  ["the gateway was closed", (it) => it.setMode("offline"), "offline"],
])("a yes counts no longer when %s meanwhile", async (_what, change, code) => {
  const opened = await open({
    answer: () => {
      change(opened);
      return "allowed";
    },
  });
  const failure = await opened.refused("things", "post", { text: "hello" }, { caller: agent });
  expect(failure).toMatchObject({ gatewayCode: code });
  expect(asked).toEqual([]);
});

test("a dry run shows the way and sends nothing, asks nobody and takes no call of the limit", async () => {
  const { call, evidence, questions } = await open({ policy: { perMinute: 1 } });
  for (let run = 0; run < 3; run += 1) {
    const reply = await call("things", "post", { text: "hello" }, { caller: agent, isDryRun: true });
    expect(reply.path.at(-1)).toMatchObject({ step: "dry-run" });
    expect(reply.path.find(({ step }) => step === "approval")).toMatchObject({ code: "would_ask" });
    expect(await evidence(reply.evidenceId)).toMatchObject({ isDryRun: true, tries: 0, reply: null });
  }
  expect(questions).toEqual([]);
  expect(asked).toEqual([]);
});

test("more calls than the policy allows are refused until there is room", async () => {
  const { call, refused, clock } = await open({ policy: { perMinute: 2 } });
  await call("things", "read", { id: "1" });
  await call("things", "read", { id: "2" });
  const failure = await refused("things", "read", { id: "3" });
  expect(failure).toMatchObject({ gatewayCode: "rate_limited", code: "rate_limited" });
  expect(failure.askedMs).toBeGreaterThan(0);
  clock.advance(61_000);
  await call("things", "read", { id: "3" });
});

test("what only reads is tried again, what writes is not", async () => {
  let failures = 2;
  answer = (_request, response) => {
    response.statusCode = failures > 0 ? 503 : 200;
    failures -= 1;
    response.end(JSON.stringify({ name: "late" }));
  };
  const { call, refused, evidence } = await open();
  const reply = await call("things", "read", { id: "1" });
  expect(await evidence(reply.evidenceId)).toMatchObject({ tries: 3, status: 200 });
  expect(reply.path.filter(({ code }) => code === "retry")).toHaveLength(2);
  failures = 1;
  const failure = await refused("things", "post", { text: "hello" });
  expect(failure).toMatchObject({ gatewayCode: "upstream_failed", isFinal: false });
  expect(await evidence(failure.evidenceId)).toMatchObject({ outcome: "failed", tries: 1, status: 503 });
});

test("a target that fails again and again is left alone", async () => {
  answer = (_request, response) => {
    response.statusCode = 500;
    response.end("broken");
  };
  const { refused } = await open();
  await refused("things", "read", { id: "1" });
  await refused("things", "read", { id: "1" });
  const before = asked.length;
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "circuit_open" });
  expect(asked).toHaveLength(before);
});

test("a secret is in no message, no record and no reply", async () => {
  answer = (request, response) => {
    if (request.url === "/things/bad") response.statusCode = 401;
    response.end(JSON.stringify({ name: `your key is ${String(request.headers["x-key"])}` }));
  };
  const { call, refused, evidence } = await open({
    configs: { things: { address, apiKey: "sk-verysecretvalue0123456789" } },
  });
  const reply = await call("things", "read", { id: "1" });
  const failure = await refused("things", "read", { id: "bad" });
  expect(failure.message).toContain("401");
  const all = JSON.stringify([reply, failure.message, failure.path, await evidence(failure.evidenceId)]);
  expect(all).not.toContain("verysecretvalue");
});

test("a call ends when its time is up, its caller gives up or the gateway is closed", async () => {
  answer = () => undefined; // never
  const { refused, setPolicy, gateway, evidence } = await open({ policy: { timeoutMs: 200 } });
  const late = await refused("things", "read", { id: "1" });
  expect(late).toMatchObject({ gatewayCode: "timeout" });
  expect(await evidence(late.evidenceId)).toMatchObject({ outcome: "failed", code: "timeout" });
  setPolicy({});
  const gone = await refused("things", "read", { id: "1" }, { signal: AbortSignal.timeout(50) });
  expect(gone).toMatchObject({ gatewayCode: "cancelled" });
  const closed = refused("things", "read", { id: "1" });
  await expect.poll(() => asked.length).toBeGreaterThan(2);
  expect(gateway.cutAll("The gateway was closed")).toBe(1);
  expect(await closed).toMatchObject({ gatewayCode: "cancelled", message: "The gateway was closed" });
});

test("a reply that is not as declared, or too large, is no reply", async () => {
  const { refused, setPolicy } = await open();
  answer = (_request, response) => response.end(JSON.stringify({ title: "one" }));
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "reply_invalid" });
  answer = (_request, response) => response.end("<html>");
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "upstream_failed" });
  answer = (_request, response) => response.end("x".repeat(5_000));
  setPolicy({ maxReplyBytes: 1_024 });
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "too_large" });
});

test("this machine is refused unless it is named, and a redirect does not get there either", async () => {
  const { refused } = await open({ insides: [] });
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "refused_by_guard" });
  expect(asked).toEqual([]);
});

test("a redirect to the inside is refused, and both addresses are in the record", async () => {
  answer = (_request, response) => response.writeHead(302, { location: "http://127.0.0.1:1/secret" }).end();
  const { refused, evidence } = await open();
  const failure = await refused("things", "read", { id: "1" });
  expect(failure).toMatchObject({ gatewayCode: "refused_by_guard" });
  expect((await evidence(failure.evidenceId)).redirects).toEqual([{ status: 302, to: "http://127.0.0.1:1/secret" }]);
});

test("a write with a key goes into the outbox, once, and is delivered from there without another question", async () => {
  const { call, refused, gateway, evidence, questions, outbox, book } = await open({ answer: () => "allowed" });
  const more = { caller: agent, idempotencyKey: "k1" };
  const first = await call("things", "post", { text: "hello" }, more);
  const again = await call("things", "post", { text: "hello" }, more);
  expect(first.delivery).toMatchObject({ isNew: true });
  expect(again.delivery).toEqual({ id: first.delivery?.id, isNew: false });
  expect(asked).toEqual([]);
  const [message] = (await outbox.list({ limit: 5 })).items;
  if (!message) throw new Error("nothing waits");
  expect(await gateway.holdOf(message)).toBeNull();
  const delivery = { id: message.id, attempt: 1, idempotencyKey: "k1" };
  const sent = await gateway.deliver(message, delivery, new AbortController().signal);
  expect(await evidence(sent.evidenceId)).toMatchObject({ outcome: "done", delivery: { id: message.id, attempt: 1 } });
  const { items } = await book.page({ deliveryId: message.id, limit: 10 });
  expect(items.map(({ id, delivery: of }) => [id, of?.attempt])).toEqual([
    [sent.evidenceId, 1],
    [again.evidenceId, 0],
    [first.evidenceId, 0],
  ]);
  expect(asked).toHaveLength(1);
  expect(questions).toHaveLength(2);
  expect(await refused("things", "post", { text: "something else" }, more)).toMatchObject({
    gatewayCode: "conflict",
    code: "conflict",
    hint: "Use a key of its own for each message.",
  });
});

test("a write that was done is done, whatever came back: nobody sends it again for that", async () => {
  const odd = { ...post, run: () => Promise.resolve({ ok: "surely" as never }) };
  const { call, evidence } = await open({
    connectors: [{ ...things, operations: { post: odd } }],
    answer: () => "allowed",
  });
  const { output, path, evidenceId } = await call("things", "post", { text: "hello" });
  expect(output).toBeNull();
  expect(path.find(({ code }) => code === "reply_unreadable")?.reason).toContain("reply.ok");
  expect(await evidence(evidenceId)).toMatchObject({ outcome: "done" });
});

test("a full disk is told as one, not as a failure of the other side", async () => {
  const { refused, book } = await open();
  const begin = book.begin;
  book.begin = () => Promise.reject(new AppError("disk_full", "There is no room"));
  expect(await refused("things", "read", { id: "1" })).toMatchObject({ gatewayCode: "disk_full", code: "disk_full" });
  expect(asked).toEqual([]);
  book.begin = begin;
});

test("nothing leaves that cannot be written down before", async () => {
  const { call, book } = await open();
  const begin = book.begin;
  book.begin = () => Promise.reject(new Error("disk"));
  await expect(call("things", "read", { id: "1" })).rejects.toThrow();
  expect(asked).toEqual([]);
  book.begin = begin;
});

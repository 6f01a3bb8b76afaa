import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import {
  connectorPolicySchema,
  type ConnectorPolicy,
  type ConnectorPolicyInput,
} from "../../../contract/features/connectors.ts";
import { CallError, startTestApp, type TestApp } from "../../testing/test-app.ts";

const id = "webhook-out";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
let folder: string;
let app: TestApp;
let server: Server;
let address: string;
let bodies: string[];
let status: number;

beforeEach(async () => {
  bodies = [];
  status = 200;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.statusCode = status;
      response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  folder = await mkdtemp(join(tmpdir(), "portos-connectors-"));
  app = await startTestApp({ directory: folder });
});

afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await app.stop();
  app = await startTestApp({ directory: folder });
}

async function turnOn(): Promise<void> {
  await app.call("connectors.putConfig", { params: { id }, body: { config: { url: address, secret } } });
  await app.call("connectors.enable", { params: { id } });
}

async function setPolicy(policy: ConnectorPolicyInput) {
  return app.call("connectors.putPolicy", { params: { id }, body: connectorPolicySchema.parse(policy) });
}

const operation = { id, operation: "post" };
const send = (text: string, more: { idempotencyKey?: string } = {}) =>
  app.call("connectors.execute", { params: operation, body: { params: { text }, ...more } });

async function failureOf(work: Promise<unknown>): Promise<CallError> {
  const failure = await work.catch((error: unknown) => error);
  if (failure instanceof CallError) return failure;
  throw new Error(`It did not fail: ${JSON.stringify(failure)}`);
}

test("a policy is replaced whole or not at all: what is not named is not reset", async () => {
  await setPolicy({ approval: "always", blockedDomains: ["example.com"] });
  for (const body of [null, { perMinute: 9 }]) {
    const put = app.call("connectors.putPolicy", { params: { id }, body: body as unknown as ConnectorPolicy });
    expect((await failureOf(put)).status).toBe(400);
  }
  const { policy } = await app.call("connectors.policy", { params: { id } });
  expect(policy).toMatchObject({ approval: "always", blockedDomains: ["example.com"], perMinute: 60 });
});

test("a policy made from an older one is refused and says so; without a word of what it was made from it is taken", async () => {
  const read = await app.call("connectors.policy", { params: { id } });
  const save = (change: ConnectorPolicyInput, basedOn: string) =>
    app.call("connectors.putPolicy", {
      params: { id },
      body: { ...connectorPolicySchema.parse(change), basedOn },
    });
  const narrowed = await save({ perMinute: 31 }, read.revision);
  expect(narrowed.revision).not.toBe(read.revision);
  const { status: code, details } = await failureOf(save({ perDay: 9 }, read.revision));
  expect([code, details.code, details.message]).toEqual([409, "conflict", expect.stringContaining("meanwhile")]);
  expect((await app.call("connectors.policy", { params: { id } })).policy).toMatchObject({
    perMinute: 31,
    perDay: 5_000,
  });
  await restart();
  await save({ perMinute: 31, perDay: 9 }, narrowed.revision);
  expect((await setPolicy({})).policy.perMinute).toBe(60);
});

test("who looks at a connector is told that its policy was changed", async () => {
  const revisionNow = async () => (await app.call("connectors.list", {})).find((one) => one.id === id)?.policyRevision;
  const before = await revisionNow();
  const { emit, next } = await app.connect();
  expect((await emit("connectors:subscribe", {})).ok).toBe(true);
  const told = next("connectors:event", (payload) => JSON.stringify(payload).includes(`"id":"${id}"`));
  const { revision } = await setPolicy({ perMinute: 31 });
  expect(revision).not.toBe(before);
  expect(await revisionNow()).toBe(revision);
  expect(await told).toMatchObject({ event: { kind: "status", connector: { policyRevision: revision } } });
});

test("connectors are off at first: nothing leaves, and the refusal is on record with what to do", async () => {
  const list = await app.call("connectors.list", {});
  expect(list.every(({ isEnabled }) => !isEnabled)).toBe(true);
  const { status: code, details } = await failureOf(send("hello"));
  expect(code).toBe(409);
  expect(details).toMatchObject({ code: "conflict", reason: "disabled" });
  expect(details.hint).toContain("on the Connectors page");
  const record = await app.call("evidence.get", { params: { id: details.evidenceId ?? "" } });
  expect(record).toMatchObject({ outcome: "refused", code: "disabled", caller: { kind: "person" } });
  expect(bodies).toEqual([]);
});

test("a secret goes in, is used, and never comes out", async () => {
  await turnOn();
  const view = await app.call("connectors.get", { params: { id } });
  expect(view).toMatchObject({ isEnabled: true, isConfigured: true, config: { url: address } });
  expect(view.secrets["secret"]).toMatchObject({ isSet: true });
  expect(view.configSchema).toMatchObject({ type: "object" });
  expect(view.operations[0]?.input).toMatchObject({ type: "object" });
  expect(JSON.stringify(view)).not.toContain(secret);
  expect(await readFile(join(folder, "data/connectors.json"), "utf8")).not.toContain(secret);
  // Left out it stays, empty it goes.
  const url = `${address}/2`;
  const kept = await app.call("connectors.putConfig", { params: { id }, body: { config: { url } } });
  expect(kept).toMatchObject({ config: { url }, secrets: { secret: { isSet: true } } });
  const gone = await app.call("connectors.putConfig", { params: { id }, body: { config: { url, secret: "" } } });
  expect(gone.secrets["secret"]).toMatchObject({ isSet: false });
});

test("a configuration that is wrong is not taken, and every field is named", async () => {
  const body = { config: { url: "nowhere", secret: "short", colour: "red" } };
  const { status: code, details } = await failureOf(app.call("connectors.putConfig", { params: { id }, body }));
  expect(code).toBe(400);
  const paths = details.issues?.map(({ path }) => path).toSorted();
  expect(paths).toEqual(["body.config.colour", "body.config.secret", "body.config.url"]);
  expect(details.message).not.toContain("short");
});

test("a call of a person goes out and is on record", async () => {
  await turnOn();
  const reply = await send("hello");
  expect(bodies).toEqual(["hello"]);
  expect(reply).toMatchObject({ isDryRun: false, trust: "external", output: { status: 200 } });
  const record = await app.call("evidence.get", { params: { id: reply.evidenceId } });
  expect(record).toMatchObject({ outcome: "done", tries: 1, status: 200, connector: id, operation: "post" });
  expect(record.path.map(({ step }) => step)).toEqual(reply.path.map(({ step }) => step));
  const [status_] = (await app.call("connectors.list", {})).filter((one) => one.id === id);
  expect(status_?.used).toEqual({ lastMinute: 1, today: 1 });
});

test("a dry run shows the way, also to a refusal, and sends nothing", async () => {
  const dryRun = () => app.call("connectors.dryRun", { params: operation, body: { params: { text: "hello" } } });
  expect(await dryRun()).toMatchObject({ verdict: "refused", code: "disabled" });
  await turnOn();
  expect(await dryRun()).toMatchObject({ verdict: "allowed", code: null });
  await setPolicy({ approval: "always" });
  expect(await dryRun()).toMatchObject({ verdict: "asks" });
  expect((await app.call("approvals.list", {})).pending).toEqual([]);
  expect(bodies).toEqual([]);
});

async function refusedPaths(work: Promise<unknown>): Promise<string[]> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof CallError)) throw new Error("not refused");
  return (error.details.issues ?? []).map(({ path }) => path);
}

test("a policy that cannot be is refused with each field and line, in the form and when it is only tried", async () => {
  const own = `127.0.0.1:${String(app.env.ports.server)}`;
  const policy = connectorPolicySchema.parse({ allowedDomains: ["a b"], insides: ["nas.local:9000", own, "*"] });
  expect(await refusedPaths(setPolicy(policy))).toEqual(["body.allowedDomains.0", "body.insides.2", "body.insides.1"]);
  const tried = app.call("connectors.simulate", { params: { id }, body: { policy, operation: "post" } });
  expect(await refusedPaths(tried)).toEqual(["body.policy.allowedDomains.0", "body.policy.insides.2"]);
  expect((await app.call("connectors.policy", { params: { id } })).isDefault).toBe(true);
});

test("a policy is kept with who changed what, and can be tried before", async () => {
  await turnOn();
  const simulate = (more: object) =>
    app.call("connectors.simulate", {
      params: { id },
      body: { operation: "post", params: { text: "hello" }, ...more },
    });
  const stricter = connectorPolicySchema.parse({ approval: "writes" });
  expect(await simulate({})).toMatchObject({ verdict: "asks" });
  expect(await simulate({ policy: connectorPolicySchema.parse({ approval: "never" }) })).toMatchObject({
    verdict: "allowed",
  });
  const asks = await simulate({ policy: stricter });
  expect(asks.verdict).toBe("asks");
  expect(asks.question).toContain(new URL(address).origin);
  expect(await simulate({ isPlanning: true })).toMatchObject({ verdict: "refused", code: "planning_phase" });
  expect(await simulate({ params: {} })).toMatchObject({ verdict: "refused", code: "invalid_params" });
  const { history, isDefault, policy } = await setPolicy({ approval: "writes" });
  expect(policy).toEqual(stricter);
  expect(isDefault).toBe(false);
  expect(history).toMatchObject([{ fields: ["approval"], before: { approval: "rules" } }]);
  const wrong = await failureOf(setPolicy({ blockedDomains: ["http://x"], insides: [] }));
  expect(wrong.status).toBe(400);
  expect((await failureOf(setPolicy({ insides: ["no port"] }))).status).toBe(400);
  await restart();
  expect((await app.call("connectors.policy", { params: { id } })).policy).toEqual(stricter);
});

test.each([
  ["allow", null],
  ["deny", "approval_denied"],
] as const)("a question that is answered with %s decides the call, once", async (answer, reason) => {
  await turnOn();
  await setPolicy({ approval: "always" });
  const sent = send("hello").catch((error: unknown) => error);
  await expect.poll(async () => (await app.call("approvals.list", {})).pending.length).toBe(1);
  expect(bodies).toEqual([]);
  const [asked] = (await app.call("approvals.list", {})).pending;
  expect(asked?.subject).toMatchObject({ kind: "connector-call", connectorId: id, operation: "post", isForUser: true });
  const { id: approval = "", hash = "" } = asked ?? {};
  await app.call("approvals.decide", { params: { id: approval }, body: { hash, answer } });
  const outcome = await sent;
  if (reason === null) expect(outcome).toMatchObject({ output: { status: 200 } });
  else expect(outcome).toMatchObject({ status: 403, details: { reason } });
  expect(bodies).toHaveLength(reason === null ? 1 : 0);
  const again = await failureOf(
    app.call("approvals.decide", { params: { id: approval }, body: { hash, answer: "allow" } }),
  );
  expect(again.status).toBe(409);
});

test("a question of a call that ended with the process is withdrawn", async () => {
  await turnOn();
  await setPolicy({ approval: "always" });
  const sent = send("hello").catch((error: unknown) => error);
  await expect.poll(async () => (await app.call("approvals.list", {})).pending.length).toBe(1);
  await restart();
  await sent;
  expect((await app.call("approvals.list", {})).pending).toEqual([]);
  expect(bodies).toEqual([]);
});

test("stopping everything closes the gateway, and it stays closed until somebody opens it", async () => {
  await turnOn();
  await app.call("chief.panic", {});
  expect(await app.call("connectors.gateway", {})).toMatchObject({ mode: "offline", isPanic: true });
  expect((await failureOf(send("one"))).details).toMatchObject({ reason: "offline" });
  expect((await failureOf(app.call("connectors.setMode", { body: { mode: "online" } }))).status).toBe(409);
  await app.call("chief.calm", {});
  expect(await app.call("connectors.gateway", {})).toMatchObject({ mode: "offline", isPanic: false });
  await restart();
  expect((await failureOf(send("two"))).details).toMatchObject({ reason: "offline" });
  expect(bodies).toEqual([]);
  await app.call("connectors.setMode", { body: { mode: "online" } });
  await send("three");
  expect(bodies).toEqual(["three"]);
});

test("a write with a key is delivered from the outbox, once, and waits while the gateway is closed", async () => {
  await turnOn();
  const first = await send("first", { idempotencyKey: "k1" });
  expect(first).toMatchObject({ output: null, delivery: { isNew: true } });
  await expect.poll(() => bodies).toEqual(["first"]);
  expect((await send("first", { idempotencyKey: "k1" })).delivery?.isNew).toBe(false);
  await app.call("connectors.setMode", { body: { mode: "read-only" } });
  expect((await failureOf(send("second", { idempotencyKey: "k2" }))).details).toMatchObject({ reason: "offline" });
  await app.call("connectors.setMode", { body: { mode: "online" } });
  status = 500;
  await send("third", { idempotencyKey: "k3" });
  await expect.poll(() => bodies.length).toBeGreaterThan(1);
  status = 200;
  await restart();
  await expect.poll(async () => (await app.call("outbox.list", { query: {} })).items).toEqual([]);
  expect(bodies.filter((body) => body === "first")).toHaveLength(1);
  expect(bodies.at(-1)).toBe("third");
});

test("a limit of a day holds over a restart", async () => {
  await turnOn();
  await setPolicy({ perDay: 2 });
  await send("one");
  await restart();
  await send("two");
  expect((await failureOf(send("three"))).details).toMatchObject({ code: "rate_limited", reason: "rate_limited" });
});

test("a secret that was written into the file by hand is sealed", async () => {
  await turnOn();
  const file = join(folder, "data/connectors.json");
  const { writeFile } = await import("node:fs/promises");
  await app.stop();
  const text = await readFile(file, "utf8");
  const document = JSON.parse(text) as { data: { connectors: Record<string, { config: Record<string, string> }> } };
  const record = document.data.connectors[id];
  if (!record) throw new Error("no record");
  record.config["nextSecret"] = "written-by-hand-0123456789";
  await writeFile(file, JSON.stringify(document));
  app = await startTestApp({ directory: folder });
  expect(await readFile(file, "utf8")).not.toContain("written-by-hand");
  expect((await app.call("connectors.get", { params: { id } })).secrets["nextSecret"]).toMatchObject({ isSet: true });
});

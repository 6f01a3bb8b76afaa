import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { customConnectorSchema, type CustomConnectorInput } from "../../../contract/features/custom-connectors.ts";
import { CallError, startTestApp, type TestApp } from "../../testing/test-app.ts";

const id = "tracker";
const secret = "a-token-for-the-first-place";
const params = { id };

interface Place {
  server: Server;
  address: string;
  /** What it was asked, with how it was signed in. */
  asked: { url: string; authorization: string | undefined }[];
}

let folder: string;
let app: TestApp;
let first: Place;
let second: Place;
let status: number;

async function openPlace(): Promise<Place> {
  const asked: Place["asked"] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", authorization: request.headers.authorization });
    response.statusCode = status;
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, asked, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

beforeEach(async () => {
  status = 200;
  first = await openPlace();
  second = await openPlace();
  folder = await mkdtemp(join(tmpdir(), "portos-place-"));
  app = await startTestApp({ directory: folder });
});

afterEach(async () => {
  await app.stop();
  for (const { server } of [first, second]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(folder, { recursive: true, force: true });
});

function tracker(place: Place, more: Partial<CustomConnectorInput> = {}) {
  return customConnectorSchema.parse({
    id,
    title: "Tracker",
    baseUrl: place.address,
    isInside: true,
    config: [{ name: "token", title: "Token", isSecret: true }],
    auth: { kind: "bearer", secret: "token" },
    operations: [
      { name: "look", title: "Look", effect: "read", method: "GET", path: "/look" },
      { name: "add", title: "Add", effect: "write", method: "POST", path: "/add" },
    ],
    ...more,
  });
}

const view = () => app.call("connectors.get", { params });
const update = (place: Place, more: Partial<CustomConnectorInput> = {}) =>
  app.call("customConnectors.update", { params, body: tracker(place, more) });
const run = (operation: string, idempotencyKey?: string) =>
  app.call("connectors.execute", {
    params: { id, operation },
    body: idempotencyKey === undefined ? {} : { idempotencyKey },
  });
const setPolicy = (approval: "never" | "always", of = id) =>
  app.call("connectors.putPolicy", { params: { id: of }, body: connectorPolicySchema.parse({ approval }) });
const pending = async () => (await app.call("approvals.list", {})).pending;

async function turnOn(token: string | null = secret): Promise<void> {
  if (token !== null) await app.call("connectors.putConfig", { params, body: { config: { token } } });
  await app.call("connectors.enable", { params });
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  const failure = await work.catch((error: unknown) => error);
  if (failure instanceof CallError) return failure.details.reason;
  throw new Error(`It did not fail: ${JSON.stringify(failure)}`);
}

async function answerNext(answer: "allow" | "deny"): Promise<void> {
  await expect.poll(async () => (await pending()).length).toBe(1);
  const [asked] = await pending();
  await app.call("approvals.decide", { params: { id: asked?.id ?? "" }, body: { hash: asked?.hash ?? "", answer } });
}

async function start(): Promise<void> {
  await app.call("customConnectors.create", { body: tracker(first) });
  await turnOn();
  await run("look");
  expect(first.asked).toEqual([{ url: "/look", authorization: `Bearer ${secret}` }]);
}

test("what comes under the id of a removed connector is off and has neither its secret nor its policy", async () => {
  await start();
  await setPolicy("never");
  await app.call("customConnectors.remove", { params });
  await app.call("customConnectors.create", { body: tracker(first) });
  expect(await view()).toMatchObject({ isEnabled: false, isChanged: false, secrets: { token: { isSet: false } } });
  expect(await app.call("connectors.policy", { params })).toMatchObject({ isDefault: true, history: [] });
  expect(await reasonOf(run("look"))).toBe("disabled");
  expect(first.asked).toHaveLength(1);
});

test("what was deleted by hand leaves nothing to what is added in its place", async () => {
  await start();
  await setPolicy("never");
  await unlink(join(folder, "data/connectors", `${id}.json`));
  await expect.poll(async () => (await app.call("customConnectors.list", {})).length).toBe(0);
  await app.call("customConnectors.create", { body: tracker(second) });
  expect(await view()).toMatchObject({ isEnabled: false, secrets: { token: { isSet: false } } });
  expect((await app.call("connectors.policy", { params })).isDefault).toBe(true);
});

test("one that leads elsewhere is off, and what its secrets were entered for does not get them", async () => {
  await start();
  await update(second);
  expect(await view()).toMatchObject({
    isEnabled: false,
    isChanged: true,
    isConfigured: false,
    secrets: { token: { isSet: false } },
  });
  expect(await reasonOf(run("look"))).toBe("disabled");
  await app.call("connectors.enable", { params });
  expect(await reasonOf(run("look"))).toBe("not_configured");
  await app.stop();
  app = await startTestApp({ directory: folder });
  expect(await reasonOf(run("look"))).toBe("not_configured");
  await turnOn("another-token-of-its-own");
  expect(await view()).toMatchObject({ isEnabled: true, isChanged: false });
  await run("look");
  expect(second.asked).toEqual([{ url: "/look", authorization: "Bearer another-token-of-its-own" }]);
  // What was entered for the former place is gone for good.
  await update(first);
  expect(await reasonOf(run("look"))).toBe("disabled");
});

test("a file that is edited by hand to lead elsewhere turns its connector off, also over a restart", async () => {
  await start();
  const file = join(folder, "data/connectors", `${id}.json`);
  await app.stop();
  await writeFile(file, JSON.stringify(tracker(second)));
  app = await startTestApp({ directory: folder });
  expect(await reasonOf(run("look"))).toBe("disabled");
  await writeFile(file, JSON.stringify(tracker(first, { title: "As it was, with other words" })));
  await expect.poll(async () => (await view()).isEnabled).toBe(true);
  await run("look");
  expect(first.asked).toHaveLength(2);
  expect(second.asked).toEqual([]);
});

test.each([
  ["signs in otherwise", { auth: { kind: "query", parameter: "leak", secret: "token" } }],
  ["lies elsewhere", { isInside: false }],
] as const)("one that %s is off as well", async (_what, more) => {
  await start();
  await update(first, more);
  expect(await view()).toMatchObject({ isEnabled: false, secrets: { token: { isSet: false } } });
});

test("a field that is no secret any more has no value, neither at once nor after a restart", async () => {
  await start();
  const open: Partial<CustomConnectorInput> = {
    config: [{ name: "token", title: "Token", isRequired: false }],
    auth: { kind: "none" },
    operations: [
      { name: "look", title: "Look", effect: "read", method: "GET", path: "/look", query: { leak: "{token}" } },
    ],
  };
  await update(first, open);
  await app.call("connectors.enable", { params });
  await run("look");
  await app.stop();
  app = await startTestApp({ directory: folder });
  await run("look");
  expect(first.asked.slice(1).map(({ url }) => url)).toEqual(["/look", "/look"]);
});

test("an operation more, or other words, change nothing", async () => {
  await start();
  const { operations } = tracker(first);
  const more = { name: "see", title: "See", effect: "read" as const, method: "GET" as const, path: "/see" };
  await update(first, { title: "The tracker", operations: [...operations, more] });
  expect(await view()).toMatchObject({ isEnabled: true, isChanged: false });
  await run("see");
  expect(first.asked.at(-1)).toEqual({ url: "/see", authorization: `Bearer ${secret}` });
});

test.each([
  ["removed", () => app.call("customConnectors.remove", { params })],
  ["led elsewhere", () => update(second)],
  ["given other requests", () => update(first, { headers: { "x-more": "1" } })],
] as const)("the question goes when the connector it is about is %s", async (_what, change) => {
  await start();
  await setPolicy("always");
  const reason = reasonOf(run("add"));
  await expect.poll(async () => (await pending()).length).toBe(1);
  await change();
  expect(await reason).toBe("approval_expired");
  expect(await pending()).toEqual([]);
  expect([...first.asked.slice(1), ...second.asked]).toEqual([]);
});

test("what was allowed for one place is not delivered to another", async () => {
  await start();
  await setPolicy("always");
  status = 503;
  const sent = run("add", "key-1");
  await answerNext("allow");
  await sent;
  await expect.poll(async () => (await app.call("outbox.list", { query: {} })).items[0]?.state).toBe("waiting");
  await update(second);
  await turnOn("another-token-of-its-own");
  status = 200;
  const [delivery] = (await app.call("outbox.list", { query: {} })).items;
  await app.call("outbox.retry", { params: { id: delivery?.id ?? "" } });
  const dead = async () => (await app.call("outbox.deadLetters", { query: {} })).items;
  await expect.poll(async () => (await dead())[0]?.failure?.code).toBe("approval_expired");
  expect((await dead())[0]?.failure?.message).toBe("Tracker would do something else now than was allowed");
  expect(second.asked).toEqual([]);
});

test("what lets PortOS in at one address is shown to no other, whatever kind of connector it is", async () => {
  const hook = { params: { id: "webhook-out" } };
  const configure = (place: Place, more: Record<string, unknown> = {}) =>
    app.call("connectors.putConfig", { ...hook, body: { config: { url: `${place.address}/hook`, ...more } } });
  const post = () =>
    app.call("connectors.execute", {
      params: { id: "webhook-out", operation: "post" },
      body: { params: { text: "hello" } },
    });
  await configure(first, { access: `Bearer ${secret}` });
  await app.call("connectors.enable", hook);
  const refusal: unknown = await configure(second).catch((error: unknown) => error);
  const message = `must be entered again, or removed, because the address has changed: it would be used for ${second.address} now`;
  expect(refusal).toMatchObject({ details: { issues: [{ path: "body.config.access", message }] } });
  await post();
  await configure(second, { access: null });
  await post();
  expect(first.asked).toEqual([{ url: "/hook", authorization: `Bearer ${secret}` }]);
  expect(second.asked).toEqual([{ url: "/hook", authorization: undefined }]);
  await app.stop();
  app = await startTestApp({ directory: folder });
  await post();
  expect(second.asked).toHaveLength(2);
});

test("a connector of one's own whose address is made of its fields keeps to the address, too", async () => {
  const config = [
    { name: "token", title: "Token", isSecret: true },
    { name: "place", title: "Place" },
  ];
  await app.call("customConnectors.create", { body: tracker(first, { config, baseUrl: "{place}" }) });
  const configure = (place: Place, token?: string) =>
    app.call("connectors.putConfig", {
      params,
      body: { config: { place: place.address, ...(token ? { token } : {}) } },
    });
  await configure(first, secret);
  await app.call("connectors.enable", { params });
  await run("look");
  await expect(configure(second)).rejects.toMatchObject({ details: { issues: [{ path: "body.config.token" }] } });
  await configure(second, "another-token-of-its-own");
  await run("look");
  expect(second.asked).toEqual([{ url: "/look", authorization: "Bearer another-token-of-its-own" }]);
});

test("what was allowed for one address of a connector of PortOS is not delivered to another", async () => {
  const hook = "webhook-out";
  const configure = ({ address }: Place) =>
    app.call("connectors.putConfig", { params: { id: hook }, body: { config: { url: `${address}/hook` } } });
  await configure(first);
  await app.call("connectors.enable", { params: { id: hook } });
  await setPolicy("always", hook);
  status = 503;
  const body = { params: { text: "hello" }, idempotencyKey: "key-1" };
  const sent = app.call("connectors.execute", { params: { id: hook, operation: "post" }, body });
  await answerNext("allow");
  await sent;
  await expect.poll(async () => (await app.call("outbox.list", { query: {} })).items[0]?.state).toBe("waiting");
  await configure(second);
  status = 200;
  const [delivery] = (await app.call("outbox.list", { query: {} })).items;
  await app.call("outbox.retry", { params: { id: delivery?.id ?? "" } });
  const dead = async () => (await app.call("outbox.deadLetters", { query: {} })).items;
  await expect.poll(async () => (await dead())[0]?.failure?.code).toBe("approval_expired");
  expect(second.asked).toEqual([]);
});

test("what nobody was asked about goes where the connector leads now", async () => {
  await start();
  await setPolicy("never");
  status = 503;
  await run("add", "key-1");
  await expect.poll(async () => (await app.call("outbox.list", { query: {} })).items[0]?.state).toBe("waiting");
  await update(second);
  status = 200;
  expect(second.asked).toEqual([]);
  await turnOn("another-token-of-its-own");
  const [delivery] = (await app.call("outbox.list", { query: {} })).items;
  await app.call("outbox.retry", { params: { id: delivery?.id ?? "" } });
  await expect.poll(() => second.asked).toEqual([{ url: "/add", authorization: "Bearer another-token-of-its-own" }]);
});

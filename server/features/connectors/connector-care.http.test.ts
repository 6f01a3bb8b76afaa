import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { DoctorReport } from "../../../contract/features/connectors.ts";
import { byHand } from "../automations/testing/automation-app.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

const id = "webhook-out";
let folder: string;
let app: TestApp;
let server: Server;
let origin: string;
let date: string | undefined;
let status: number;

beforeEach(async () => {
  date = undefined;
  status = 200;
  server = createServer((_request, response) => {
    response.writeHead(status, { server: "nuts/1.2", ...(date === undefined ? {} : { date }) }).end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "portos-care-"));
  app = await startTestApp({ directory: folder });
});

afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function turnOn(url = `${origin}/hook`): Promise<void> {
  await app.call("connectors.putConfig", { params: { id }, body: { config: { url } } });
  await app.call("connectors.enable", { params: { id } });
}

const send = (text: string) =>
  app.call("connectors.execute", { params: { id, operation: "post" }, body: { params: { text } } });
const dryRun = () =>
  app.call("connectors.dryRun", { params: { id, operation: "post" }, body: { params: { text: "x" } } });
const statusOf = async () => {
  const found = (await app.call("connectors.list", {})).find((one) => one.id === id);
  if (!found) throw new Error("no such connector");
  return found;
};

test("a connector that cannot be looked at says so, and not that it is well; that stays over a restart", async () => {
  await turnOn();
  const { health } = await app.call("connectors.check", { params: { id } });
  expect(health).toMatchObject({ isHealthy: null, detail: "There is nothing to look at without a call" });
  await app.stop();
  app = await startTestApp({ directory: folder });
  expect((await statusOf()).health).toEqual(health);
  await turnOn(`${origin}/other`);
  expect((await statusOf()).health).toBeNull();
});

test("the last call stands in the status, also after a restart; a dry run is none and is counted nowhere", async () => {
  await turnOn();
  expect((await statusOf()).lastCall).toBeNull();
  const { evidenceId } = await send("hello");
  await dryRun();
  const lastCall = { operation: "post", outcome: "done", code: null, evidenceId };
  expect((await statusOf()).lastCall).toMatchObject(lastCall);
  const counted = async () => (await app.call("evidence.statistics", { query: {} })).total;
  expect(await counted()).toMatchObject({ calls: 1, done: 1 });
  await app.stop();
  app = await startTestApp({ directory: folder });
  expect((await statusOf()).lastCall).toMatchObject(lastCall);
  expect(await counted()).toMatchObject({ calls: 1, done: 1 });
});

test("a dry run shows the question a phone would get, and why it is asked", async () => {
  await turnOn();
  await app.call("connectors.putPolicy", { params: { id }, body: { ...(await policyNow()), approval: "always" } });
  const { verdict, question, message } = await dryRun();
  expect(verdict).toBe("asks");
  expect(question).toBe(`Webhook: Post (${origin})`);
  expect(message).not.toBe(question);
});

async function policyNow() {
  return (await app.call("connectors.policy", { params: { id } })).policy;
}

test("what is missing is named as the form names it", async () => {
  const email = (await app.call("connectors.list", {})).find((one) => one.id === "email-smtp");
  expect(email?.issues.length).toBeGreaterThan(0);
  for (const { label } of email?.issues ?? []) expect(label).toMatch(/^[A-Z]/);
});

test("whatever would not work without a connector is listed with what it uses", async () => {
  await turnOn();
  const uses = async () => (await app.call("connectors.uses", { params: { id } })).uses;
  expect(await uses()).toEqual([]);
  const steps = [{ connector: id, operation: "post", params: { text: "hello" } }];
  const { automation } = await app.call("automations.create", {
    body: byHand({ kind: "connector", steps }, { name: "Tides" }),
  });
  const { hook } = await app.call("hooks.create", {
    body: { ...hookInput, name: "Pushes", automationId: automation.id },
  });
  const rule = await app.call("approvals.createRule", {
    body: { name: "Posts", effect: "allow", connectors: [id], operations: ["post"] },
  });
  expect(await uses()).toEqual([
    { kind: "automation", id: automation.id, name: "Tides", detail: "post", isActive: false },
    { kind: "webhook", id: hook.id, name: "Pushes", detail: "starts Tides", isActive: true },
    { kind: "rule", id: rule.id, name: "Posts", detail: "allows post", isActive: true },
  ]);
  const { token } = await app.call("mcp.create", {
    body: {
      name: "Editor",
      expiresAt: null,
      rights: {
        connectors: [{ connector: id, operations: ["post"] }],
        effects: ["read"],
        asksBeforeWrites: true,
        areas: [],
        mayRestartApps: false,
      },
    },
  });
  expect((await uses())[3]).toEqual({
    kind: "token",
    id: token.id,
    name: "Editor",
    detail: "may call post",
    isActive: true,
  });
  await app.call("automations.enable", { params: { id: automation.id } });
  expect((await uses())[0]).toMatchObject({ isActive: true });
  expect((await app.call("connectors.uses", { params: { id: "web-fetch" } })).uses).toEqual([]);
});

const hookInput = {
  kind: "token",
  tokenHeader: "x-webhook-token",
  isEnabled: true,
  toleranceSeconds: 300,
  maxBodyBytes: 262_144,
  perMinute: 60,
  secret: "0123456789abcdef0123456789abcdef",
} as const;

test("a rule that denies without saying what is refused by its field", async () => {
  const body = { name: "No calls", effect: "deny" as const, connectors: [], operations: [] };
  await expect(app.call("approvals.createRule", { body })).rejects.toMatchObject({
    status: 400,
    details: { issues: [{ path: "body.connectors", message: expect.stringContaining("must name") as string }] },
  });
});

const examine = (): Promise<DoctorReport> => app.call("connectors.doctor", { params: { id } });
const verdictsOf = ({ targets }: DoctorReport) =>
  Object.fromEntries((targets[0]?.steps ?? []).map(({ step, verdict }) => [step, verdict]));

test("the doctor goes the way of a call step by step, and each look is on record", async () => {
  await turnOn();
  date = new Date().toUTCString();
  const report = await examine();
  expect(report.targets.map(({ target }) => target)).toEqual([origin]);
  expect(verdictsOf(report)).toEqual({
    name: "good",
    connection: "good",
    encryption: "skipped",
    clock: "good",
    version: "good",
  });
  expect(report.targets[0]?.steps.find(({ step }) => step === "version")?.message).toBe("nuts/1.2");
  expect(report.signIn).toMatchObject({ step: "sign-in", verdict: "skipped" });
  const [first = ""] = report.evidenceIds;
  const record = await app.call("evidence.get", { params: { id: first } });
  expect(record).toMatchObject({ connector: id, outcome: "done", caller: { kind: "person" }, targets: [origin] });
  expect(record.path.map(({ step }) => step)).toContain("clock");
  // A look is no call: it uses up no limit and is not the last call.
  expect((await statusOf()).lastCall).toBeNull();
});

test("the doctor says where the way ends, and what to do", async () => {
  await turnOn();
  date = new Date(Date.now() - 3_600_000).toUTCString();
  const skewed = await examine();
  const clock = skewed.targets[0]?.steps.find(({ step }) => step === "clock");
  expect(clock).toMatchObject({ verdict: "bad", message: expect.stringContaining("ahead of") as string });
  expect(clock?.hint).not.toBeNull();
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  await turnOn(`http://127.0.0.1:${port}/hook`);
  expect(verdictsOf(await examine())).toEqual({
    name: "good",
    connection: "bad",
    encryption: "skipped",
    clock: "skipped",
    version: "skipped",
  });
  await app.call("connectors.disable", { params: { id } });
  await expect(examine()).rejects.toMatchObject({ details: { reason: "disabled" } });
  await app.call("connectors.enable", { params: { id } });
  await app.call("connectors.setMode", { body: { mode: "offline" } });
  await expect(examine()).rejects.toMatchObject({ details: { reason: "offline" } });
});

interface Told {
  cursor: string;
  event: {
    kind?: string;
    connector?: { id: string; lastCall: unknown };
    call?: { connector: string };
    counts?: object;
  };
}

test("pages are told of connectors, calls and the queue, and get what they have missed", async () => {
  await turnOn();
  const { socket, emit, next } = await app.connect();
  const subscribe = async (channel: string, after?: string) => {
    const reply = await emit(`${channel}:subscribe`, after === undefined ? {} : { after });
    if (!reply.ok) throw new Error(reply.error.message);
    return reply.data as { cursor: string; snapshot?: object; events: { kind: string }[] };
  };
  const connectors = await subscribe("connectors");
  expect(connectors.snapshot).toMatchObject({ gateway: { mode: "online" } });
  const evidence = await subscribe("evidence");
  expect(evidence.snapshot).toEqual({ underWay: [] });
  expect((await subscribe("outbox")).snapshot).toMatchObject({ counts: { dead: 0 } });
  const isLastCall = (payload: unknown): boolean => {
    const { kind, connector } = (payload as Told).event;
    return kind === "status" && connector?.id === id && connector.lastCall !== null;
  };
  const told = next("connectors:event", isLastCall);
  const ended = next("evidence:event", (payload) => (payload as Told).event.kind === "ended");
  await send("hello");
  await told;
  expect((await ended) as Told).toMatchObject({ event: { call: { connector: id, outcome: "done" } } });
  const closed = next("connectors:event", (payload) => (payload as Told).event.kind === "gateway");
  await app.call("connectors.setMode", { body: { mode: "read-only" } });
  expect((await closed) as Told).toMatchObject({ event: { gateway: { mode: "read-only" } } });
  await app.call("connectors.setMode", { body: { mode: "online" } });
  status = 503;
  const queued = next("outbox:event");
  await app.call("connectors.execute", {
    params: { id, operation: "post" },
    body: { params: { text: "later" }, idempotencyKey: "k1" },
  });
  expect(await queued).toMatchObject({ event: { changed: [expect.stringMatching(/^d/) as string] } });
  socket.disconnect();
  const again = await app.connect();
  const missed = await again.emit("evidence:subscribe", { after: evidence.cursor });
  expect(missed).toMatchObject({ ok: true, data: { skipped: 0 } });
  const { events } = (missed as { data: { events: { kind: string }[] } }).data;
  expect(events.slice(0, 2).map(({ kind }) => kind)).toEqual(["begun", "ended"]);
});

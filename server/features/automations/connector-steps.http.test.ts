import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema, type ConnectorPolicyInput } from "../../../contract/features/connectors.ts";
import type { AutomationInput } from "../../../contract/features/automations.ts";
import type { Occurrence } from "../../../contract/features/automation-occurrences.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended } from "./testing/automation-app.ts";

type Steps = Extract<AutomationInput["action"], { kind: "connector" }>["steps"];

let folder: string;
let app: TestApp;
let server: Server;
let place: string;
let bodies: string[];
let hookStatus: number;

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Tides of Hamburg</title><link>https://example.com/</link>
<description>Twice a day</description><item><title>High water</title><link>https://example.com/high</link>
<description>High water comes a little later each time.</description></item></channel></rss>`;

beforeEach(async () => {
  bodies = [];
  hookStatus = 200;
  server = createServer((request, response) => {
    if (request.method !== "POST") {
      response.writeHead(200, { "content-type": "application/rss+xml" }).end(feed);
      return;
    }
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      bodies.push(body);
      response.writeHead(hookStatus).end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "portos-steps-"));
  app = await startTestApp({ directory: folder });
  await setPolicy("rss", {});
  await setPolicy("webhook-out", { approval: "never" });
  await app.call("connectors.putConfig", {
    params: { id: "webhook-out" },
    body: { config: { url: `http://${place}/hook` } },
  });
  for (const id of ["rss", "webhook-out"]) await app.call("connectors.enable", { params: { id } });
});

afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function setPolicy(id: string, policy: ConnectorPolicyInput) {
  const body = connectorPolicySchema.parse({ insides: [place], ...policy });
  return app.call("connectors.putPolicy", { params: { id }, body });
}

async function restart(): Promise<void> {
  await app.stop();
  app = await startTestApp({ directory: folder });
}

const read = (): Steps[number] => ({
  connector: "rss",
  operation: "fetch-feed",
  params: { url: `http://${place}/tides` },
});
const post = (params: Steps[number]["params"]): Steps[number] => ({
  connector: "webhook-out",
  operation: "post",
  params,
});

async function create(steps: Steps): Promise<string> {
  const body = byHand({ kind: "connector", steps }, { name: "Tides" });
  return (await app.call("automations.create", { body })).automation.id;
}

const run = (id: string): Promise<Occurrence> => app.call("automations.run", { params: { id } });
const rowOf = (id: string): Promise<Occurrence> => app.call("automations.occurrence", { params: { id } });
const pending = async () => (await app.call("approvals.list", {})).pending;

test("a later step uses what an earlier one gave; both are on record in the name of the automation", async () => {
  const id = await create([
    read(),
    post({
      payload: { title: "{{ step1.feed.title }}", say: "Read {{ step1.feed.title }} for {{ trigger.automation }}" },
    }),
  ]);
  const row = await ended(app, (await run(id)).id);
  expect(row).toMatchObject({ state: "succeeded", action: "connector" });
  expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([
    { title: "Tides of Hamburg", say: "Read Tides of Hamburg for Tides" },
  ]);
  expect(row.steps).toMatchObject([
    { connector: "rss", state: "succeeded", code: null },
    { connector: "webhook-out", state: "succeeded", code: null },
  ]);
  for (const { evidenceId } of row.steps ?? []) {
    const record = await app.call("evidence.get", { params: { id: evidenceId ?? "" } });
    expect(record).toMatchObject({
      outcome: "done",
      tries: 1,
      caller: { kind: "automation", name: "Tides", id },
      correlationId: row.id,
    });
  }
  const { steps } = await app.call("automations.stepResults", { params: { id: row.id } });
  expect(steps[0]?.text).toContain("High water comes a little later");
  expect(JSON.parse(steps[1]?.text ?? "null")).toMatchObject({ status: 200, said: "thanks" });
  // What was kept for the delivery alone is gone once it was used.
  await expect
    .poll(async () => (await readdir(join(folder, "data/automations/output"))).filter((name) => name.includes("reply")))
    .toEqual([]);
});

test("the first failure ends the run, with its code, what to do, and no call behind it", async () => {
  await app.call("connectors.disable", { params: { id: "rss" } });
  const id = await create([read(), post({ text: "{{ step1.feed.title }}" })]);
  const row = await ended(app, (await run(id)).id);
  expect(row).toMatchObject({ state: "failed", reason: expect.stringContaining("Step 1, rss fetch-feed") as string });
  expect(row.steps).toMatchObject([
    { state: "failed", code: "disabled", hint: expect.stringContaining("Connectors page") as string },
    { state: "skipped", evidenceId: null },
  ]);
  expect(row.steps?.[0]?.evidenceId).not.toBeNull();
  expect(bodies).toEqual([]);
});

test("a value that is missing within a text is not sent as nothing", async () => {
  const id = await create([read(), post({ text: "About {{ step1.feed.titel }}" })]);
  const row = await ended(app, (await run(id)).id);
  expect(row.steps?.[1]).toMatchObject({ state: "failed", code: "invalid_params" });
  expect(bodies).toEqual([]);
});

test("what can never work is not taken, and every field is named", async () => {
  const wrong = create([
    { ...read(), params: { url: "nowhere" } },
    { connector: "nobody", operation: "post", params: {} },
    post({ text: "{{ step3.x }}" }),
    post({ payload: { who: "{{ trigger.nobody }}" } }),
  ]);
  await expect(wrong).rejects.toMatchObject({
    status: 400,
    details: {
      issues: [
        { path: "body.action.steps.0.params.url" },
        { path: "body.action.steps.1.connector" },
        { path: "body.action.steps.2.params.text" },
        { path: "body.action.steps.3.params.payload.who" },
      ],
    },
  });
});

test("a question keeps the run waiting, also over a restart, and is asked once; its answer lets exactly one message out", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const id = await create([read(), post({ text: "{{ step1.feed.title }}" })]);
  const { id: occurrence } = await run(id);
  await expect.poll(async () => (await pending()).length).toBe(1);
  const [asked] = await pending();
  expect(asked?.subject).toMatchObject({
    kind: "connector-call",
    callerKind: "automation",
    callerId: id,
    why: expect.stringMatching(/^Tides wants it\. [A-Z]/) as string,
  });
  await expect.poll(async () => (await rowOf(occurrence)).steps?.[1]?.state).toBe("waiting");
  const notices = async () => JSON.stringify(await app.call("notifications.list", {}));
  await expect.poll(notices).toContain("Tides asks you");
  await restart();
  expect((await pending()).map((one) => one.id)).toEqual([asked?.id]);
  expect(await rowOf(occurrence)).toMatchObject({
    state: "running",
    steps: [{ state: "succeeded" }, { state: "waiting", approvalId: asked?.id }],
  });
  const { id: approval = "", hash = "" } = asked ?? {};
  await app.call("approvals.decide", { params: { id: approval }, body: { hash, answer: "allow" } });
  expect(await ended(app, occurrence)).toMatchObject({ state: "succeeded" });
  expect(bodies).toEqual(["Tides of Hamburg"]);
});

test("an answer given while PortOS was away of what would now be another call counts for nothing: it is asked anew", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id: occurrence } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await rowOf(occurrence)).steps?.[0]?.state).toBe("waiting");
  const [before] = await pending();
  await app.stop();
  const file = join(folder, "data/connectors.json");
  const document = JSON.parse(await readFile(file, "utf8")) as {
    data: { connectors: Record<string, { revision: number }> };
  };
  const record = document.data.connectors["webhook-out"];
  if (!record) throw new Error("no record");
  record.revision += 1;
  await writeFile(file, JSON.stringify(document));
  app = await startTestApp({ directory: folder });
  await expect.poll(async () => (await pending()).filter(({ id }) => id !== before?.id).length).toBe(1);
  const open = await pending();
  expect(open.map(({ id }) => id)).not.toContain(before?.id);
  const { id = "", hash = "" } = open[0] ?? {};
  await app.call("approvals.decide", { params: { id }, body: { hash, answer: "allow" } });
  expect(await ended(app, occurrence)).toMatchObject({ state: "succeeded", steps: [{ approvalId: id }] });
  expect(bodies).toEqual(["Hello"]);
});

test("what was asked is not sent without a yes, though the policy asks no more and PortOS was started anew", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id: first } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await rowOf(first)).steps?.[0]?.state).toBe("waiting");
  const [before] = await pending();
  await setPolicy("webhook-out", { approval: "never" });
  await restart();
  await expect.poll(async () => (await pending()).filter(({ id }) => id !== before?.id).length).toBe(1);
  const open = await pending();
  expect(open).toMatchObject([{ subject: { isForUser: true } }]);
  expect((await app.call("approvals.list", {})).recent).toMatchObject([{ id: before?.id, state: "withdrawn" }]);
  await restart();
  expect((await pending()).map(({ id }) => id)).toEqual(open.map(({ id }) => id));
  expect(bodies).toEqual([]);
  const { id = "", hash = "" } = open[0] ?? {};
  await app.call("approvals.decide", { params: { id }, body: { hash, answer: "deny" } });
  expect(await ended(app, first)).toMatchObject({ state: "failed", steps: [{ code: "approval_denied" }] });
  expect(bodies).toEqual([]);
});

test("a question whose call is not made any more is taken back, however its run has ended", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await rowOf(id)).steps?.[0]?.state).toBe("waiting");
  const [asked] = await pending();
  await setPolicy("webhook-out", { approval: "always", operations: [] });
  await restart();
  expect(await ended(app, id)).toMatchObject({ state: "failed", steps: [{ code: "refused_by_policy" }] });
  await expect.poll(pending).toEqual([]);
  const { id: approval = "", hash = "" } = asked ?? {};
  const late = app.call("approvals.decide", { params: { id: approval }, body: { hash, answer: "allow" } });
  await expect(late).rejects.toMatchObject({ status: 409 });
  expect(bodies).toEqual([]);
});

test("a question that was denied fails the step with what was said", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id: occurrence } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await pending()).length).toBe(1);
  const [asked] = await pending();
  const { id = "", hash = "" } = asked ?? {};
  await app.call("approvals.decide", { params: { id }, body: { hash, answer: "deny", reason: "Not today" } });
  const row = await ended(app, occurrence);
  expect(row).toMatchObject({ state: "failed", reason: expect.stringContaining("Not today") as string });
  expect(row.steps).toMatchObject([{ state: "failed", code: "approval_denied" }]);
  expect(bodies).toEqual([]);
});

test("a question of a run that is cancelled is taken back", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id: occurrence } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await pending()).length).toBe(1);
  await app.call("automations.cancel", { params: { id: occurrence } });
  expect(await ended(app, occurrence)).toMatchObject({ state: "cancelled", steps: [{ state: "cancelled" }] });
  expect(await pending()).toEqual([]);
  expect(bodies).toEqual([]);
});

test("a question of an automation that is deleted is taken back", async () => {
  await setPolicy("webhook-out", { approval: "always" });
  const { id: occurrence, automationId } = await run(await create([post({ text: "Hello" })]));
  await expect.poll(async () => (await pending()).length).toBe(1);
  await app.call("automations.remove", { params: { id: automationId } });
  await expect.poll(async () => (await rowOf(occurrence)).state).toBe("cancelled");
  expect(await pending()).toEqual([]);
  expect(bodies).toEqual([]);
});

test("what the other side refuses waits in the queue over a restart, and arrives once it is taken", async () => {
  hookStatus = 503;
  const { id: occurrence } = await run(await create([post({ text: "Hello" }), read()]));
  await expect.poll(async () => (await rowOf(occurrence)).steps?.[0]?.state).toBe("sending");
  await expect.poll(() => bodies.length).toBeGreaterThan(0);
  await restart();
  expect(await rowOf(occurrence)).toMatchObject({
    state: "running",
    steps: [{ state: "sending" }, { state: "queued" }],
  });
  const taken = bodies.length;
  hookStatus = 200;
  const [delivery] = (await app.call("outbox.list", { query: {} })).items;
  const id = delivery?.id ?? "";
  await expect
    .poll(async () =>
      app.call("outbox.retry", { params: { id } }).then(
        () => true,
        () => bodies.length > taken,
      ),
    )
    .toBe(true);
  expect(await ended(app, occurrence)).toMatchObject({
    state: "succeeded",
    steps: [{ state: "succeeded" }, { state: "succeeded" }],
  });
  expect((await app.call("outbox.list", { query: {} })).items).toEqual([]);
});

test("what the queue gives up fails the step, with its record; cancelling takes out what waits", async () => {
  hookStatus = 410;
  const id = await create([post({ text: "Hello" })]);
  const first = await ended(app, (await run(id)).id);
  expect(first.steps).toMatchObject([
    { state: "failed", code: "upstream_failed", hint: expect.stringContaining("dead letter") as string },
  ]);
  expect(first.steps?.[0]?.evidenceId).not.toBeNull();
  hookStatus = 503;
  const { id: occurrence } = await run(id);
  await expect.poll(async () => (await app.call("outbox.list", { query: {} })).counts.waiting).toBe(1);
  await app.call("automations.cancel", { params: { id: occurrence } });
  const row = await ended(app, occurrence);
  expect(row).toMatchObject({ state: "cancelled", reason: expect.stringContaining("not sent") as string });
  expect((await app.call("outbox.list", { query: {} })).counts.waiting).toBe(0);
});

const deliveryOf = ({ steps }: Occurrence): string => steps?.[0]?.deliveryId ?? "";

test("a run tells what became of its dead letter later, also after a restart", async () => {
  hookStatus = 410;
  const id = await create([post({ text: "Hello" })]);
  const [first, second] = [await ended(app, (await run(id)).id), await ended(app, (await run(id)).id)];
  hookStatus = 200;
  await app.call("outbox.retry", { params: { id: deliveryOf(first) } });
  await app.call("outbox.discard", { params: { id: deliveryOf(second) } });
  const told = async (): Promise<unknown[]> =>
    Promise.all([first, second].map(async (row) => (await rowOf(row.id)).steps?.[0]?.message));
  const fates = [
    expect.stringMatching(/410.*It was delivered later, when it was tried again/) as string,
    expect.stringMatching(/410.*It was discarded in the queue later\./) as string,
  ];
  await expect.poll(told).toEqual(fates);
  await restart();
  expect(await told()).toEqual(fates);
  const delivered = await rowOf(first.id);
  expect(delivered).toMatchObject({ state: "failed", steps: [{ state: "failed", hint: null }] });
  const evidenceId = delivered.steps?.[0]?.evidenceId ?? "";
  expect(await app.call("evidence.get", { params: { id: evidenceId } })).toMatchObject({
    outcome: "done",
    status: 200,
  });
  const { items } = await app.call("automations.occurrences", { query: { automation: id } });
  const reasons = items.map(({ reason }) => reason);
  expect(reasons).toEqual([
    expect.stringContaining("It was discarded") as string,
    expect.stringContaining("It was delivered later") as string,
  ]);
  expect(reasons.join(" ")).not.toContain("dead letter");
});

test("a try shows what would be sent and asked, with the results of the last run, and sends nothing", async () => {
  const action: AutomationInput["action"] = {
    kind: "connector",
    steps: [read(), post({ text: "{{ step1.feed.title }} {{ trigger.body.who || 'nobody' }}" })],
  };
  const id = await create(action.steps);
  const attempt = (more: object = {}) =>
    app.call("automations.tryConnectors", { body: { action, automation: id, ...more } });
  const fresh = await attempt();
  expect(fresh).toMatchObject({
    basedOn: null,
    steps: [
      { verdict: "allowed", params: { url: `http://${place}/tides` } },
      { verdict: "later", params: null },
    ],
  });
  const { id: occurrence } = await run(id);
  await ended(app, occurrence);
  await setPolicy("webhook-out", { approval: "always" });
  bodies = [];
  const tried = await attempt({ message: { who: "Anna" } });
  expect(tried).toMatchObject({
    basedOn: occurrence,
    steps: [
      { verdict: "allowed" },
      {
        verdict: "asks",
        params: { text: "Tides of Hamburg Anna" },
        question: expect.stringContaining("Webhook: Post") as string,
      },
    ],
  });
  expect(bodies).toEqual([]);
  expect(await pending()).toEqual([]);
  const record = await app.call("evidence.get", { params: { id: tried.steps[1]?.evidenceId ?? "" } });
  expect(record).toMatchObject({ isDryRun: true, caller: { kind: "automation", id } });
});

test("the message of a webhook is there for the steps", async () => {
  const id = await create([post({ payload: { who: "{{ trigger.body.pusher.name }}", event: "{{ trigger.event }}" } })]);
  await app.call("automations.enable", { params: { id } });
  const secret = "0123456789abcdef0123456789abcdef";
  const { hook } = await app.call("hooks.create", {
    body: {
      name: "Pushes",
      kind: "token",
      tokenHeader: "x-webhook-token",
      isEnabled: true,
      toleranceSeconds: 300,
      maxBodyBytes: 262_144,
      perMinute: 60,
      automationId: id,
      secret,
    },
  });
  const response = await fetch(`${app.base}/api/hooks/${hook.id}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-webhook-token": secret },
    body: JSON.stringify({ type: "push", pusher: { name: "anna" } }),
  });
  expect(response.status).toBeLessThan(300);
  await expect.poll(() => bodies.map((body) => JSON.parse(body) as unknown)).toEqual([{ who: "anna", event: "push" }]);
});

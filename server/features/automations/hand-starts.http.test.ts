import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import { connectorPolicySchema, type NetworkMode } from "../../../contract/features/connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended, never } from "./testing/automation-app.ts";

let folder: string;
let app: TestApp;
let server: Server;
let received: { said?: string; hook?: string; fixed?: string }[];
let wanted: string;
let other: string;

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push(JSON.parse(body) as never);
      response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "portos-hand-"));
  app = await startTestApp({ directory: folder });
  const params = { id: "webhook-out" };
  const body = connectorPolicySchema.parse({ insides: [place], approval: "never" });
  await app.call("connectors.putPolicy", { params, body });
  await app.call("connectors.putConfig", { params, body: { config: { url: `http://${place}/hook` } } });
  await app.call("connectors.enable", { params });
  wanted = await hook("Wanted");
  other = await hook("Other");
});

afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function hook(name: string): Promise<string> {
  return (await app.call("hooks.create", { body: { name, kind: "standard" as const } })).hook.id;
}

const say = (id: string, text: string) =>
  app.call("hooks.test", { params: { id }, body: { body: JSON.stringify({ type: "ping", text }), isHandedOn: true } });

const payload = { said: "{{ trigger.body.text }}", hook: "{{ trigger.data.hook }}" };

async function turnedOn(changes: Partial<AutomationInput> = {}, sent: object = payload): Promise<string> {
  const steps = [{ connector: "webhook-out", operation: "post", params: { payload: sent as never } }];
  const schedule: AutomationInput["schedule"] = {
    kind: "event",
    events: ["webhook.received"],
    filter: "data.hook == 'Wanted'",
  };
  const body = byHand(
    { kind: "connector", steps },
    { name: "Sends", schedule, overlapPolicy: "queue-all", ...changes },
  );
  const { id } = (await app.call("automations.create", { body })).automation;
  await app.call("automations.enable", { params: { id } });
  return id;
}

const byClock: Partial<AutomationInput> = { schedule: never, overlapPolicy: "skip" };
const rowsOf = async (automation: string) =>
  (await app.call("automations.occurrences", { query: { automation } })).items;
const setMode = (mode: NetworkMode) => app.call("connectors.setMode", { body: { mode } });
const again = (id: string) => app.call("automations.runAgain", { params: { id } });
const runNow = (id: string) => app.call("automations.run", { params: { id } });

test("what came while nothing was let out is run again with the same message, also after a restart", async () => {
  const id = await turnedOn();
  await setMode("offline");
  for (const text of ["one", "two"]) await say(wanted, text);
  await expect.poll(async () => (await rowsOf(id)).map(({ state }) => state)).toEqual(["failed", "failed"]);
  const [, first] = await rowsOf(id);
  await setMode("online");
  await app.stop();
  app = await startTestApp({ directory: folder });
  const run = await again(first?.id ?? "");
  expect(run).toMatchObject({ trigger: "manual", eventId: first?.eventId, messageId: first?.messageId });
  expect(run.id).not.toBe(first?.id);
  expect(await ended(app, run.id)).toMatchObject({
    state: "succeeded",
    reason: expect.stringMatching(/^Once more, with what had started the run of \d{4}-/) as string,
  });
  expect(received).toEqual([{ said: "one", hook: "Wanted" }]);
  expect((await rowsOf(id)).map(({ state }) => state)).toEqual(["succeeded", "failed", "failed"]);
  await expect(again(run.id)).rejects.toMatchObject({ status: 409 });
});

test("what came while automations were paused is run again", async () => {
  const id = await turnedOn();
  await app.call("automations.pauseAll", {});
  await say(wanted, "while paused");
  await expect.poll(async () => (await rowsOf(id)).map(({ state }) => state)).toEqual(["skipped"]);
  await app.call("automations.resumeAll", {});
  const [row] = await rowsOf(id);
  await ended(app, (await again(row?.id ?? "")).id);
  expect(received).toEqual([{ said: "while paused", hook: "Wanted" }]);
});

test("a message that a webhook started an automation with is run again, too", async () => {
  const id = await turnedOn(byClock, { said: "{{ trigger.body.text }}" });
  const body = { name: "Names it", kind: "standard" as const, automationId: id };
  const { hook: named } = await app.call("hooks.create", { body });
  await setMode("offline");
  await say(named.id, "named");
  await expect.poll(async () => (await rowsOf(id)).map(({ state }) => state)).toEqual(["failed"]);
  await setMode("online");
  const [row] = await rowsOf(id);
  await ended(app, (await again(row?.id ?? "")).id);
  expect(received).toEqual([{ said: "named" }]);
});

test("a run that nothing had started but a person or the clock is not run again, nor one that is unknown", async () => {
  await app.call("connectors.disable", { params: { id: "webhook-out" } });
  const id = await turnedOn(byClock, { fixed: "text" });
  const run = await ended(app, (await runNow(id)).id);
  await expect(again(run.id)).rejects.toMatchObject({ status: 409, details: { hint: "Use Run now instead." } });
  await expect(again("oc-0123456789ab")).rejects.toMatchObject({ status: 404 });
});

test("run by hand, one that events start takes the newest that fits, and says which", async () => {
  const id = await turnedOn();
  await expect(runNow(id)).rejects.toMatchObject({
    status: 409,
    details: { hint: expect.stringContaining("Try without") as string },
  });
  for (const text of ["one", "two"]) await say(wanted, text);
  await say(other, "three");
  await expect.poll(() => received.length).toBe(2);
  await expect.poll(async () => (await rowsOf(id)).map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
  const [newest] = await rowsOf(id);
  const run = await ended(app, (await runNow(id)).id);
  expect(run).toMatchObject({
    state: "succeeded",
    trigger: "manual",
    eventId: newest?.eventId,
    reason: expect.stringMatching(/^With the newest event that fits: Webhook received, \d{4}-.* UTC$/) as string,
  });
  expect(received.at(-1)).toEqual({ said: "two", hook: "Wanted" });
});

test("one that reads nothing of its event runs without any", async () => {
  const id = await turnedOn({}, { fixed: "for {{ trigger.automation }}" });
  expect(await ended(app, (await runNow(id)).id)).toMatchObject({ state: "succeeded", reason: null });
  expect(received).toEqual([{ fixed: "for Sends" }]);
});

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { eventNameSchema, type EventName } from "../../../contract/features/events.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended } from "../automations/testing/automation-app.ts";

let app: TestApp;
let server: Server;
let received: { id: string | undefined; body: { name: string; data: Record<string, unknown>; said?: unknown } }[];
let status: number;

beforeEach(async () => {
  received = [];
  status = 200;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ id: request.headers["webhook-id"] as string, body: JSON.parse(body) as never });
      response.writeHead(status).end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = await startTestApp();
  const params = { id: "webhook-out" };
  const body = connectorPolicySchema.parse({ insides: [place], approval: "never" });
  await app.call("connectors.putPolicy", { params, body });
  await app.call("connectors.putConfig", { params, body: { config: { url: `http://${place}/hook` } } });
  await app.call("connectors.enable", { params });
});

afterEach(async () => {
  await app.end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const payload = {
  id: "{{ trigger.eventId }}",
  name: "{{ trigger.event }}",
  data: "{{ trigger.data }}",
  outside: "{{ trigger.outside }}",
  said: "{{ trigger.body.text }}",
};

function draft(events: EventName[], filter: string | null = null) {
  const steps = [{ connector: "webhook-out", operation: "post", params: { payload } }];
  return byHand(
    { kind: "connector", steps },
    { name: "Send events", schedule: { kind: "event", events, filter }, overlapPolicy: "queue-all" },
  );
}

async function turnedOn(events: EventName[], filter: string | null = null): Promise<string> {
  const { automation } = await app.call("automations.create", { body: draft(events, filter) });
  await app.call("automations.enable", { params: { id: automation.id } });
  return automation.id;
}

async function hook(name: string): Promise<string> {
  const body = { name, kind: "standard" as const };
  return (await app.call("hooks.create", { body })).hook.id;
}

const say = (id: string, text: string) =>
  app.call("hooks.test", { params: { id }, body: { body: JSON.stringify({ type: "ping", text }), isHandedOn: true } });

const occurrencesOf = async (automation: string) =>
  (await app.call("automations.occurrences", { query: { automation } })).items;

const create = (schedule: object) =>
  app.call("automations.create", { body: { ...draft(["app.started"]), schedule } as never });
const refused = (path: string) => ({ status: 400, details: { issues: [{ path }] } });

test("what happens starts an automation that sends it on, each event once, in order, with its id", async () => {
  const wanted = await hook("Wanted");
  const other = await hook("Other");
  const id = await turnedOn(["webhook.received"], "data.hook == 'Wanted'");
  for (const text of ["one", "two", "three"]) await say(wanted, text);
  await say(other, "four");
  await expect.poll(() => received.length).toBe(3);
  expect(received.map(({ body }) => body.said)).toEqual(["one", "two", "three"]);
  expect(received[0]?.body).toMatchObject({
    name: "webhook.received",
    data: { hook: "Wanted", hookId: wanted.slice(0, 11), event: "ping", isTest: true },
    outside: ["event"],
  });
  // Whoever knows the whole id knows where messages are taken.
  expect(JSON.stringify(received)).not.toContain(wanted);
  expect(new Set(received.map(({ id: key }) => key)).size).toBe(3);
  await expect
    .poll(async () => (await occurrencesOf(id)).map(({ state }) => state))
    .toEqual(Array(3).fill("succeeded"));
  const [last] = await occurrencesOf(id);
  const { items } = await app.call("events.list", { query: { name: "webhook.received" } });
  expect(items.map(({ starts }) => starts)).toEqual([[], [id], [id], [id]]);
  expect(last).toMatchObject({ trigger: "event", who: "webhook.received", eventId: items[1]?.id, due: items[1]?.at });
  const { events } = await app.call("events.catalogue", {});
  expect(events.map(({ name }) => name)).toEqual(eventNameSchema.options);
  const kind = events.find(({ name }) => name === "webhook.received");
  expect(kind).toMatchObject({ last: { id: items[0]?.id }, data: { type: "object" }, outside: ["event"] });
});

test("an automation hears how another one ended, and never itself; its ledger says why not", async () => {
  const first = await hook("First");
  const listening = await turnedOn(["automation.succeeded"]);
  const { automation } = await app.call("automations.create", { body: { ...draft([]), ...byHand(draft([]).action) } });
  const { id } = await app.call("automations.run", { params: { id: automation.id } });
  await ended(app, id);
  await expect
    .poll(async () => (await occurrencesOf(listening)).map(({ state, reason }) => [state, reason]))
    .toEqual([
      ["skipped", "It would start itself: this automation.succeeded came about by what it did"],
      ["succeeded", null],
    ]);
  const { items } = await app.call("events.list", { query: { name: "automation.succeeded" } });
  expect(items.map(({ causes }) => causes)).toEqual([[automation.id, listening], [automation.id]]);
  expect(received.at(-1)?.body.data).toMatchObject({ automation: "By hand", occurrenceId: id, trigger: "manual" });
  expect(await app.call("hooks.list", {})).toMatchObject({ hooks: [{ id: first }] });
});

test("a new one is off until it is turned on, and what happened before does not start it", async () => {
  const from = await hook("From");
  const { automation } = await app.call("automations.create", { body: draft(["webhook.received"]) });
  await say(from, "before");
  await app.call("automations.enable", { params: { id: automation.id } });
  await say(from, "after");
  await expect.poll(() => received.map(({ body }) => body.said)).toEqual(["after"]);
});

test("a message that cannot be delivered is told, but not to the automation that sent it", async () => {
  status = 410;
  const from = await hook("From");
  const sending = await turnedOn(["webhook.received", "delivery.given-up"]);
  await say(from, "hello");
  await expect
    .poll(async () => (await app.call("events.list", { query: { name: "delivery.given-up" } })).items)
    .toMatchObject([{ data: { connectorId: "webhook-out", caller: "Send events" }, causes: [sending] }]);
  await expect
    .poll(async () => (await occurrencesOf(sending)).map(({ state, who }) => `${who ?? ""} ${state}`).toSorted())
    .toEqual(["delivery.given-up skipped", "webhook.received failed"]);
});

test("what is wrong with a trigger is named", async () => {
  await expect(create({ kind: "event", events: ["app.exploded"] })).rejects.toMatchObject(
    refused("body.schedule.events.0"),
  );
  await expect(create({ kind: "event", events: [] })).rejects.toMatchObject(refused("body.schedule.events"));
  await expect(create({ kind: "event", events: ["app.started"], filter: "data.appId ==" })).rejects.toMatchObject(
    refused("body.schedule.filter"),
  );
  await expect(create({ kind: "event", events: ["app.started"], filter: "data.who == 'x'" })).rejects.toThrow(
    "reads data.who, which these events do not have; they have appId, appName",
  );
});

test("a try takes the newest such event, or the example of the catalogue", async () => {
  const { action } = draft([]);
  if (action.kind !== "connector") throw new Error("not one of connectors");
  const tried = async (event: EventName) =>
    (await app.call("automations.tryConnectors", { body: { action, event } })).steps[0]?.params?.["payload"];
  expect(await tried("app.started")).toMatchObject({ name: "app.started", data: { appName: "Shop" } });
  await say(await hook("Real"), "x");
  expect(await tried("webhook.received")).toMatchObject({ data: { hook: "Real" } });
  expect(received).toEqual([]);
});

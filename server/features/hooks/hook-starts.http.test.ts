import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { AutomationInput } from "../../../contract/features/automations.ts";
import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { mostBeforeMessages } from "../automations/event-starter.ts";
import { byHand } from "../automations/testing/automation-app.ts";
import { signMessage } from "./signatures.ts";

let app: TestApp;
let server: Server;
let received: unknown[];

beforeEach(async () => {
  received = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push((JSON.parse(body) as { said: unknown }).said);
      response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  app = await startTestApp();
  const params = { id: "webhook-out" };
  // Asks before each message goes out, as it does when nobody has chosen anything.
  const body = connectorPolicySchema.parse({ insides: [place], approval: "always" });
  await app.call("connectors.putPolicy", { params, body });
  await app.call("connectors.putConfig", { params, body: { config: { url: `http://${place}/hook` } } });
  await app.call("connectors.enable", { params });
});

afterEach(async () => {
  await app.end();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function automation(changes: Partial<AutomationInput> = {}, isOn = true): Promise<string> {
  const params = { payload: { said: "{{ trigger.body.text }}", of: "{{ trigger.event }}" } };
  const action = { kind: "connector" as const, steps: [{ connector: "webhook-out", operation: "post", params }] };
  const made = await app.call("automations.create", { body: byHand(action, { name: "Chain", ...changes }) });
  const { id } = made.automation;
  if (isOn) await app.call("automations.enable", { params: { id } });
  return id;
}

async function hook(automationId: string | null) {
  const made = await app.call("hooks.create", { body: { name: "Shop", kind: "standard", automationId } });
  return { id: made.hook.id, secret: made.secret ?? "" };
}

let number = 0;
async function post(to: { id: string; secret: string }, text: string): Promise<number> {
  const body = JSON.stringify({ type: "paid", text });
  const rules = { kind: "standard" as const, tokenHeader: "x-webhook-token" };
  number += 1;
  const headers = signMessage(Buffer.from(body), rules, to.secret, { nowMs: Date.now(), id: `m-${number}` });
  return (await fetch(`${app.base}/api/hooks/${to.id}`, { method: "POST", body, headers })).status;
}

const startsOfAll = async () =>
  (await app.call("hooks.deliveries", { query: {} })).items.map(({ starts }) => starts).toReversed();
const statesOfAll = async () => (await startsOfAll()).map(([start]) => start?.state);
const question = async () => (await app.call("approvals.list", {})).pending[0];

async function answerNext(answer: "allow" | "deny" = "allow"): Promise<void> {
  await expect.poll(async () => (await question()) !== undefined).toBe(true);
  const { id = "", hash = "" } = (await question()) ?? {};
  await app.call("approvals.decide", { params: { id }, body: { hash, answer } });
}

test.each(["skip", "queue-one", "replace"] as const)(
  "each message that is taken starts a run, in order, though the run before waits for its approval; %s is for times",
  async (overlapPolicy) => {
    const id = await automation({ overlapPolicy });
    const shop = await hook(id);
    for (const text of ["one", "two", "three", "four"]) expect(await post(shop, text)).toBe(200);
    await expect.poll(async () => (await startsOfAll())[0]?.[0]?.isAsking).toBe(true);
    expect(await statesOfAll()).toEqual(["running", "waiting", "waiting", "waiting"]);

    await app.stop();
    app = await startTestApp({ directory: join(app.env.dataDir, "..") });
    for (let answered = 1; answered <= 4; answered += 1) {
      await answerNext();
      await expect.poll(() => received.length).toBe(answered);
    }
    expect(received).toEqual(["one", "two", "three", "four"]);
    await expect.poll(statesOfAll).toEqual(Array(4).fill("succeeded"));
    const { items } = await app.call("automations.occurrences", { query: { automation: id } });
    expect(items.map(({ id: occurrenceId }) => occurrenceId).toReversed()).toEqual(
      (await startsOfAll()).map(([start]) => start?.occurrenceId),
    );
    expect(items[0]).toMatchObject({ trigger: "webhook", who: "Shop" });
  },
);

test("when too many wait the sender is told to come again, and its message starts a run then", async () => {
  const id = await automation();
  const shop = await hook(id);
  await app.call("hooks.update", {
    params: { id: shop.id },
    body: { name: "Shop", kind: "standard", automationId: id, perMinute: 6_000 },
  });
  for (let sent = 0; sent <= mostBeforeMessages; sent += 1) expect(await post(shop, String(sent))).toBe(200);
  await expect.poll(async () => (await startsOfAll()).at(-1)?.[0]?.state).toBe("waiting");
  expect(await post(shop, "more")).toBe(503);
  const { items } = await app.call("hooks.deliveries", { query: { verdict: "refused" } });
  expect(items).toMatchObject([
    { reason: "full", message: "Too many wait for Chain already; send it again later", starts: [] },
  ]);
  number -= 1;
  await app.call("automations.disable", { params: { id } });
  await answerNext("deny");
  await expect.poll(() => post(shop, "more"), { timeout: 20_000 }).toBe(200);
}, 60_000);

test("a message says that its automation is off, and a notification does", async () => {
  const shop = await hook(await automation({}, false));
  expect(await post(shop, "one")).toBe(200);
  await expect
    .poll(startsOfAll)
    .toMatchObject([[{ name: "Chain", state: "skipped", reason: "The automation is off", isAsking: false }]]);
  await expect
    .poll(async () => (await app.call("notifications.list", {})).map(({ title }) => title))
    .toContain("A message of a webhook did not start Chain");
});

test("an automation that listens itself skips messages when that was chosen, and both say so", async () => {
  await automation({
    schedule: { kind: "event", events: ["webhook.received"], filter: null },
    overlapPolicy: "skip",
  });
  const shop = await hook(null);
  for (const text of ["one", "two"]) await post(shop, text);
  await expect.poll(statesOfAll).toEqual(["running", "skipped"]);
  expect((await startsOfAll())[1]).toMatchObject([{ reason: "The run before it was still going on" }]);
  await expect
    .poll(async () => (await app.call("notifications.list", {})).map(({ message }) => message).join())
    .toContain("The run before it was still going on");
});

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { spawnChild } from "../../../lib/processes/spawn-child.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand } from "../automations/testing/automation-app.ts";

let program = "";
let directory: string;
let server: Server;
let place: string;
let received: { key: string; event: string; text: string }[];
/** Answers that are held back. */
let held: ServerResponse[];
let isHolding: boolean;

beforeAll(async () => {
  program = await bundleProgram("server/main.ts");
});
afterAll(async () => {
  await rm(program, { force: true });
});

beforeEach(async () => {
  received = [];
  held = [];
  isHolding = true;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const { event, text } = JSON.parse(body) as { event: string; text: string };
      received.push({ key: request.headers["webhook-id"] as string, event, text });
      if (isHolding) held.push(response);
      else response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-events-")));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

async function prepare(): Promise<{ app: TestApp; automation: string; hook: string }> {
  const app = await startTestApp({ directory });
  const params = { id: "webhook-out" };
  const policy = connectorPolicySchema.parse({ insides: [place], approval: "never" });
  await app.call("connectors.putPolicy", { params, body: policy });
  await app.call("connectors.putConfig", { params, body: { config: { url: `http://${place}/hook` } } });
  await app.call("connectors.enable", { params });
  const payload = { event: "{{ trigger.eventId }}", text: "{{ trigger.body.text }}" };
  const steps = [{ connector: "webhook-out", operation: "post", params: { payload } }];
  const { automation } = await app.call("automations.create", {
    body: byHand(
      { kind: "connector", steps },
      { schedule: { kind: "event", events: ["webhook.received"], filter: null }, overlapPolicy: "queue-all" },
    ),
  });
  await app.call("automations.enable", { params: { id: automation.id } });
  const { hook } = await app.call("hooks.create", { body: { name: "From", kind: "standard" } });
  await app.stop();
  return { app, automation: automation.id, hook: hook.id };
}

it("events that were taken before a server is killed start what they are for, once each and in their order", async () => {
  const { app, automation, hook } = await prepare();
  const variables = { PORTOS_BASE_PORT: String(app.env.ports.server) };
  const child = await spawnChild(process.execPath, [program], {
    cwd: process.cwd(),
    logFile: join(directory, "server.log"),
    env: {
      ...variables,
      NODE_ENV: "test",
      HOST: "127.0.0.1",
      PORTOS_DATA_DIR: app.env.dataDir,
      PORTOS_STATE_DIR: app.env.stateDir,
      PORTOS_CONFIG_DIR: app.env.configDir,
      PORTOS_USER_PM2_HOME: "none",
    },
  });
  await until(async () => (await fetch(`${app.base}/api/automations`).catch(() => null))?.ok === true);
  const texts = ["one", "two", "three"];
  for (const text of texts)
    await app.call("hooks.test", { params: { id: hook }, body: { body: JSON.stringify({ text }), isHandedOn: true } });
  const told = async () => (await app.call("events.list", { query: { name: "webhook.received" } })).items.toReversed();
  await until(async () => (await told()).length === 3 && received.length === 1);
  const events = await told();
  expect(events.map(({ starts }) => starts)).toEqual(texts.map(() => [automation]));
  const rows = async (at: TestApp) => (await at.call("automations.occurrences", { query: { automation } })).items;
  expect((await rows(app)).map(({ eventId }) => eventId)).toEqual([events[0]?.id]);
  process.kill(child.pid, "SIGKILL");
  await child.exited;
  isHolding = false;

  const second = await startTestApp({ directory, variables });
  await until(async () => (await rows(second)).filter(({ state }) => state === "succeeded").length === 3, 60_000);
  expect((await rows(second)).map(({ eventId }) => eventId).toReversed()).toEqual(events.map(({ id }) => id));
  await second.stop();
  // What was under way is sent again as the same message, by which receivers know it; what had not begun is sent once.
  expect(received.map(({ text }) => text)).toEqual(["one", "one", "two", "three"]);
  expect(received.map(({ event }) => event).slice(1)).toEqual(events.map(({ id }) => id));
  expect(new Set(received.map(({ key }) => key)).size).toBe(3);

  const third = await startTestApp({ directory, variables });
  try {
    await third.call("hooks.test", { params: { id: hook }, body: { body: '{"text":"four"}', isHandedOn: true } });
    await until(() => received.some(({ text }) => text === "four"));
    expect(received).toHaveLength(5);
    expect(await rows(third)).toHaveLength(4);
  } finally {
    await third.stop();
  }
});

import { mkdtemp, realpath, rm } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeAll, afterAll, beforeEach, expect, it } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { spawnChild, type ChildHandle } from "../../../lib/processes/spawn-child.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { bundleProgram } from "../../../scripts/lib/bundle-program.mjs";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { byHand, ended } from "./testing/automation-app.ts";

let program = "";
let directory: string;
let server: Server;
let place: string;
let received: { body: string; headers: IncomingHttpHeaders }[];
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
  isHolding = false;
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ body, headers: request.headers });
      if (isHolding) held.push(response);
      else response.end("thanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  directory = await realpath(await mkdtemp(join(tmpdir(), "portos-killed-")));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(directory, { recursive: true, force: true });
});

/** An automation that posts, and the real server program over its folder. */
async function startServer(approval: "never" | "always"): Promise<{
  app: TestApp;
  child: ChildHandle;
  automation: string;
  variables: Record<string, string>;
}> {
  const app = await startTestApp({ directory });
  const params = { id: "webhook-out" };
  await app.call("connectors.putPolicy", { params, body: connectorPolicySchema.parse({ insides: [place], approval }) });
  await app.call("connectors.putConfig", { params, body: { config: { url: `http://${place}/hook` } } });
  await app.call("connectors.enable", { params });
  const steps = [{ connector: "webhook-out", operation: "post", params: { text: "Hello {{ trigger.automation }}" } }];
  const { automation } = await app.call("automations.create", { body: byHand({ kind: "connector", steps }) });
  await app.stop();
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
  return { app, child, automation: automation.id, variables };
}

async function kill({ pid, exited }: ChildHandle): Promise<void> {
  process.kill(pid, "SIGKILL");
  await exited;
}

it("a server that is killed while the user is asked asks exactly that again, and sends once", async () => {
  const { app, child, automation, variables } = await startServer("always");
  const { id } = await app.call("automations.run", { params: { id: automation } });
  const stepOf = async (at: TestApp) => (await at.call("automations.occurrence", { params: { id } })).steps?.[0];
  await until(async () => (await stepOf(app))?.state === "waiting");
  const asked = (await app.call("approvals.list", {})).pending;
  await kill(child);
  const second = await startTestApp({ directory, variables });
  try {
    await until(async () => (await stepOf(second))?.state === "waiting");
    const again = (await second.call("approvals.list", {})).pending;
    expect(again.map((one) => one.id)).toEqual(asked.map((one) => one.id));
    const { id: approval = "", hash = "" } = again[0] ?? {};
    await second.call("approvals.decide", { params: { id: approval }, body: { hash, answer: "allow" } });
    expect(await ended(second, id)).toMatchObject({ state: "succeeded", steps: [{ state: "succeeded" }] });
    expect(received.map(({ body }) => body)).toEqual(["Hello By hand"]);
  } finally {
    await second.stop();
  }
});

it("killed while a message is under way it goes on with the same message, which receivers can tell", async () => {
  const { app, child, automation, variables } = await startServer("never");
  isHolding = true;
  const { id } = await app.call("automations.run", { params: { id: automation } });
  await until(() => received.length === 1);
  await kill(child);
  isHolding = false;
  const second = await startTestApp({ directory, variables });
  try {
    expect(await ended(second, id, 60_000)).toMatchObject({ state: "succeeded", steps: [{ state: "succeeded" }] });
    expect(received).toHaveLength(2);
    const ids = received.map(({ headers }) => headers["webhook-id"]);
    expect(ids[0]).toBeDefined();
    expect(ids[1]).toBe(ids[0]);
    expect((await second.call("outbox.list", { query: {} })).items).toEqual([]);
  } finally {
    await second.stop();
  }
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { mcpRightsSchema } from "../../../contract/features/mcp.ts";
import { runCommand } from "../../../lib/processes/run-command.ts";
import { runMarks } from "../../../lib/run-mark.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { createFakeRuns, type FakeRuns } from "../../testing/fake-runs.ts";
import { sampleTarget } from "../../testing/sample-target.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { greeting } from "./testing/mcp-client.ts";

let app: TestApp;
let cos: FakeRuns;

beforeAll(async () => {
  app = await startTestApp({ resolveTargets: (choice) => [sampleTarget(choice)] });
  cos = createFakeRuns(app.env);
  await cos.start();
  await until(async () => (await app.call("runs.list", { query: {} })).isUp, 20_000);
});
afterAll(async () => {
  await cos.stop();
  await app.end();
});

/** Greets at /mcp and asks for something else on the same connection; prints both statuses. */
const asking = `
const http = require("node:http");
const [port, token, greeting] = process.argv.slice(1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const ask = (method, path, headers, body) => new Promise((done) => {
  http.request({ host: "127.0.0.1", port, method, path, agent, headers }, (reply) => {
    reply.resume().on("end", () => done(reply.statusCode));
  }).on("error", () => done(0)).end(body);
});
(async () => {
  const headers = { Authorization: "Bearer " + token, "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
  const mcp = await ask("POST", "/mcp", headers, greeting);
  const api = await ask("GET", "/api/access", { Authorization: "Bearer " + token });
  console.log(JSON.stringify({ mcp, api }));
  process.exit(0);
})();`;

async function asRun(runId: string, token: string): Promise<unknown> {
  const env = Object.fromEntries([runMarks(app.env.dataDir)(runId)]);
  const args = ["-e", asking, String(app.env.ports.server), token, JSON.stringify(greeting)];
  const { stdout, stderr } = await runCommand(process.execPath, args, { env, timeoutMs: 60_000 });
  return stdout === "" ? stderr : JSON.parse(stdout);
}

async function startRun(): Promise<{ id: string; token: string }> {
  const prompt = { kind: "text" as const, text: "Work" };
  const { runs } = await app.call("runs.create", { body: { prompt, choices: [{ providerId: "program" }] } });
  const id = runs[0]?.id ?? "";
  return { id, token: cos.specs.find((spec) => spec.id === id)?.targets[0]?.tools?.token ?? "" };
}

describe.runIf(process.platform === "linux")("a program of a run", () => {
  test("reaches its tools with the token of its run, and nothing else of PortOS", async () => {
    const { id, token } = await startRun();
    expect(await asRun(id, token)).toEqual({ mcp: 200, api: 403 });
  });

  test("gets nowhere with the token of another run, nor with one of the user's", async () => {
    const [mine, other] = [await startRun(), await startRun()];
    expect(await asRun(mine.id, other.token)).toEqual({ mcp: 401, api: 403 });
    const rights = mcpRightsSchema.parse({});
    const { secret } = await app.call("mcp.create", { body: { name: "Editor", expiresAt: null, rights } });
    expect(await asRun(mine.id, secret)).toEqual({ mcp: 401, api: 403 });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createUiService } from "../client/serve/ui-service.ts";
import { silentLogger } from "../lib/logger.ts";
import { findProgram } from "../lib/processes/find-program.ts";
import { brandProgram } from "../lib/processes/run-brand.ts";
import { runCommand } from "../lib/processes/run-command.ts";
import { runMarks } from "../lib/run-mark.ts";
import { startTestApp, type TestApp } from "./testing/test-app.ts";

let app: TestApp;
let stopUi: () => unknown = () => undefined;
let ports: { server: number; ui: number };
let mark: Record<string, string>;

beforeAll(async () => {
  app = await startTestApp();
  ({ ports } = app.env);
  const ui = createUiService({ env: { ...app.env, host: "127.0.0.1" }, logger: silentLogger });
  await ui.start();
  stopUi = () => ui.stop();
  mark = Object.fromEntries([runMarks(app.env.dataDir)("run-1")]);
});
afterAll(async () => {
  await stopUi();
  await app.end();
});

/** Asks over HTTP and opens a live connection; prints the two statuses and why. */
const asking = `
const port = process.argv[1];
const http = require("node:http");
const ask = (path, headers) => new Promise((done) => {
  const request = http.request({ host: "127.0.0.1", port, path, headers, agent: false }, (reply) => {
    let text = "";
    reply.on("data", (part) => (text += part)).on("end", () => done([reply.statusCode, text]));
  });
  request.on("upgrade", (_, socket) => { socket.destroy(); done([101, ""]); });
  request.on("error", () => done([0, ""])).end();
});
const socket = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" };
(async () => {
  const [status, text] = await ask("/api/access", {});
  const [upgrade] = await ask("/socket.io/?EIO=4&transport=websocket", socket);
  console.log(JSON.stringify({ status, upgrade, why: status === 403 ? JSON.parse(text).error.message : null }));
})();`;

const node = (port: number) => [process.execPath, "-e", asking, String(port)];
const refused = { status: 403, upgrade: 403, why: "A program started by an agent may not use PortOS" };
const letIn = { status: 200, upgrade: 101, why: null };

async function outcome([file = "", ...args]: string[], env: Record<string, string> = {}): Promise<unknown> {
  const { stdout, stderr } = await runCommand(file, args, { env, timeoutMs: 60_000 });
  return stdout === "" ? stderr : JSON.parse(stdout);
}

const readHistory = async () => (await app.call("history.list", { query: { limit: 50 } })).items;

const branded = ([file = "", ...args]: string[]): string[] => {
  const program = brandProgram({ file, args }, { cwd: "/", searchPath: process.env["PATH"] });
  return [program.file, ...program.args];
};

describe.runIf(process.platform === "linux").each(["server", "ui"] as const)("at portos-%s", (name) => {
  const there = () => node(ports[name]);

  test("a program nobody marked is let in", async () => {
    expect(await outcome(there())).toEqual(letIn);
  });

  test("a program with the mark of a run is refused, one with the mark of another PortOS is not", async () => {
    expect(await outcome(there(), mark)).toEqual(refused);
    const [other, value] = runMarks("/another/data")("run-1");
    expect(await outcome(there(), { [other]: value })).toEqual(letIn);
  });

  test("a child of a run is refused whatever it does to its environment", async () => {
    const cleared = ["/bin/sh", "-c", 'env -i "$@"; true', "sh", ...there()];
    expect(await outcome(cleared, mark)).toEqual(refused);
  });

  test.runIf(findProgram("prlimit", "/", process.env["PATH"]) !== null)(
    "what left its session, its parents and its environment is refused by its brand",
    async () => {
      const left = ["/bin/sh", "-c", 'env -i setsid sh -c \'"$@" & \' sh "$@"', "sh", ...there()];
      expect(await outcome(branded(left))).toEqual(refused);
    },
  );
});

test.runIf(process.platform === "linux")("refusals are in the history, counted, with who asked", async () => {
  await outcome(node(ports.server), mark);
  await expect.poll(readHistory).toContainEqual(
    expect.objectContaining({
      outcome: "refused",
      subject: "GET /api/access",
      message: expect.stringMatching(/^A program started by an agent may not use PortOS/) as unknown,
      caller: expect.objectContaining({ name: expect.stringMatching(/^\S+ of run run-1$/) as unknown }) as unknown,
    }),
  );
});

import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { customConnectorSchema } from "../../../contract/features/custom-connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let folder: string;
let app: TestApp;
let server: Server;
let asked: string[];
let answerReads: (() => void)[];

beforeEach(async () => {
  asked = [];
  answerReads = [];
  server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    if (request.method === "GET") answerReads.push(() => response.end("{}"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = await mkdtemp(join(tmpdir(), "portos-cut-"));
  app = await startTestApp({ directory: folder });
  for (const id of ["one", "two"]) {
    const body = customConnectorSchema.parse({
      id,
      title: `Number ${id}`,
      baseUrl,
      isInside: true,
      operations: [
        { name: "look", title: "Look", effect: "read", method: "GET", path: `/${id}` },
        { name: "add", title: "Add", effect: "write", method: "POST", path: `/${id}` },
      ],
    });
    await app.call("customConnectors.create", { body });
    await app.call("connectors.enable", { params: { id } });
  }
});
afterEach(async () => {
  await app.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const run = (id: string, operation: string) =>
  app.call("connectors.execute", { params: { id, operation }, body: {} }).catch((error: unknown) => error);
const cut = (message: string) => ({
  details: { reason: "cancelled", message: expect.stringContaining(message) as string },
});

test("turning a connector off ends its calls, and those of no other", async () => {
  const ended = run("one", "add");
  const kept = run("two", "look");
  await expect.poll(() => asked.toSorted()).toEqual(["GET /two", "POST /one"]);
  await app.call("connectors.disable", { params: { id: "one" } });
  expect(await ended).toMatchObject(cut("Number one was turned off"));
  for (const answer of answerReads) answer();
  expect(await kept).toMatchObject({ output: {} });
});

test("a gateway that lets out only what reads ends what writes", async () => {
  const ended = run("one", "add");
  const kept = run("two", "look");
  await expect.poll(() => asked.toSorted()).toEqual(["GET /two", "POST /one"]);
  await app.call("connectors.setMode", { body: { mode: "read-only" } });
  expect(await ended).toMatchObject(cut("for what changes something"));
  for (const answer of answerReads) answer();
  expect(await kept).toMatchObject({ output: {} });
});

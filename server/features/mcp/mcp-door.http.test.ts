import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { mcpRightsSchema } from "../../../contract/features/mcp.ts";
import { systemClock } from "../../../lib/clock.ts";
import { openJsonStore, type JsonStore } from "../../../lib/json-store.ts";
import type { ProgramRefusal } from "../../../lib/local-programs.ts";
import { silentLogger } from "../../../lib/logger.ts";
import { createMcpDoor, type McpDoor } from "./mcp-door.ts";
import { mcpFile, type McpFile } from "./mcp-file.ts";
import { greeting, knock } from "./testing/mcp-client.ts";
import { createTokenStore, type TokenStore } from "./token-store.ts";

let folder: string;
let store: JsonStore<McpFile>;
let tokens: TokenStore;
let door: McpDoor;
let server: Server;
let base: string;
let program: ProgramRefusal | null;
let over: Set<string>;

beforeEach(async () => {
  program = null;
  over = new Set();
  folder = await mkdtemp(join(tmpdir(), "portos-door-"));
  store = await openJsonStore<McpFile>({ ...mcpFile, file: join(folder, "mcp-tokens.json"), logger: silentLogger });
  tokens = createTokenStore({ store, clock: systemClock, isOver: (id) => over.has(id), onFailure: () => undefined });
  const none = { execute: () => Promise.reject(new Error("not called")) };
  door = createMcpDoor({
    tokens,
    tools: {
      outside: {
        gateway: none,
        enabled: () => [],
        policyOf: () => ({ operations: null, callers: [] }),
        inputOf: () => ({}),
      },
      own: [],
    },
    callers: { identify: () => Promise.resolve({ name: "this machine", address: "127.0.0.1" }) },
    runProgramOf: () => program,
    clock: systemClock,
    version: "1",
    logger: silentLogger,
  });
  server = createServer((request, response) => void door.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  door.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const rights = mcpRightsSchema.parse({});
const statusWith = async (secret: string) =>
  (await knock(base, { Authorization: `Bearer ${secret}` }, greeting)).status;

test("a program of a run comes in with the token of that run only, not with one of the user's it has found", async () => {
  const users = await tokens.create({ name: "Editor", expiresAt: null, rights }, "me");
  const own = await tokens.lend({ id: "run-1", title: "Work" }, rights);
  const others = await tokens.lend({ id: "run-2", title: "Other" }, rights);
  expect([await statusWith(users.secret), await statusWith(own.secret)]).toEqual([200, 200]);
  program = { reason: "agent", name: "node of run run-1", runId: "run-1" };
  expect(await statusWith(own.secret)).toBe(200);
  expect(await statusWith(others.secret)).toBe(401);
  expect(await statusWith(users.secret)).toBe(401);
  program = { reason: "agent", name: "node of a run", runId: null };
  for (const secret of [users.secret, own.secret, others.secret]) expect(await statusWith(secret)).toBe(401);
  // Let in by the gate a moment ago, and not to be told any more: it may be one of a run's.
  for (const reason of ["gone", "busy"] as const) {
    program = { reason, name: "a program" };
    for (const secret of [users.secret, own.secret]) expect(await statusWith(secret)).toBe(401);
  }
});

test("a token ends with its run, unless the run has gone on since", async () => {
  const first = await tokens.lend({ id: "run-1", title: "Work" }, rights);
  first.settled();
  await tokens.endRun("run-1", new Date(Date.now() - 60_000).toISOString());
  expect(await statusWith(first.secret)).toBe(200);
  await tokens.endRun("run-1", new Date(Date.now() + 60_000).toISOString());
  expect(await statusWith(first.secret)).toBe(401);
});

test("a token of an ended run is worth nothing, also while it cannot be taken, unless the run is about to go on", async () => {
  const first = await tokens.lend({ id: "run-1", title: "Work" }, rights);
  first.settled();
  over.add("run-1");
  expect(await statusWith(first.secret)).toBe(401);
  const second = await tokens.lend({ id: "run-1", title: "Work" }, rights);
  await tokens.endRun("run-1", null);
  expect(await statusWith(second.secret)).toBe(200);
  second.settled();
  expect(await statusWith(second.secret)).toBe(401);
  await tokens.endRun("run-1", null);
  expect(tokens.list()).toEqual([]);
});

test("one token has so many sessions at most: the one that was quiet for longest makes room", async () => {
  const { secret } = await tokens.create({ name: "Editor", expiresAt: null, rights }, "me");
  for (let index = 0; index < 25; index += 1) expect(await statusWith(secret)).toBe(200);
  expect(door.count()).toBe(20);
});

test("a body that is no message, or too large, is refused and disturbs nobody", async () => {
  const { secret } = await tokens.create({ name: "Editor", expiresAt: null, rights }, "me");
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" };
  const wrong = await fetch(`${base}/mcp`, { method: "POST", headers, body: "{" });
  expect(wrong.status).toBe(400);
  const large = await fetch(`${base}/mcp`, { method: "POST", headers, body: JSON.stringify("x".repeat(5_000_000)) });
  expect(large.status).toBe(413);
  expect(await statusWith(secret)).toBe(200);
});

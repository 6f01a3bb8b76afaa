import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { io } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";

import type { GuestList } from "../../../contract/features/access.ts";
import {
  adaAddress,
  bobAddress,
  createFakeTailscale,
  fakeMachine,
  type FakeTailscale,
} from "../../../lib/testing/fake-tailscale.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let app: TestApp;
let tailscale: FakeTailscale;
beforeEach(async () => {
  tailscale = createFakeTailscale();
  app = await startTestApp({ tailscale, machine: fakeMachine });
});
afterEach(() => app.end());

const ada = { "x-forwarded-for": adaAddress };
const bob = { "x-forwarded-for": bobAddress };
const onlyAda: GuestList = { isOn: true, logins: ["ada@example.org"], nodes: [] };
const polling = "/socket.io/?EIO=4&transport=polling";

function ask(path: string, headers: Record<string, string> = {}, method = "GET", body?: unknown): Promise<Response> {
  return fetch(app.base + path, {
    method,
    headers: { ...headers, ...(method === "GET" ? {} : { "content-type": "application/json" }) },
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
  });
}

async function statusOf(path: string, headers: Record<string, string>): Promise<number> {
  return (await ask(path, headers)).status;
}

function upgrade(headers: Record<string, string>, sid = ""): Promise<"open" | "refused"> {
  return new Promise((resolve) => {
    const address = `ws://127.0.0.1:${app.env.ports.server}/socket.io/?EIO=4&transport=websocket${sid}`;
    const socket = new WebSocket(address, { headers });
    socket.once("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.once("error", () => {
      resolve("refused");
    });
  });
}

async function sidOf(headers: Record<string, string>): Promise<string> {
  const text = await (await ask(polling, headers)).text();
  return (JSON.parse(text.slice(1)) as { sid: string }).sid;
}

const save = (list: GuestList, headers: Record<string, string>) => ask("/api/access/guests", headers, "PUT", list);

const historyOf = async (action: string) =>
  (await app.call("history.list", { query: { limit: 50 } })).items.filter((item) => item.action === action);

describe("list of guests", () => {
  test("it is off at first: every peer of the tailnet is answered, and nobody is asked for sockets", async () => {
    expect((await app.call("access.get", {})).guests).toEqual({ isOn: false, logins: [], nodes: [] });
    expect(await statusOf("/api/apps", bob)).toBe(200);
    expect(await upgrade(bob)).toBe("open");
  });

  test("switched on, only those on it pass, over HTTP, polling and WebSocket; this machine always does", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    for (const path of ["/api/apps", "/api/health", "/health", "/", polling, "/api/openapi.json"]) {
      expect([path, await statusOf(path, bob)]).toEqual([path, path === polling ? 400 : 403]);
      expect((await ask(path, ada)).status).toBeLessThan(405);
    }
    expect(await statusOf("/api/apps", ada)).toBe(200);
    expect(await statusOf("/api/apps", {})).toBe(200);
    expect(await upgrade(bob)).toBe("refused");
    expect(await upgrade(ada)).toBe("open");
    const { error } = (await (await ask("/api/apps", bob)).json()) as { error: { code: string; message: string } };
    expect(error.code).toBe("forbidden");
    expect(error.message).toContain("list");
  });

  test("a session id does not open the door: polls, posts and upgrades of somebody else are refused", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    const sid = `&sid=${await sidOf(ada)}`;
    expect((await ask(`${polling}${sid}`, bob)).status).toBe(400);
    const post = await fetch(`${app.base}${polling}${sid}`, {
      method: "POST",
      body: "40",
      headers: { ...bob, "content-type": "text/plain" },
    });
    expect(post.status).toBe(400);
    expect(await upgrade(bob, sid)).toBe("refused");
    const own = await fetch(`${app.base}${polling}${sid}`, {
      method: "POST",
      body: "40",
      headers: { ...ada, "content-type": "text/plain" },
    });
    expect(own.status).toBe(200);
  });

  test("who is taken off the list loses live connections at once, polling ones too; others keep theirs", async () => {
    const both: GuestList = { ...onlyAda, nodes: ["laptop"] };
    await app.call("access.saveGuests", { body: both });
    const connect = async (headers: Record<string, string>, transport: "websocket" | "polling") => {
      const socket = io(app.base, { transports: [transport], extraHeaders: headers, reconnection: false });
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("connect_error", reject);
      });
      return socket;
    };
    const hers = await connect(ada, "websocket");
    const his = [await connect(bob, "websocket"), await connect(bob, "polling")];
    const cut = his.map((socket) => new Promise((resolve) => socket.once("disconnect", resolve)));
    await app.call("access.saveGuests", { body: onlyAda });
    await Promise.all(cut);
    expect(hers.connected).toBe(true);
    hers.disconnect();
  });

  test("an edit of the file by hand is in force at once", async () => {
    await app.call("access.saveGuests", { body: { ...onlyAda, isOn: false } });
    expect(await statusOf("/api/apps", bob)).toBe(200);
    const file = join(app.env.dataDir, "access.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"isOn": false', '"isOn": true'));
    await expect.poll(() => statusOf("/api/apps", bob)).toBe(403);
    expect(await statusOf("/api/apps", ada)).toBe(200);
  });

  test("a list that would lock out who makes it is refused; on the machine itself any list may be made", async () => {
    const refused = await save(onlyAda, bob);
    expect(refused.status).toBe(409);
    expect(((await refused.json()) as { error: { message: string } }).error.message).toContain("lock you out");
    expect((await app.call("access.get", {})).guests.isOn).toBe(false);
    expect((await save(onlyAda, ada)).status).toBe(200);
    expect((await save({ isOn: true, logins: [], nodes: [] }, {})).status).toBe(200);
    expect(await statusOf("/api/apps", ada)).toBe(403);
  });

  test("while Tailscale does not answer nobody else is let in, and the page says so", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    tailscale.isSilent = true;
    expect(await statusOf("/api/apps", ada)).toBe(403);
    expect(await upgrade(ada)).toBe("refused");
    expect((await app.call("access.get", {})).naming).toBe("unreachable");
    tailscale.isSilent = false;
    await expect.poll(() => statusOf("/api/apps", ada), { timeout: 5000 }).toBe(200);
  });

  test("forged names do not help: without a real interface no forwarded name counts", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    expect(await statusOf("/api/apps", { ...bob, "tailscale-user-login": "ada@example.org" })).toBe(403);
    expect(await statusOf("/api/apps", { "tailscale-user-login": "ada@example.org" })).toBe(403);
    await app.end();
    tailscale.isUserspace = true;
    app = await startTestApp({ tailscale, machine: fakeMachine });
    await app.call("access.saveGuests", { body: onlyAda });
    expect(await statusOf("/api/apps", ada)).toBe(403);
    expect(await statusOf("/api/apps", {})).toBe(200);
    expect((await app.call("access.get", {})).isUserspace).toBe(true);
  });

  test("refusals are in the history with who and what, and offered for the list", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    for (let index = 0; index < 5; index += 1) await ask("/api/apps", bob);
    await expect.poll(() => historyOf("access.enter")).toHaveLength(1);
    expect((await historyOf("access.enter"))[0]).toMatchObject({
      outcome: "refused",
      subject: "GET /api/apps",
      caller: { name: "bob@example.org", address: bobAddress, node: "laptop.tail1.ts.net" },
    });
    await expect
      .poll(async () => (await app.call("access.get", {})).seen)
      .toMatchObject([{ login: "bob@example.org", node: "laptop.tail1.ts.net", isLetIn: false }]);
  });

  test("refusals of the other processes are taken down from this machine only", async () => {
    const refusal = {
      process: "portos-ui",
      reason: "list",
      what: "GET /",
      times: 3,
      caller: { name: "bob@example.org", address: bobAddress, node: "laptop.tail1.ts.net" },
    };
    expect((await ask("/api/access/refusals", ada, "POST", refusal)).status).toBe(403);
    expect((await ask("/api/access/refusals", {}, "POST", refusal)).status).toBe(200);
    await expect.poll(() => historyOf("access.enter")).toHaveLength(1);
  });

  test("a damaged file without a good copy lets nobody in but this machine, after a restart too", async () => {
    await app.call("access.saveGuests", { body: onlyAda });
    const directory = join(app.env.dataDir, "..");
    await app.stop();
    const file = join(app.env.dataDir, "access.json");
    await writeFile(file, '{"version":1,"data":{"guests":{"isOn":tr');
    await writeFile(`${file}.backup`, "also damaged");
    for (let start = 0; start < 2; start += 1) {
      app = await startTestApp({ tailscale, machine: fakeMachine, directory });
      expect(await statusOf("/api/apps", ada)).toBe(403);
      expect((await app.call("access.get", {})).isLost).toBe(true);
      if (start === 0) await app.stop();
    }
    await app.call("access.saveGuests", { body: onlyAda });
    expect(await statusOf("/api/apps", ada)).toBe(200);
  });
});

import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ProviderInput } from "../../../contract/features/providers.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { apiInput, programInput } from "./testing/provider-samples.ts";

const secret = "sk-test-0123456789abcdefghij";
const variableSecret = "hunter2-hunter2-hunter2";

let app: TestApp;
let directory: string;
let model: Server;
let base: string;
let seen: { url: string; headers: IncomingHttpHeaders }[] = [];
let answer: (response: ServerResponse) => void = ok;

function ok(response: ServerResponse): void {
  response.end(JSON.stringify({ object: "list", data: [{ id: "small" }, { id: "large" }] }));
}

function reply(status: number, body: string, headers: Record<string, string> = {}): void {
  answer = (response) => response.writeHead(status, headers).end(body);
}

beforeAll(async () => {
  model = createServer((request, response) => {
    seen.push({ url: request.url ?? "", headers: request.headers });
    answer(response);
  });
  await new Promise<void>((resolve) => model.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`;
});
afterAll(async () => {
  model.closeAllConnections();
  await new Promise((resolve) => model.close(resolve));
});
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "portos-providers-"));
  app = await startTestApp({ directory });
  seen = [];
  answer = ok;
});
afterEach(async () => {
  await app.end();
  await rm(directory, { recursive: true, force: true });
});

async function create(input: ProviderInput, id?: string): Promise<string> {
  const body = id === undefined ? { input } : { id, input };
  return (await app.call("providers.create", { body })).provider.id;
}

const healthOf = async (id: string) => (await app.call("providers.get", { params: { id } })).health;

describe("providers over HTTP", () => {
  it("are added turned off, changed, turned on and off, deleted and brought back", async () => {
    const id = await create(apiInput({ name: "My Größe!", baseUrl: base }));
    expect(id).toBe("my-gro-e");
    expect(await create(apiInput({ name: "My Größe!", baseUrl: base }))).toBe("my-gro-e-2");
    const off = await app.call("providers.get", { params: { id } });
    expect([off.provider.isEnabled, off.health.state]).toEqual([false, "off"]);
    const body = apiInput({ name: "Renamed", baseUrl: base });
    expect((await app.call("providers.update", { params: { id }, body })).provider.name).toBe("Renamed");
    expect((await app.call("providers.enable", { params: { id } })).provider.isEnabled).toBe(true);
    expect((await app.call("providers.disable", { params: { id } })).health.state).toBe("off");
    expect(await app.call("providers.remove", { params: { id } })).toEqual({ id, name: "Renamed" });
    await expect(app.call("providers.get", { params: { id } })).rejects.toMatchObject({ status: 404 });
    expect((await app.call("providers.restore", { params: { id } })).provider.name).toBe("Renamed");
    await expect(app.call("providers.restore", { params: { id } })).rejects.toMatchObject({ status: 404 });
    const history = await app.call("history.list", { query: { limit: 50 } });
    expect(JSON.stringify(history)).toContain("Renamed");
  });

  it("names every wrong field and its rule", async () => {
    const body = { input: { ...apiInput(), name: "", baseUrl: "ftp://x", timeoutMs: 1 } };
    await expect(app.call("providers.create", { body })).rejects.toMatchObject({
      status: 400,
      details: {
        issues: [
          { path: "body.input.name", message: "must not be empty" },
          { path: "body.input.timeoutMs", message: "must be at least one second" },
          { path: "body.input.baseUrl", message: "must be an http or https address" },
        ],
      },
    });
    await create(apiInput(), "taken");
    await expect(create(apiInput(), "taken")).rejects.toMatchObject({ status: 409 });
    await create(apiInput({ fallbackProvider: "taken" }), "second");
    await expect(
      app.call("providers.update", { params: { id: "taken" }, body: apiInput({ fallbackProvider: "second" }) }),
    ).rejects.toMatchObject({ status: 400, details: { issues: [{ path: "body.fallbackProvider" }] } });
  });

  it("calls nobody before a provider is turned on, and looks at once when it is", async () => {
    const id = await create(apiInput({ baseUrl: base, apiKey: secret }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(seen).toEqual([]);
    await app.call("providers.enable", { params: { id } });
    await expect.poll(async () => (await healthOf(id)).state).toBe("up");
    expect(seen).toMatchObject([{ url: "/v1/models", headers: { authorization: `Bearer ${secret}` } }]);
    expect(await healthOf(id)).toMatchObject({ models: ["small", "large"], message: null });
  });

  it.each([
    ["anthropic", "/v1/models?limit=1000", { "x-api-key": secret, "anthropic-version": "2023-06-01" }],
    ["google", "/v1/models?pageSize=1000", { "x-goog-api-key": secret }],
    ["openai", "/v1/models", { authorization: `Bearer ${secret}` }],
  ] as const)("asks %s for its models as it wants to be asked", async (dialect, url, headers) => {
    if (dialect === "google") reply(200, JSON.stringify({ models: [{ name: "models/small" }] }));
    const id = await create(apiInput({ dialect, baseUrl: base, apiKey: secret }));
    expect(await app.call("providers.check", { params: { id } })).toMatchObject({ state: "up" });
    expect(seen).toMatchObject([{ url, headers }]);
  });

  it.each<[number, string, Record<string, string>, object]>([
    [401, "{}", {}, { state: "down", failure: "not-logged-in", message: "The API key is refused. Enter another one" }],
    [404, "nothing", {}, { state: "down", failure: "bad-request" }],
    [
      500,
      '{"error":{"message":"Oh no"}}',
      {},
      { failure: "server-error", message: "It answers with status 500: Oh no" },
    ],
    [200, "<html>", {}, { state: "down", failure: "bad-reply" }],
    [429, "{}", { "retry-after": "3600" }, { state: "limited", failure: "rate-limit" }],
    [302, "", { location: "http://169.254.169.254/" }, { state: "down", failure: "bad-reply" }],
  ])("status %i %s is told as it is", async (status, text, headers, expected) => {
    reply(status, text, headers);
    const id = await create(apiInput({ baseUrl: base, apiKey: secret }));
    const health = await app.call("providers.check", { params: { id } });
    expect(health).toMatchObject(expected);
    expect(health.backAt === null).toBe(status !== 429);
  });

  it("says that nothing listens, that it takes too long, and never calls the panel itself", async () => {
    const gone = await create(apiInput({ baseUrl: "http://127.0.0.1:9/v1" }));
    expect(await app.call("providers.check", { params: { id: gone } })).toMatchObject({
      state: "down",
      failure: "transport",
      message: "No answer: nothing listens there",
    });
    answer = () => undefined;
    const slow = await create(apiInput({ baseUrl: base }));
    expect(await app.call("providers.check", { params: { id: slow } })).toMatchObject({ failure: "timeout" });
    const own = await create(apiInput({ baseUrl: `${app.base}/api` }));
    expect(await app.call("providers.check", { params: { id: own } })).toMatchObject({ failure: "refused" });
  });

  it("tells what it looks at and what it saw on the feed, also edits by hand", async () => {
    const socket = await app.connect();
    await socket.emit("providers:subscribe", {});
    const id = await create(apiInput({ baseUrl: base }));
    const told = socket.next("providers:event", (payload) => JSON.stringify(payload).includes('"state":"up"'));
    await app.call("providers.enable", { params: { id } });
    await told;
    const file = join(app.env.dataDir, "providers.json");
    const removed = socket.next("providers:event", (payload) => JSON.stringify(payload).includes('"removed"'));
    await writeFile(file, JSON.stringify({ version: 1, data: { providers: [], deleted: [] } }));
    expect(await removed).toMatchObject({ event: { kind: "removed", id } });
  });

  it("keeps what was seen over a restart", async () => {
    const id = await create(apiInput({ baseUrl: base }));
    await app.call("providers.enable", { params: { id } });
    await expect.poll(async () => (await healthOf(id)).state).toBe("up");
    const { asOf } = await healthOf(id);
    await app.stop();
    answer = () => undefined;
    app = await startTestApp({ directory });
    expect(await healthOf(id)).toMatchObject({ state: "up", asOf });
  });

  it("shows and checks a chain", async () => {
    await create(apiInput({ name: "Third", baseUrl: base }), "third");
    await create(apiInput({ name: "Second", baseUrl: base, fallbackProvider: "third" }), "second");
    await create(apiInput({ name: "First", baseUrl: "http://127.0.0.1:9/v1", fallbackProvider: "second" }), "first");
    for (const id of ["first", "third"]) await app.call("providers.enable", { params: { id } });
    const chain = await app.call("providers.checkChain", { params: { id: "first" }, body: { tier: "light" } });
    expect(chain).toEqual({
      steps: [
        { providerId: "first", providerName: "First", model: "small", skipReason: null },
        { providerId: "second", providerName: "Second", model: "small", skipReason: "Off" },
        { providerId: "third", providerName: "Third", model: "small", skipReason: null },
      ],
      problem: null,
    });
    expect([(await healthOf("first")).state, (await healthOf("third")).state]).toEqual(["down", "up"]);
    const query = { tier: "light" as const };
    expect(await app.call("providers.chain", { params: { id: "first" }, query })).toEqual(chain);
  });

  it("checks a program by its version only, and a missing one is a state with a way to get it", async () => {
    const program = join(directory, "claude");
    await writeFile(program, `#!/bin/sh\necho "$@" >> ${directory}/calls\necho "2.1.7 (Claude Code)"\n`);
    await chmod(program, 0o755);
    const id = await create(programInput({ command: [program] }));
    expect(await app.call("providers.check", { params: { id } })).toMatchObject({ state: "up", version: "2.1.7" });
    expect(await readFile(join(directory, "calls"), "utf8")).toBe("--version\n");
    const missing = await create(programInput({ command: [join(directory, "nothing")] }));
    const health = await app.call("providers.check", { params: { id: missing } });
    expect(health).toMatchObject({ state: "down", failure: "not-installed" });
    expect(health.message).toContain("npm install -g");
    const custom = await create(programInput({ agent: "custom", command: [program, "--delete-everything"] }));
    expect((await app.call("providers.check", { params: { id: custom } })).state).toBe("unknown");
    expect(await readFile(join(directory, "calls"), "utf8")).toBe("--version\n");
  });
});

describe("entries of the file", () => {
  it("that are wrong are shown and stop no other; keys written by hand are sealed", async () => {
    await app.stop();
    const good = { id: "good", ...apiInput({ name: "Good", baseUrl: base }), apiKey: secret };
    const wrong = { id: "wrong", ...apiInput({ name: "Wrong" }), timeoutMs: "soon", apiKey: `${secret}-of-wrong` };
    const file = join(app.env.dataDir, "providers.json");
    await writeFile(file, JSON.stringify({ providers: [wrong, good] }));
    app = await startTestApp({ directory });
    const list = await app.call("providers.list", {});
    expect(list.providers.map(({ id, isEnabled }) => [id, isEnabled])).toEqual([["good", false]]);
    expect(list.problems).toMatchObject([{ index: 0, name: "Wrong" }]);
    expect(list.problems[0]?.message).toContain("timeoutMs");
    expect(await readFile(file, "utf8")).not.toContain(secret);
    await app.call("providers.check", { params: { id: "good" } });
    expect(seen[0]?.headers.authorization).toBe(`Bearer ${secret}`);
    await app.call("providers.enable", { params: { id: "good" } });
    expect(await readFile(file, "utf8")).toContain('"soon"');
  });
});

describe("secrets of providers", () => {
  it("stay, are replaced or removed, and are in no reply, event, history, log or file in clear", async () => {
    const socket = await app.connect();
    const events: unknown[] = [];
    socket.socket.onAny((...args: unknown[]) => events.push(args));
    await socket.emit("providers:subscribe", {});
    const replies: unknown[] = [];
    const keep = <T>(value: T): T => {
      replies.push(value);
      return value;
    };
    const id = keep(
      await app.call("providers.create", { body: { input: apiInput({ baseUrl: base, apiKey: secret }) } }),
    ).provider.id;
    const variable = { name: "TOKEN", value: variableSecret, isSecret: true };
    const program = keep(
      await app.call("providers.create", { body: { input: programInput({ environment: [variable] }) } }),
    );
    keep(await app.call("providers.check", { params: { id } }));
    const kept = keep(
      await app.call("providers.update", { params: { id }, body: apiInput({ name: "Kept", baseUrl: base }) }),
    );
    expect(kept.provider).toMatchObject({ apiKey: { isSet: true, last4: "ghij" } });
    expect(program.provider).toMatchObject({ environment: [{ value: null, isSecret: true, last4: "ter2" }] });
    keep(await app.call("providers.list", {}));
    keep(await app.call("providers.remove", { params: { id } }));
    keep(await app.call("providers.restore", { params: { id } }));
    keep(await app.call("backups.create", { body: {} } as never));
    const spread = await app.app.core.context.history.page({ limit: 50 });
    const text = JSON.stringify([replies, events, spread]);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(variableSecret);
    expect((await app.call("backups.list", {})).length).toBe(1);
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const packed = await readFile(join(file.parentPath, file.name));
      const content = file.name.endsWith(".gz") ? gunzipSync(packed) : packed;
      expect([file.name, content.includes(secret), content.includes(variableSecret)]).toEqual([
        file.name,
        false,
        false,
      ]);
    }
    const removed = await app.call("providers.update", {
      params: { id },
      body: apiInput({ baseUrl: base, apiKey: "" }),
    });
    expect(removed.provider).toMatchObject({ apiKey: { isSet: false } });
  });

  it("stay when they are given back as they are shown; what is no key is refused by its name", async () => {
    const id = await create(apiInput({ baseUrl: base, apiKey: secret }));
    const give = (apiKey: string, more: object = {}) =>
      app.call("providers.update", { params: { id }, body: apiInput({ baseUrl: base, apiKey, ...more }) });
    for (const masked of ["••••ghij", "****ghij", "…ghij", "••••••••"])
      expect((await give(masked)).provider).toMatchObject({ apiKey: { isSet: true, last4: "ghij" } });
    await app.call("providers.check", { params: { id } });
    expect(seen.at(-1)?.headers.authorization).toBe(`Bearer ${secret}`);
    await expect(give("••••6789")).rejects.toMatchObject({
      status: 400,
      details: { issues: [{ path: "body.apiKey", message: "must be the whole key, not a masked one" }] },
    });
    await expect(give("••••ghij", { baseUrl: "http://127.0.0.1:9/v1" })).rejects.toMatchObject({ status: 400 });
    for (const wrong of ["sk-with a space-1234567890", "sk-with\nbreak-1234567890", "schlüssel-1234567890"])
      await expect(give(wrong)).rejects.toMatchObject({
        status: 400,
        details: {
          issues: [{ path: "body.apiKey", message: expect.stringContaining("cannot stand in a header") as string }],
        },
      });
    await expect(create(apiInput({ apiKey: "••••ghij" }))).rejects.toMatchObject({
      details: { issues: [{ path: "body.input.apiKey" }] },
    });
  });

  it("are not sent to another host because only the address was changed", async () => {
    const id = await create(apiInput({ baseUrl: base, apiKey: secret }));
    const elsewhere = apiInput({ baseUrl: "http://127.0.0.1:9/v1" });
    await expect(app.call("providers.update", { params: { id }, body: elsewhere })).rejects.toMatchObject({
      status: 400,
      details: { issues: [{ path: "body.apiKey" }] },
    });
    const again = { ...elsewhere, apiKey: secret };
    expect((await app.call("providers.update", { params: { id }, body: again })).provider).toMatchObject({
      baseUrl: "http://127.0.0.1:9/v1",
    });
    expect(await app.call("providers.update", { params: { id }, body: { ...elsewhere, apiKey: "" } })).toBeTruthy();
  });
});

describe("usage over HTTP", () => {
  it("is empty at first; the budget is kept and checked", async () => {
    expect((await app.call("usage.totals", { query: {} })).total.attempts).toBe(0);
    const set = await app.call("usage.setBudget", { body: { costUsd: 5, tokens: null } });
    expect(set).toMatchObject({ budget: { costUsd: 5, tokens: null }, exceeded: null });
    expect((await app.call("usage.budget", {})).budget).toEqual({ costUsd: 5, tokens: null });
    await expect(app.call("usage.setBudget", { body: { costUsd: -1 } })).rejects.toMatchObject({
      details: { issues: [{ path: "body.costUsd", message: "must be more than 0" }] },
    });
    await expect(app.call("usage.totals", { query: { from: "2026-02-01", to: "2026-01-01" } })).rejects.toMatchObject({
      status: 400,
    });
  });
});

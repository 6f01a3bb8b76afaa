import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { connectorPolicySchema } from "../../../contract/features/connectors.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";

let folder: string;
let app: TestApp;
let other: Server;
let place: string;
let asked: string[];
const params = { id: "lamps" };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-module-"));
  app = await startTestApp({ directory: folder });
  asked = [];
  other = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers["x-key"]?.toString() ?? ""}`);
    response.writeHead(200, { "content-type": "application/json" }).end('{"items":["a lamp"]}');
  });
  await new Promise<void>((resolve) => {
    other.listen(0, "127.0.0.1", resolve);
  });
  place = `127.0.0.1:${String((other.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  await app.stop();
  await new Promise((resolve) => other.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

/** `body` is what its operation does with `text`, `config`, `http` and `note`. */
function module(body: string, above = ""): string {
  return `import { defineConnector, defineOperation } from "portos";
import { z } from "zod";
${above}
interface Context {
  config: { key: string };
  http: { expectOk(request: object): Promise<{ json(): unknown }> };
  note(code: string, reason: string): void;
}

export default defineConnector({
  id: "lamps",
  title: "Lamps",
  description: "Finds lamps.",
  config: z.strictObject({ key: z.string().meta({ title: "Key" }) }),
  secrets: ["key"],
  operations: {
    find: defineOperation({
      title: "Find lamps",
      description: "Finds lamps.",
      effect: "read",
      input: z.object({ text: z.string().max(200) }),
      output: z.object({ found: z.unknown() }),
      targets: ({ text }: { text: string }) => (text.startsWith("http") ? [text] : []),
      examples: [{ title: "All", input: { text: "" } }],
      async run({ text }: { text: string }, { config, http, note }: Context): Promise<{ found: unknown }> {
        ${body}
      },
    }),
  },
});
`;
}

const ask = `
  note("asked", "It was asked");
  const reply = await http.expectOk({ url: text, query: { q: "x" }, headers: { "x-key": config.key } });
  return { found: reply.json() };`;

async function put(source: string): Promise<void> {
  const before = (await app.call("connectorModules.list", {}))[0];
  await app.call("connectorModules.put", { params, body: { source, replaces: before?.hash ?? null } });
  await app.call("connectors.putConfig", { params, body: { config: { key: "key-of-the-lamps" } } });
  await app.call("connectors.putPolicy", {
    params,
    body: connectorPolicySchema.parse({ insides: [place], timeoutMs: 5_000 }),
  });
  await app.call("connectors.enable", { params });
}

const find = (text: string) =>
  app.call("connectors.execute", { params: { ...params, operation: "find" }, body: { params: { text } } });

const found = async (text = ""): Promise<unknown> => ((await find(text)).output as { found: unknown }).found;

const failure = async (): Promise<string> => (await app.call("connectorModules.list", {}))[0]?.failure?.message ?? "";

/** Why a program is not taken. */
async function refused(source: string): Promise<string> {
  const [before] = await app.call("connectorModules.list", {});
  const body = { source, replaces: before?.hash ?? null };
  const refusal: unknown = await app.call("connectorModules.put", { params, body }).catch((error: unknown) => error);
  return refusal instanceof Error ? refusal.message : "taken";
}

it("runs with its types taken off, reaches the network through the gateway alone, and is on record", async () => {
  await put(module(ask));
  const { output, evidenceId, path } = await find(`http://${place}/lamps`);
  expect(output).toEqual({ found: { items: ["a lamp"] } });
  expect(asked).toEqual(["GET /lamps?q=x key-of-the-lamps"]);
  expect(path.find(({ code }) => code === "asked")?.reason).toBe("It was asked");
  const record = await app.call("evidence.get", { params: { id: evidenceId } });
  expect(JSON.stringify(record)).toContain(place);
  expect(JSON.stringify(record)).not.toContain("key-of-the-lamps");
  await expect(find("http://127.0.0.1:9/")).rejects.toMatchObject({ status: 403 });
  await app.call("connectors.putPolicy", {
    params,
    body: connectorPolicySchema.parse({ blockedDomains: ["example.com"] }),
  });
  await expect(find("https://example.com/")).rejects.toMatchObject({ status: 403 });
  const form = (await app.call("connectors.get", { params })).configSchema as {
    properties: Record<string, { title: string }>;
  };
  expect(form.properties["key"]?.title).toBe("Key");
});

it("runs only as it was accepted: a new file, a changed one and a changed helper wait for the user", async () => {
  const file = join(folder, "data/connectors/lamps.ts");
  await writeFile(join(folder, "data/connectors/_word.ts"), "export const word: string = 'first';\n");
  const source = module("return { found: word };", 'import { word } from "./_word.ts";');
  await writeFile(file, source);
  const state = async () => (await app.call("connectorModules.list", {})).map((one) => [one.file, one.state]);
  expect(await state()).toEqual([["lamps.ts", "new"]]);
  await expect(app.call("connectors.get", { params })).rejects.toMatchObject({ status: 404 });
  const seen = await app.call("connectorModules.get", { params });
  expect(seen.sources.map((one) => one.file)).toEqual(["_word.ts", "lamps.ts"]);
  await writeFile(join(folder, "data/connectors/_word.ts"), "export const word: string = 'second';\n");
  const accept = (hash: string) => app.call("connectorModules.accept", { params, body: { hash } });
  await expect(accept(seen.hash)).rejects.toMatchObject({ status: 409 });
  await accept((await app.call("connectorModules.get", { params })).hash);
  await app.call("connectors.putConfig", { params, body: { config: { key: "key-of-the-lamps" } } });
  await app.call("connectors.enable", { params });
  expect(await found()).toBe("second");
  await app.stop();
  app = await startTestApp({ directory: folder });
  expect(await found()).toBe("second");
  await writeFile(file, source.replace("Finds lamps.", "Finds all lamps."));
  await expect.poll(state).toEqual([["lamps.ts", "changed"]]);
  await expect(find("")).rejects.toMatchObject({ status: 404 });
  await writeFile(file, source);
  await expect.poll(state).toEqual([["lamps.ts", "accepted"]]);
  expect(await found()).toBe("second");
  const { text } = await app.call("customConnectors.remove", { params });
  expect(text).toBe(source);
  expect(await state()).toEqual([]);
});

it("refuses what it may not import, what is no connector, and keeps what can be used", async () => {
  await put(module("return { found: 1 };"));
  expect(await refused(module("return { found: fs };", 'import fs from "node:fs";'))).toContain("imports node:fs");
  expect(await refused(module("return { found: x };", 'import x from "../../../../etc/passwd";'))).toContain("imports");
  expect(await refused(module("return { found: await import(text) };"))).toContain("only known when it runs");
  expect(await refused("export default {")).toContain("cannot be used");
  expect(await refused("export default 3;")).toContain("defineConnector");
  expect(await refused('throw new Error("not today");')).toContain("not today");
  expect(await refused(module("return { found: 1 };").replace('id: "lamps"', 'id: "other"'))).toContain(
    "its id is other",
  );
  expect(await found()).toBe(1);
});

it("has nothing of this machine", async () => {
  const source = `
    const tries: Record<string, () => unknown> = {
      process: () => typeof process,
      fetch: () => typeof fetch,
      text: () => { try { return new Function("return 1")(); } catch (error) { return (error as Error).name; } },
      constructor: () => { try { return (async () => 1).constructor("return process")(); } catch (error) { return (error as Error).name; } },
    };
    return { found: tries[text]!() };`;
  await put(module(source, "declare const process: unknown;"));
  expect(await found("process")).toBe("undefined");
  expect(await found("fetch")).toBe("undefined");
  expect(await found("text")).toBe("EvalError");
  expect(await found("constructor")).toBe("EvalError");
});

it("is ended when it does not stop, and says why it crashed", async () => {
  await put(
    module(`
      if (text === "loop") for (;;);
      if (text === "crash") setTimeout(() => { throw new Error("the lamp is broken"); }, 0);
      if (text === "crash") await new Promise(() => undefined);
      if (text === "throw") throw new Error("no lamp");
      return { found: "well" };`),
  );
  expect(await found()).toBe("well");
  await expect(find("throw")).rejects.toMatchObject({ message: "The module failed: Error: no lamp" });
  await expect(find("crash")).rejects.toMatchObject({
    message: expect.stringContaining("the lamp is broken") as string,
  });
  expect(await failure()).toContain("has crashed: Error: the lamp is broken");
  expect(await found()).toBe("well");
  await expect(find("loop")).rejects.toMatchObject({ status: 504 });
  await expect.poll(failure).toContain("did not stop");
  expect(await found()).toBe("well");
});

it("offers a program to begin with that can be used as it is", async () => {
  const { source } = await app.call("connectorModules.template", {});
  const text = source.replaceAll("__ID__", "lamps").replaceAll("__TITLE__", "Lamps");
  const made = await app.call("connectorModules.put", { params, body: { source: text, replaces: null } });
  expect(made.state).toBe("accepted");
  expect(await readFile(join(folder, "data/connectors/lamps.ts"), "utf8")).toBe(text);
});

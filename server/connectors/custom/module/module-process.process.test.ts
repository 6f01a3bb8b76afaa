import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { silentLogger } from "../../../../lib/logger.ts";
import type { ConnectorHttp, ConnectorRequest, OperationContext } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import { startModule, type ModuleProcess } from "./module-process.ts";

let folder: string;
let running: ModuleProcess;
let sent: string[];

/** Speaks as a module does: makes the requests of its question one after another, and fails as the last of them. */
const program = `
let text = "", requests = [], id = 0, call = 0;
const say = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
const next = () => say({ kind: "http", call: (call += 1), of: id, isOk: true, request: requests.shift() });
process.stdin.on("data", (chunk) => {
  const lines = (text += chunk).split("\\n");
  text = lines.pop();
  for (const line of lines) {
    const message = JSON.parse(line);
    if (message.kind === "run") { id = message.id; requests = message.input.requests; next(); }
    else if (message.kind === "refusal") say({ kind: "failed", id, failure: message.failure });
    else if (requests.length === 0) say({ kind: "done", id, value: "well" });
    else next();
  }
});`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portos-module-"));
  await writeFile(join(folder, "module.cjs"), program);
  sent = [];
  const command = { file: process.execPath, args: [join(folder, "module.cjs")] };
  running = startModule({ command, name: "lamps", logger: silentLogger, onEnd: () => undefined });
});
afterEach(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

/** Other places answer, "closed" is behind a gateway that was closed meanwhile, "lost" broke off on its way. */
function request({ url, method = "GET" }: ConnectorRequest): ReturnType<ConnectorHttp["request"]> {
  if (String(url) === "http://closed/")
    return Promise.reject(new GatewayError("offline", "The gateway is closed", { hint: "Open it." }));
  sent.push(`${method} ${String(url)}`);
  if (String(url) === "http://lost/")
    return Promise.reject(new GatewayError("upstream_failed", "It broke off", { hint: "Try again later." }));
  const bytes = new Uint8Array();
  return Promise.resolve({ status: 200, headers: {}, url: String(url), bytes, text: () => "", json: () => null });
}

async function run(requests: object[], isRepeatable = false): Promise<unknown> {
  const context = { idempotencyKey: null, isAwaited: true, now: 0, timeLeftMs: 9_000, maxReplyBytes: 1_000 };
  const question = { kind: "run" as const, operation: "light", input: { requests }, config: {}, context };
  const way = { http: { request, expectOk: request } } as unknown as OperationContext<Record<string, unknown>>;
  const limits = { signal: AbortSignal.timeout(9_000), timeoutMs: 9_000, isRepeatable };
  return running.ask(question, way, limits).catch((error: unknown) => error);
}

const write = { url: "http://lamp/", method: "POST" };
const closed = { url: "http://closed/" };

it("what fails as if nothing had left, after something has, is not sent again", async () => {
  expect(await run([write, closed])).toMatchObject({
    gatewayCode: "upstream_failed",
    isFinal: true,
    message: "The module failed after it had sent something: The gateway is closed",
    hint: expect.stringContaining("record of this call") as string,
  });
  expect(sent).toEqual(["POST http://lamp/"]);
  expect(await run([{ url: "http://lamp/", body: "" }, closed])).toMatchObject({ isFinal: true });
});

it("what has sent nothing, has only looked, or may be done twice waits until it may go", async () => {
  const waits = { gatewayCode: "offline", isFinal: false, message: "The gateway is closed" };
  expect(await run([{ ...write, url: "http://closed/" }])).toMatchObject(waits);
  expect(await run([{ url: "http://lamp/" }, closed])).toMatchObject(waits);
  expect(await run([{ ...write, isIdempotent: true }, closed])).toMatchObject(waits);
  expect(await run([write, closed], true)).toMatchObject(waits);
});

it("a write that broke off on its way may be tried again as everywhere", async () => {
  expect(await run([{ ...write, url: "http://lost/" }])).toMatchObject({
    gatewayCode: "upstream_failed",
    isFinal: false,
    message: "It broke off",
  });
});

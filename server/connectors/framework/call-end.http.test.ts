import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { defineConnector, defineOperation, type OperationContext } from "./define-connector.ts";
import { createTestGateway, type TestGateway } from "./testing/test-gateway.ts";

const config = z.object({ address: z.url() });
type Context = OperationContext<z.output<typeof config>>;

let server: Server;
let address: string;
let asked: string[];
let answer: (response: ServerResponse) => void;
let scene: TestGateway | null = null;

beforeEach(async () => {
  asked = [];
  answer = (response) => response.end("{}");
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await scene?.end();
  scene = null;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A gateway with one connector that does what the test says. */
async function open(
  effect: "read" | "write",
  run: (context: Context) => unknown,
): Promise<TestGateway & { go: () => ReturnType<TestGateway["call"]> }> {
  const act = defineOperation({
    title: "Act",
    description: "Does something.",
    effect,
    input: z.object({}),
    output: z.any(),
    targets: (_input, given: z.output<typeof config>) => [given.address],
    examples: [],
    run: (_input, context: Context) => Promise.resolve(run(context)),
  });
  const things = defineConnector({
    id: "things",
    title: "Things",
    description: "A place of things.",
    config,
    secrets: [],
    operations: { act },
  });
  const made = await createTestGateway({
    connectors: [things],
    configs: { things: { address } },
    insides: [new URL(address).host],
  });
  scene = made;
  return { ...made, go: () => made.call("things", "act", {}) };
}

test("nothing of a call goes on when it has ended, and nothing begins", async () => {
  answer = () => undefined; // never
  const kept: Context[] = [];
  let left: Promise<unknown> = Promise.resolve();
  const { go } = await open("read", (context) => {
    kept.push(context);
    left = context.http.request({ url: `${address}/slow` }).catch((error: unknown) => error);
    return "left";
  });
  await go();
  expect(await left).toMatchObject({ gatewayCode: "cancelled" });
  const [context] = kept;
  if (!context) throw new Error("The operation has not run");
  const before = asked.length;
  await expect(context.http.request({ url: `${address}/late` })).rejects.toMatchObject({ gatewayCode: "cancelled" });
  await expect(context.fetch(`${address}/late`)).rejects.toThrow();
  await expect(context.dial({ host: "127.0.0.1", port: Number(new URL(address).port) })).rejects.toThrow();
  expect(context.signal.aborted).toBe(true);
  expect(asked).toHaveLength(before);
});

test("an operation that only keeps its way to the network finds it closed afterwards", async () => {
  const kept: Context["http"][] = [];
  const { go } = await open("read", async ({ http }) => {
    kept.push(http);
    return (await http.expectOk({ url: `${address}/now` })).json();
  });
  await go();
  await expect(kept[0]?.expectOk({ url: `${address}/late` })).rejects.toMatchObject({ gatewayCode: "cancelled" });
  expect(asked).toEqual(["/now"]);
});

test("a write whose reply cannot be written as JSON is done, and on record", async () => {
  const { go, evidence } = await open("write", () => ({ ok: 1n }));
  const { evidenceId } = await go();
  expect(await evidence(evidenceId)).toMatchObject({ outcome: "done", reply: null });
});

test("an operation cannot change the configuration of the calls after it", async () => {
  const { refused, evidence } = await open("read", ({ config: given }) => {
    given.address = "http://127.0.0.1:1";
  });
  const failure = await refused("things", "act", {});
  expect(await evidence(failure.evidenceId)).toMatchObject({ outcome: "failed" });
});

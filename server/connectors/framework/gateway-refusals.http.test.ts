import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { defineConnector, defineOperation } from "./define-connector.ts";
import { guardHints } from "./run-call.ts";
import { createTestGateway, type TestGateway, type TestGatewayOptions } from "./testing/test-gateway.ts";

const config = z.object({ address: z.url() });
type Config = z.output<typeof config>;
const targets = (_input: unknown, { address: place }: Config): string[] => [place];
const read = defineOperation({
  title: "Read a thing",
  description: "Gives back one thing.",
  effect: "read",
  input: z.object({ id: z.string() }),
  output: z.null(),
  targets,
  examples: [],
  async run(_input, { config: { address: place }, http }) {
    await http.expectOk({ url: place });
    return null;
  },
});
const post = defineOperation({
  title: "Post a thing",
  description: "Writes one thing.",
  effect: "write",
  input: z.object({ text: z.string() }),
  output: z.null(),
  targets,
  examples: [],
  async run(_input, { config: { address: place }, http }) {
    await http.expectOk({ url: place, method: "POST" });
    return null;
  },
});
const things = defineConnector({
  id: "things",
  title: "Things",
  description: "A place of things.",
  config,
  secrets: [],
  operations: { read, post },
});

let server: Server;
let address: string;
let scene: TestGateway | null = null;

beforeEach(async () => {
  server = createServer((_request, response) => response.end("x".repeat(2_000)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await scene?.end();
  scene = null;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function open(more: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
  const insides = [new URL(address).host];
  scene = await createTestGateway({ connectors: [things], configs: { things: { address } }, insides, ...more });
  return scene;
}

test("a place that is refused is named with where it can be allowed", async () => {
  const { refused, setPolicy } = await open({ insides: [] });
  const { port, host } = new URL(address);
  expect(await refused("things", "read", { id: "1" })).toMatchObject({
    gatewayCode: "refused_by_guard",
    hint: `If it is meant, add ${port} to "Further ports" or ${host} to "Places inside" in the policy.`,
  });
  setPolicy({ extraPorts: [Number(port)] });
  expect((await refused("things", "read", { id: "1" })).hint).toBe(
    `If it is meant, name ${host} under "Places inside" in the policy.`,
  );
  expect(guardHints({ config: z.object({}), insideField: "It is here" }).port(1, "a:1")).toContain('tick "It is here"');
  const inside = z.object({ isInside: z.boolean().meta({ title: "Inside" }) });
  expect(guardHints({ config: inside }).inside("a:1")).toContain('tick "Inside"');
  setPolicy({ insides: [host] });
  await expect(refused("things", "read", {})).resolves.toMatchObject({ gatewayCode: "invalid_params" });
});

test("a reply that is too large is told with the limit that was hit", async () => {
  const { refused } = await open({ policy: { maxReplyBytes: 1_024 } });
  expect(await refused("things", "read", { id: "1" })).toMatchObject({
    gatewayCode: "too_large",
    hint: 'Ask for less, or raise "Most bytes received" in the policy.',
  });
});

test("the record of a refused call tells what it would have done", async () => {
  const { refused, evidence } = await open({ policy: { operations: ["read"] } });
  const wrong = await refused("things", "post", { words: "hello" });
  expect(await evidence(wrong.evidenceId)).toMatchObject({
    outcome: "refused",
    code: "invalid_params",
    effect: "write",
  });
  const forbidden = await refused("things", "post", { text: "hello" });
  expect(await evidence(forbidden.evidenceId)).toMatchObject({ code: "refused_by_policy", effect: "write" });
  scene?.setEnabled("things", false);
  const off = await refused("things", "post", { text: "hello" });
  expect(await evidence(off.evidenceId)).toMatchObject({ code: "disabled", effect: "write" });
});

test("a limit that was lowered is told as it is, with what was made", async () => {
  const { call, refused, setPolicy } = await open();
  for (const id of ["1", "2", "3"]) await call("things", "read", { id });
  setPolicy({ perMinute: 2 });
  expect((await refused("things", "read", { id: "4" })).message).toBe(
    "The policy allows 2 calls in a minute, and 3 were made within the last one",
  );
  setPolicy({ perMinute: null, perDay: 1 });
  expect((await refused("things", "read", { id: "4" })).message).toBe(
    "The policy allows 1 call in a day, and 3 were made today",
  );
});

import type { Socket } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { startRaw, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { defineConnector, defineOperation, type OperationContext } from "./define-connector.ts";
import { createTestGateway, type TestGateway } from "./testing/test-gateway.ts";

const config = z.object({ port: z.int() });
type Config = z.output<typeof config>;
type Context = OperationContext<Config>;

let happened: string[];
let left: Context | null;
let answer: unknown;
let settling: () => Promise<void>;
let server: StartedServer;
let scene: TestGateway;

const take = defineOperation({
  title: "Take",
  description: "Takes something, and says so when it was handed on.",
  effect: "write",
  input: z.object({}),
  output: z.object({ value: z.string() }),
  targets: () => [],
  examples: [],
  async run(_input, context: Context) {
    left = context;
    const socket = await context.dial({ host: "127.0.0.1", port: context.config.port });
    context.whenHandedOn(async () => {
      happened.push(`settled while ${socket.destroyed ? "closed" : "open"}`);
      await settling();
    });
    happened.push(context.isAwaited ? "ran" : "ran for nobody");
    return answer as { value: string };
  },
});
const taker = defineConnector({
  id: "taker",
  title: "Taker",
  description: "Takes.",
  config,
  secrets: [],
  operations: { take },
  insides: ({ port }) => [{ address: `127.0.0.1:${port}` }],
});

beforeEach(async () => {
  happened = [];
  left = null;
  answer = { value: "one" };
  settling = () => Promise.resolve();
  server = await startRaw(() => undefined);
  scene = await createTestGateway({ connectors: [taker], configs: { taker: { port: server.port } } });
});
afterEach(async () => {
  await scene.end();
  await server.close();
});

function deliver(keep: () => Promise<void>, kind: "person" | "automation" = "automation") {
  const caller = { kind, name: "Somebody", id: "a1" };
  const message = { connector: "taker", operation: "take", input: {}, idempotencyKey: "k", orderingKey: null };
  const delivery = { id: `d${"1".repeat(19)}`, attempt: 1, idempotencyKey: "k", keep };
  return scene.gateway.deliver(
    { ...message, caller, correlationId: "0123456789ab" },
    delivery,
    new AbortController().signal,
  );
}

describe("what is done once a reply is handed on", () => {
  test("comes after the reply was found right, with the connections still open", async () => {
    await expect(scene.call("taker", "take", {})).resolves.toMatchObject({ output: { value: "one" } });
    expect(happened).toEqual(["ran", "settled while open"]);
  });

  test("is not done for a reply that is refused", async () => {
    answer = { value: 7 };
    expect(await scene.refused("taker", "take", {})).toMatchObject({ gatewayCode: "reply_invalid" });
    expect(happened).toEqual(["ran"]);
  });

  test("makes the call fail when it fails itself", async () => {
    settling = () => Promise.reject(new Error("the line is dead"));
    const error = await scene.refused("taker", "take", {});
    expect(error.message).toContain("the line is dead");
    expect(await scene.evidence(error.evidenceId)).toMatchObject({ outcome: "failed" });
  });

  test("waits until whoever asked has kept what came", async () => {
    await deliver(() => {
      happened.push("kept");
      return Promise.resolve();
    });
    expect(happened).toEqual(["ran", "kept", "settled while open"]);
    happened = [];
    await expect(deliver(() => Promise.reject(new Error("the disk is full")))).rejects.toThrow("the disk is full");
    expect(happened).toEqual(["ran"]);
  });

  test("says when nobody gets what comes back", async () => {
    await deliver(() => Promise.resolve(), "person");
    expect(happened[0]).toBe("ran for nobody");
  });
});

test("nothing of a call goes on behind its end", async () => {
  let socket: Socket | null = null;
  const first = scene.call("taker", "take", {});
  await first;
  const context = left;
  expect(context?.signal.aborted).toBe(true);
  await expect(
    context?.dial({ host: "127.0.0.1", port: server.port }).then((opened) => {
      socket = opened;
    }),
  ).rejects.toMatchObject({ gatewayCode: "cancelled" });
  expect(socket).toBeNull();
});

import { Buffer } from "node:buffer";

import { describe, expect, test } from "vitest";

import { loopbackContext } from "../framework/testing/loopback-context.ts";
import { createMessageQueue } from "./message-queue.ts";
import type { PackageFinder } from "./optional-package.ts";
import type { QueueConfig } from "./queue-config.ts";
import { queueFailure } from "./queue-failure.ts";
import { contentOf, createBasket, waitMsOf, type TakenMessage } from "./queue-message.ts";

const nothing: PackageFinder = { find: () => null, load: () => undefined };
const strange: PackageFinder = { find: (name) => `/nowhere/${name}/main.js`, load: () => ({}) };
const good = { system: "rabbitmq", servers: ["127.0.0.1:5672"], isEncrypted: false, user: "a", password: "b" };

function issuesOf(packages: PackageFinder, config: Record<string, unknown>): string[] {
  const parsed = createMessageQueue(packages).config.safeParse(config);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("without the package", () => {
  test.each([
    ["rabbitmq", "plain", "amqplib@2.3.1"],
    ["kafka", "plain", "kafkajs@2.2.4"],
  ])("the state of %s says what to run", (system, login, wanted) => {
    expect(issuesOf(nothing, { ...good, system, login })).toEqual([
      `system: needs the package ${wanted.split("@")[0] ?? ""}. Run npm install --no-save ${wanted} in the folder of PortOS, then restart it.`,
    ]);
  });

  test("so does a call, should it come so far", async () => {
    const config = { ...good, login: "plain", virtualHost: "/", group: "g", isInside: false } as QueueConfig;
    const { context } = loopbackContext({ config, insides: [] });
    for (const packages of [nothing, strange])
      for (const system of ["rabbitmq", "kafka"] as const) {
        const publish = createMessageQueue(packages).operations["publish"];
        await expect(
          publish?.run({ to: "q", text: "a", headers: {} }, { ...context, config: { ...config, system } }),
        ).rejects.toMatchObject({
          gatewayCode: "not_configured",
          hint: expect.stringContaining("npm install --no-save") as string,
        });
      }
  });
});

test.each([
  [{ login: "scram-sha-256" }, "login: must be plain for RabbitMQ"],
  [{ user: undefined }, "user: is needed to sign in"],
  [
    { servers: ["mq.example.com:5672"] },
    "isEncrypted: must be on, because a server lies outside this machine and network",
  ],
  [{ servers: ["mq.example.com"], isEncrypted: true }, "servers.0: must be a host with a port, such as mq.local:5671"],
  [
    { servers: ["amqp://mq.example.com:1"], isEncrypted: true },
    "servers.0: must be a host with a port, such as mq.local:5671",
  ],
])("refuses %j", (more, issue) => {
  expect(issuesOf(strange, { ...good, ...more })).toContain(issue);
});

test("messages are not taken for nobody", async () => {
  const consume = createMessageQueue(strange).operations["consume-batch"];
  const config = { ...good, login: "plain" } as unknown as QueueConfig;
  const { context } = loopbackContext({ config, insides: [], isAwaited: false });
  const wish = { from: "q", maxMessages: 1, waitSeconds: 1, maxBytes: 1_000, isFromStart: false };
  await expect(Promise.resolve().then(() => consume?.run(wish, context))).rejects.toMatchObject({
    gatewayCode: "invalid_params",
    isFinal: true,
  });
});

const message: TakenMessage = {
  id: null,
  key: null,
  text: "a",
  base64: null,
  contentType: null,
  headers: {},
  at: null,
  isAgain: null,
  partition: null,
  offset: null,
};

describe("a batch", () => {
  test("ends with its last message, or with the first that is too much", () => {
    const two = createBasket({ maxMessages: 2, maxBytes: 100 });
    expect([two.offer(message, 1), two.isFull, two.offer(message, 1), two.isFull, two.offer(message, 1)]).toEqual([
      true,
      false,
      true,
      true,
      false,
    ]);
    const small = createBasket({ maxMessages: 9, maxBytes: 10 });
    expect([small.offer(message, 8), small.offer(message, 8), small.isFull]).toEqual([true, false, true]);
    const huge = createBasket({ maxMessages: 9, maxBytes: 10 });
    expect([huge.offer(message, 1_000), huge.isFull]).toEqual([true, true]);
    expect(huge.messages).toHaveLength(1);
  });

  test("gives text as text, and bytes as bytes", () => {
    expect(contentOf(Buffer.from("žluť"))).toEqual({ text: "žluť", base64: null });
    expect(contentOf(Buffer.from([255, 0]))).toEqual({ text: null, base64: "/wA=" });
    expect(contentOf(null)).toEqual({ text: null, base64: null });
  });
});

test.each([
  [
    'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused"',
    "user and password",
    true,
  ],
  [
    "Operation failed: BasicConsume; 404 (NOT-FOUND) with message \"NOT_FOUND - no queue 'q'\"",
    "no queue, topic or exchange",
    true,
  ],
  [
    'Channel closed by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - read access"',
    "does not allow",
    true,
  ],
  ["This server does not host this topic-partition", "no queue, topic or exchange", true],
  ["Messages are rejected since there are fewer in-sync replicas (NOT_ENOUGH_REPLICAS)", "Too few copies", false],
  ["Connection error: connect ECONNREFUSED", "did not do it", false],
])("translates %s", (said, words, isFinal) => {
  expect(queueFailure(new Error(said))).toMatchObject({ message: expect.stringContaining(words) as string, isFinal });
});

test.each([
  [5, 60_000, 5_000],
  [60, 60_000, 57_000],
  [60, 1_000, 500],
])("waits %i s, with %i ms left, for %i ms", (waitSeconds, left, expected) => {
  expect(waitMsOf({ waitSeconds }, left)).toBe(expected);
});

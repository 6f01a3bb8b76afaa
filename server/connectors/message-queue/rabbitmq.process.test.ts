import { connect, type ChannelModel, type Channel } from "amqplib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { messageQueue } from "./message-queue.ts";
import { rabbitProgram, startRabbit, type RabbitBroker } from "./testing/rabbit-broker.ts";

const title = rabbitProgram === null ? "rabbitmq: skipped, because RabbitMQ is not installed here" : "rabbitmq";

describe.skipIf(rabbitProgram === null)(title, () => {
  const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
  const certificate = makeCertificate({ name: "rabbit", hosts: ["127.0.0.1"], issuer: authority });
  let broker: RabbitBroker;
  let model: ChannelModel | undefined;
  let direct: Channel;
  let scene: TestGateway;
  let queue: string;

  beforeAll(async () => {
    broker = await startRabbit(rabbitProgram ?? "", certificate);
    model = await connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
    direct = await model.createChannel();
  });
  afterAll(async () => {
    await model?.close();
    await broker.close();
  });
  beforeEach(async () => {
    queue = (await direct.assertQueue("", { durable: true })).queue;
    scene = await createTestGateway({ connectors: [messageQueue] });
    configure();
  });
  afterEach(() => scene.end());

  function configure(more: Record<string, unknown> = {}): void {
    scene.setConfig("message-queue", {
      system: "rabbitmq",
      servers: [`127.0.0.1:${broker.port}`],
      isEncrypted: false,
      user: "guest",
      password: "guest",
      ...more,
    });
  }

  const waiting = async (): Promise<number> => (await direct.checkQueue(queue)).messageCount;

  async function take(more: Record<string, unknown> = {}) {
    const { output } = await scene.call("message-queue", "consume-batch", { from: queue, waitSeconds: 1, ...more });
    return (output as { messages: Record<string, unknown>[] }).messages;
  }

  it("publishes what the broker confirms, and takes what it was handed on", async () => {
    const { output, evidenceId } = await scene.call("message-queue", "publish", {
      to: queue,
      text: "žluť",
      headers: { who: "Ada" },
      contentType: "text/plain",
    });
    const { messageId } = output as { messageId: string };
    expect(await take({ maxMessages: 1, waitSeconds: 30 })).toMatchObject([
      { id: messageId, text: "žluť", headers: { who: "Ada" }, contentType: "text/plain", key: queue, isAgain: false },
    ]);
    expect(await waiting()).toBe(0);
    expect(await scene.evidence(evidenceId)).toMatchObject({
      addresses: [{ host: `127.0.0.1:${broker.port}`, address: "127.0.0.1" }],
    });
  });

  it("takes as many as are wanted, and as fit", async () => {
    for (const text of ["a", "b", "c".repeat(2_000), "d"])
      await scene.call("message-queue", "publish", { to: queue, text });
    expect((await take({ maxMessages: 2, waitSeconds: 30 })).map(({ text }) => text)).toEqual(["a", "b"]);
    expect((await take({ maxMessages: 9, maxBytes: 1_500, waitSeconds: 30 })).map(({ text }) => text)).toEqual([
      "c".repeat(2_000),
    ]);
    expect((await take()).map(({ text }) => text)).toEqual(["d"]);
    expect(await take()).toEqual([]);
  });

  it("gives messages again when the call ended before they were handed on", async () => {
    await scene.call("message-queue", "publish", { to: queue, text: "again" });
    const giveUp = new AbortController();
    const wish = { from: queue, maxMessages: 2, waitSeconds: 60 };
    const call = scene.refused("message-queue", "consume-batch", wish, { signal: giveUp.signal });
    await vi.waitFor(async () => {
      expect(await waiting()).toBe(0); // it was handed out, and is not acknowledged
    }, 20_000);
    giveUp.abort();
    expect(await call).toMatchObject({ gatewayCode: "cancelled" });
    expect(await take({ maxMessages: 1, waitSeconds: 30 })).toMatchObject([{ text: "again", isAgain: true }]);
  });

  it("goes through an exchange, and says when no queue takes it", async () => {
    await direct.assertExchange("events", "topic", { durable: false });
    await direct.bindQueue(queue, "events", "build.*");
    await scene.call("message-queue", "publish", { exchange: "events", key: "build.done", text: "7" });
    expect(await take({ maxMessages: 1, waitSeconds: 30 })).toMatchObject([{ key: "build.done", text: "7" }]);
    const nobody = await scene.refused("message-queue", "publish", { exchange: "events", key: "other", text: "7" });
    expect(nobody).toMatchObject({ message: expect.stringContaining("No queue takes other") as string, isFinal: true });
    expect(await scene.refused("message-queue", "publish", { to: "nowhere", text: "7" })).toMatchObject({
      message: expect.stringContaining("There is no queue nowhere") as string,
    });
    expect(await scene.refused("message-queue", "publish", { exchange: "missing", text: "7" })).toMatchObject({
      message: expect.stringContaining("no queue, topic or exchange of this name") as string,
    });
    expect(await scene.refused("message-queue", "consume-batch", { from: "nowhere" })).toMatchObject({
      message: expect.stringContaining("no queue, topic or exchange of this name") as string,
    });
  });

  it("sends a message by the key of its delivery", async () => {
    await scene.call("message-queue", "publish", { to: queue, text: "x" }, { idempotencyKey: "build-7" });
    scene.outbox.start({
      deliver: async ({ id, attempt, signal, ...message }) => {
        await scene.gateway.deliver(message, { id, attempt, idempotencyKey: message.idempotencyKey }, signal);
        return { ok: true };
      },
    });
    expect(await take({ maxMessages: 1, waitSeconds: 30 })).toMatchObject([{ id: "build-7" }]);
  });

  it("says that the password, or the virtual host, is wrong", async () => {
    configure({ password: "not-this-one" });
    const error = await scene.refused("message-queue", "publish", { to: queue, text: "a" });
    expect(error.message).toContain("does not accept the user and password");
    expect(error.message).not.toContain("not-this-one");
    configure({ virtualHost: "elsewhere" });
    expect((await scene.refused("message-queue", "publish", { to: queue, text: "a" })).message).toContain(
      "does not open the virtual host",
    );
  });

  it("speaks TLS with a server of its own authority, and asks the next server when one is gone", async () => {
    const servers = ["127.0.0.1:1", `127.0.0.1:${broker.tlsPort}`];
    configure({ servers, isEncrypted: true });
    expect(await scene.refused("message-queue", "publish", { to: queue, text: "a" })).toMatchObject({
      gatewayCode: "upstream_failed",
    });
    configure({ servers, isEncrypted: true, certificate: authority.cert });
    await scene.call("message-queue", "publish", { to: queue, text: "safe" });
    expect(await take({ maxMessages: 1, waitSeconds: 30 })).toMatchObject([{ text: "safe" }]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { makeCertificate } from "../../../lib/guarded-http/testing/make-certificate.ts";
import { createTestGateway, type TestGateway } from "../framework/testing/test-gateway.ts";
import { messageQueue } from "./message-queue.ts";
import { startFakeKafka, type FakeKafka } from "./testing/fake-kafka.ts";

const user = { name: "ada", password: "right-password" };
let kafka: FakeKafka;
let scene: TestGateway;
beforeEach(async () => {
  kafka = await startFakeKafka({ user });
  scene = await createTestGateway({ connectors: [messageQueue] });
  configure();
});
afterEach(async () => {
  await scene.end();
  await kafka.close();
});

function configure(more: Record<string, unknown> = {}): void {
  scene.setConfig("message-queue", {
    system: "kafka",
    servers: [`127.0.0.1:${kafka.port}`],
    isEncrypted: false,
    user: user.name,
    password: user.password,
    ...more,
  });
}

async function take(more: Record<string, unknown> = {}) {
  const wish = { from: "builds", isFromStart: true, waitSeconds: 1, ...more };
  const { output } = await scene.call("message-queue", "consume-batch", wish);
  return (output as { messages: Record<string, unknown>[] }).messages;
}

async function publish(text: string, more: Record<string, unknown> = {}) {
  const { output } = await scene.call("message-queue", "publish", { to: "builds", text, ...more });
  return output as { partition: number; offset: string; messageId: string };
}

describe("kafka", () => {
  it("publishes with key and headers, and takes what was published once", async () => {
    const sent = await publish("one", { key: "a", headers: { who: "Ada" }, contentType: "text/plain" });
    expect(sent).toMatchObject({ offset: "0", to: "builds" });
    await publish("two", { key: "a" });
    const taken = await take({ maxMessages: 2, waitSeconds: 30 });
    expect(taken).toMatchObject([
      {
        id: sent.messageId,
        key: "a",
        text: "one",
        contentType: "text/plain",
        headers: { who: "Ada" },
        partition: sent.partition,
        offset: "0",
      },
      { text: "two", offset: "1" },
    ]);
    expect(kafka.committed.get(`portos builds ${sent.partition}`)).toBe(2n);
    await publish("three", { key: "a" });
    expect((await take({ maxMessages: 1, waitSeconds: 30 })).map(({ text }) => text)).toEqual(["three"]);
  });

  it("notes only what it has handed on", async () => {
    const { partition } = await publish("one", { partition: 1 });
    await publish("two", { partition: 1 });
    await publish("three", { partition: 1 });
    expect(partition).toBe(1);
    expect((await take({ maxMessages: 2, waitSeconds: 30 })).map(({ text }) => text)).toEqual(["one", "two"]);
    expect(kafka.committed.get("portos builds 1")).toBe(2n);
  });

  it("gives messages again when the call ended before they were handed on", async () => {
    await publish("one");
    const giveUp = new AbortController();
    const call = scene.refused(
      "message-queue",
      "consume-batch",
      { from: "builds", isFromStart: true, waitSeconds: 30 },
      { signal: giveUp.signal },
    );
    setTimeout(() => {
      giveUp.abort();
    }, 500);
    expect(await call).toMatchObject({ gatewayCode: "cancelled" });
    expect([...kafka.committed]).toEqual([]);
    expect((await take({ maxMessages: 1, waitSeconds: 30 })).map(({ text }) => text)).toEqual(["one"]);
  });

  it("comes back with what is there before the time of the call is up", async () => {
    await publish("one");
    scene.setPolicy({ timeoutMs: 3_000 });
    expect((await take({ waitSeconds: 60 })).map(({ text }) => text)).toEqual(["one"]);
  });

  it("comes back with nothing when nothing is there, and leaves no connection open", async () => {
    await expect(take()).resolves.toEqual([]);
    await vi.waitFor(() => {
      expect(kafka.open()).toBe(0);
    });
  });

  it("sends a message by the key of its delivery, so that one that comes twice is known", async () => {
    await scene.call("message-queue", "publish", { to: "builds", text: "x" }, { idempotencyKey: "build-7" });
    scene.outbox.start({
      deliver: async ({ id, attempt, signal, ...message }) => {
        const delivery = { id, attempt, idempotencyKey: message.idempotencyKey };
        await scene.gateway.deliver(message, delivery, signal);
        return { ok: true };
      },
    });
    await vi.waitFor(() => {
      expect(kafka.logs.flat()).toHaveLength(1);
    });
    expect((await take({ maxMessages: 1, waitSeconds: 30 }))[0]).toMatchObject({ id: "build-7" });
  });

  it("says that the password is wrong, without saying it", async () => {
    configure({ password: "not-this-one" });
    const error = await scene.refused("message-queue", "publish", { to: "builds", text: "a" });
    expect(error.message).toContain("does not accept the user and password");
    expect(JSON.stringify(await scene.evidence(error.evidenceId))).not.toContain("not-this-one");
  });

  it("says that there is no such topic", async () => {
    const error = await scene.refused("message-queue", "publish", { to: "nothing", text: "a" });
    expect(error).toMatchObject({ gatewayCode: "upstream_failed", isFinal: true });
    expect(error.message).toContain("no queue, topic or exchange");
  });

  it("goes nowhere inside that a broker sends it to", async () => {
    const other = await startFakeKafka();
    kafka.advertised.port = other.port;
    const error = await scene.refused("message-queue", "publish", { to: "builds", text: "a" });
    expect(error.gatewayCode).toBe("refused_by_guard");
    expect(other.open()).toBe(0);
    await other.close();
  });

  it("speaks TLS with a server of its own authority", async () => {
    const authority = makeCertificate({ name: "Authority of a test", hosts: [], isAuthority: true });
    const certificate = makeCertificate({ name: "kafka", hosts: ["127.0.0.1"], issuer: authority });
    const safe = await startFakeKafka({ user, certificate });
    const servers = [`127.0.0.1:${safe.port}`];
    configure({ servers, isEncrypted: true });
    expect(await scene.refused("message-queue", "publish", { to: "builds", text: "a" })).toMatchObject({
      gatewayCode: "upstream_failed",
    });
    configure({ servers, isEncrypted: true, certificate: authority.cert });
    await expect(publish("a")).resolves.toMatchObject({ offset: "0" });
    await safe.close();
  });
});

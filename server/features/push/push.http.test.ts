import { createDecipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { PushDevice, PushPreferences } from "../../../contract/features/push.ts";
import { systemClock } from "../../../lib/clock.ts";
import { loopbackGuard } from "../../../lib/guarded-http/loopback-guard.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { pushServiceGuard } from "./push-guard.ts";
import type { PushPayload } from "./push-sender.ts";

interface Received {
  path: string;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

let service: Server;
let port: number;
let received: Received[];
let statusFor: Record<string, number>;
/** Answers the push service holds back until they are let go. */
let heldBack: Record<string, Promise<void>>;
let app: TestApp;
let aheadMs = 0;

beforeEach(async () => {
  received = [];
  statusFor = {};
  heldBack = {};
  aheadMs = 0;
  service = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      received.push({ path, headers: request.headers, body: Buffer.concat(chunks) });
      void Promise.resolve(heldBack[path]).then(() => response.writeHead(statusFor[path] ?? 201).end());
    });
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  port = (service.address() as AddressInfo).port;
  app = await startTestApp({
    clock: { ...systemClock, now: () => Date.now() + aheadMs },
    push: { guard: loopbackGuard([port]), receiptWithinMs: 400 },
  });
});

afterEach(async () => {
  await app.end();
  await new Promise((resolve) => service.close(resolve));
});

/** A browser that has subscribed: its endpoint, and the keys only it knows. */
function browser(name: string) {
  const keys = createECDH("prime256v1");
  const publicKey = keys.generateKeys();
  const auth = randomBytes(16);
  return {
    path: `/${name}`,
    subscription: {
      endpoint: `http://127.0.0.1:${port}/${name}`,
      keys: { p256dh: publicKey.toString("base64url"), auth: auth.toString("base64url") },
    },
    /** RFC 8291 and RFC 8188, as the browser does it. */
    open(body: Buffer): PushPayload {
      const salt = body.subarray(0, 16);
      const idLength = body[20] ?? 0;
      const sender = body.subarray(21, 21 + idLength);
      const info = Buffer.concat([Buffer.from("WebPush: info\0"), publicKey, sender]);
      const secret = Buffer.from(hkdfSync("sha256", keys.computeSecret(sender), auth, info, 32));
      const derive = (label: string, length: number): Buffer =>
        Buffer.from(hkdfSync("sha256", secret, salt, Buffer.from(`Content-Encoding: ${label}\0`), length));
      const sealed = body.subarray(21 + idLength);
      const decipher = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
      decipher.setAuthTag(sealed.subarray(-16));
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
      return JSON.parse(plain.subarray(0, plain.lastIndexOf(2)).toString()) as PushPayload;
    },
  };
}

type Browser = ReturnType<typeof browser>;

function subscribe(one: Browser, parts: Partial<PushPreferences> = {}): Promise<PushDevice> {
  const preferences = { name: one.path.slice(1), events: ["approval", "crash", "run-failed"], ...parts };
  return app.call("push.subscribe", {
    body: { subscription: one.subscription, preferences: preferences as PushPreferences },
  });
}

async function crash(id: string): Promise<void> {
  await app.app.core.notifications.notify({
    level: "error",
    title: `${id} stays down`,
    message: "exit code 1",
    link: "/system",
    key: `incident:${id}`,
    needsYou: true,
  });
}

const paths = (): string[] => received.map(({ path }) => path);

describe("messages to devices", () => {
  it("are sent to nobody, and no key is made, before the user turns them on", async () => {
    await crash("blog");
    expect(received).toEqual([]);
    await expect(readFile(join(app.env.dataDir, "push.json"))).rejects.toThrow("ENOENT");
  });

  it("go to no address that is none of a push service, which is said at once", async () => {
    const inside = browser("inside");
    inside.subscription.endpoint = "https://127.0.0.1/inside";
    await expect(subscribe(inside)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(/^This is no address of a push service: /) as string,
    });
    expect(await app.call("push.devices", {})).toEqual([]);
  });

  it("reach the device encrypted and signed; the lock screen tells only what it may", async () => {
    const [discreet, open] = [browser("discreet"), browser("open")];
    const { id } = await subscribe(discreet);
    await crash("blog");
    await expect.poll(paths).toEqual(["/discreet"]);
    const { headers, body } = received[0] ?? { headers: {}, body: Buffer.alloc(0) };
    expect(headers).toMatchObject({ "content-encoding": "aes128gcm", urgency: "high", ttl: "1800" });
    const { publicKey } = await app.call("push.key", {});
    expect(headers.authorization).toMatch(new RegExp(`^vapid t=ey[\\w-]+\\.[\\w-]+\\.[\\w-]+, k=${publicKey}$`));
    const payload = discreet.open(body);
    expect(payload).toMatchObject({ event: "crash", title: "PortOS", body: "Something crashed.", url: "/system" });
    expect(JSON.stringify(payload)).not.toContain("stays down");
    await app.call("push.remove", { params: { id } });
    await subscribe(open, { showsDetails: true });
    await crash("shop");
    await expect.poll(paths).toEqual(["/discreet", "/open"]);
    expect(open.open(received[1]?.body ?? body)).toMatchObject({ title: "shop stays down", body: "exit code 1" });
  });

  it("go to the next device when the first does not say in time that it has shown them", async () => {
    const [first, second, third] = [browser("first"), browser("second"), browser("third")];
    for (const one of [third, second, first]) {
      await subscribe(one);
      aheadMs += 1_000;
    }
    // The time for the receipt begins with the answer of the push service: it comes after the receipt, however slow the machine.
    const answers: (() => void)[] = [];
    heldBack["/second"] = new Promise((resolve) => answers.push(resolve));
    await crash("blog");
    await expect.poll(paths).toEqual(["/first", "/second"]);
    const { id } = second.open(received[1]?.body ?? Buffer.alloc(0));
    await app.call("push.receipt", { params: { id }, body: { what: "shown" } });
    for (const answer of answers) answer();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(paths()).toEqual(["/first", "/second"]);
    const devices = await app.call("push.devices", {});
    expect(devices.find(({ name }) => name === "second")?.lastDelivery).toMatchObject({
      event: "crash",
      failure: null,
    });
    await crash("shop");
    await expect.poll(() => paths()[2]).toBe("/second");
  });

  it("stop with the question: what is answered meanwhile is told to no further device", async () => {
    await subscribe(browser("first"));
    aheadMs += 1_000;
    await subscribe(browser("second"));
    await crash("blog");
    await expect.poll(paths).toHaveLength(1);
    await app.app.core.notifications.settle("incident:blog");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(paths()).toHaveLength(1);
  });

  it("forget a device whose subscription has ended, and try the next at once", async () => {
    await subscribe(browser("stays"));
    aheadMs += 1_000;
    await subscribe(browser("gone"));
    statusFor["/gone"] = 410;
    await crash("blog");
    await expect.poll(paths).toEqual(["/gone", "/stays"]);
    expect((await app.call("push.devices", {})).map(({ name }) => name)).toEqual(["stays"]);
  });

  it("are of the kinds a device wants, and wait for no quiet hours when something crashed", async () => {
    const one = browser("one");
    const quietHours = { from: "00:00", to: "23:59", zone: "UTC" };
    await subscribe(one, { events: ["crash", "run-finished"], quietHours });
    const { notify } = app.app.core.notifications;
    await notify({ level: "error", title: "Fix failed", key: "run:run-1", link: "/agents/run-1" });
    await notify({ level: "success", title: "Fix is done", key: "run:run-2", link: "/agents/run-2" });
    await crash("blog");
    await expect.poll(paths).toEqual(["/one"]);
    expect(one.open(received[0]?.body ?? Buffer.alloc(0)).event).toBe("crash");
  });

  it("tell what became of tasks, reviews and repairs, and of the end of a run and its review once", async () => {
    const one = browser("one");
    await subscribe(one, { events: ["approval", "run-failed", "run-finished"] });
    const { notify } = app.app.core.notifications;
    await notify({ level: "warning", title: "Fix needs you", key: "task:task-1", needsYou: true });
    await notify({ level: "success", title: "Tidy is done", key: "task:task-2" });
    await notify({ level: "info", title: "Tidy waits for your review", key: "review:run-2", needsYou: true });
    await notify({ level: "error", title: "blog could not be repaired", key: "repair:repair-1", needsYou: true });
    await notify({ level: "info", title: "A repair of shop waits for you", key: "repair:repair-3", needsYou: true });
    await notify({ level: "success", title: "Mend is done", key: "run:run-3" });
    await notify({ level: "info", title: "Mend waits for your review", key: "review:run-3", needsYou: true });
    await notify({ level: "success", title: "blog is repaired", key: "repair:repair-2" });
    await expect
      .poll(() =>
        received
          .map(({ body }) => one.open(body))
          .map(({ tag, event }) => `${tag} ${event}`)
          .toSorted(),
      )
      .toEqual([
        "repair:repair-1 run-failed",
        "repair:repair-2 run-finished",
        "repair:repair-3 approval",
        "review:run-2 run-finished",
        "run:run-3 run-finished",
        "task:task-1 run-failed",
        "task:task-2 run-finished",
      ]);
  });

  it("are told again after a restart as long as no device has shown them", async () => {
    const one = browser("one");
    await subscribe(one);
    await crash("blog");
    await crash("shop");
    await expect.poll(paths).toEqual(["/one", "/one"]);
    const opened = received.map(({ body }) => one.open(body));
    const receiptOf = (name: string) => {
      const id = opened.find(({ tag }) => tag === `incident:${name}`)?.id ?? "";
      return app.call("push.receipt", { params: { id }, body: { what: "shown" } });
    };
    const file = join(app.env.dataDir, "push.json");
    const shown = async () => {
      const { data } = JSON.parse(await readFile(file, "utf8")) as { data: { shown: string[] } };
      return data.shown.length;
    };
    // Later than the next device would have been told.
    await new Promise((resolve) => setTimeout(resolve, 600));
    await receiptOf("shop");
    await expect.poll(shown).toBe(1);
    await app.stop();
    const push = { guard: loopbackGuard([port]), receiptWithinMs: 400 };
    app = await startTestApp({ directory: join(app.env.dataDir, ".."), push });
    await expect.poll(() => received.slice(2).map(({ body }) => one.open(body).tag)).toEqual(["incident:blog"]);
    await receiptOf("blog");
    await expect.poll(shown).toBe(2);
  });

  it("are told once for a process that crashes again and again", async () => {
    await subscribe(browser("one"));
    for (let count = 0; count < 5; count += 1) await crash("blog");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(paths()).toEqual(["/one"]);
  });
});

describe("a device", () => {
  it("is known again by its subscription, changed, renewed, tested and removed", async () => {
    const one = browser("one");
    const { id } = await subscribe(one);
    expect(await subscribe(one, { name: "Phone" })).toMatchObject({ id, name: "Phone" });
    const next = browser("next");
    await app.call("push.renew", { body: { endpoint: one.subscription.endpoint, subscription: next.subscription } });
    const sent = await app.call("push.test", { params: { id } });
    expect(sent).toMatchObject({ event: "test", failure: null });
    expect(next.open(received[0]?.body ?? Buffer.alloc(0))).toMatchObject({ id: sent.id, event: "test" });
    await app.call("push.receipt", { params: { id: sent.id }, body: { what: "clicked" } });
    const after = await app.call("push.delivery", { params: { id: sent.id } });
    expect([after.shownAt, after.clickedAt]).not.toContain(null);
    await app.call("push.remove", { params: { id } });
    await expect(app.call("push.test", { params: { id } })).rejects.toMatchObject({ status: 404 });
  });

  it("says why a message was not taken", async () => {
    const { id } = await subscribe(browser("one"));
    statusFor["/one"] = 500;
    expect(await app.call("push.test", { params: { id } })).toMatchObject({
      acceptedAt: null,
      failure: "The push service answered 500: ",
    });
  });

  it("and the key pair are sealed on disk and survive a restart", async () => {
    const one = browser("one");
    await subscribe(one);
    const { publicKey } = await app.call("push.key", {});
    const file = await readFile(join(app.env.dataDir, "push.json"), "utf8");
    expect(file).toContain(publicKey);
    for (const secret of [one.subscription.endpoint, one.subscription.keys.auth]) expect(file).not.toContain(secret);
    expect(file).not.toMatch(/"privateKey": "/);
  });
});

describe("the guard of push services", () => {
  const guard = pushServiceGuard((name) => Promise.resolve([name.startsWith("inside") ? "10.0.0.1" : "142.250.1.1"]));

  it.each([
    ["https://fcm.googleapis.com/fcm/send/x", true],
    ["http://fcm.googleapis.com/x", false],
    ["https://fcm.googleapis.com:8443/x", false],
    ["https://127.0.0.1/x", false],
    ["https://[::1]/x", false],
    ["https://localhost/x", false],
    ["https://inside.example.com/x", false],
  ])("%s: %s", async (address, isAllowed) => {
    expect((await guard.judge(new URL(address))).ok).toBe(isAllowed);
  });
});

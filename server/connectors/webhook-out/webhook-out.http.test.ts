import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startHttp, type StartedServer } from "../../../lib/guarded-http/testing/hostile-server.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import { loopbackContext, type LoopbackContextOptions } from "../framework/testing/loopback-context.ts";
import { webhookOut } from "./webhook-out.ts";

const secret = `whsec_${Buffer.from("a key of some length for a test").toString("base64")}`;
const { post } = webhookOut.operations;
if (!post) throw new Error("no operation");

interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}
const received: Received[] = [];
let answer: { status: number; headers?: Record<string, string>; body?: string } = { status: 200 };
const answers: (typeof answer)[] = [];
let receiver: StartedServer;
let other: StartedServer;

function startReceiver(): Promise<StartedServer> {
  return startHttp((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
      const { status, headers = {}, body = "thanks" } = answers.shift() ?? answer;
      response.writeHead(status, headers).end(body);
    });
  });
}

beforeAll(async () => {
  receiver = await startReceiver();
  other = await startReceiver();
});
afterAll(async () => {
  await Promise.all([receiver.close(), other.close()]);
});
beforeEach(() => {
  received.length = 0;
  answers.length = 0;
  answer = { status: 200 };
});

function call(
  given: Record<string, unknown>,
  settings: Record<string, unknown> = {},
  options: Partial<LoopbackContextOptions<unknown>> = {},
) {
  const url = `http://127.0.0.1:${receiver.port}/hook`;
  const config = webhookOut.config.parse({ url, secret, ...settings });
  const insides = [...(webhookOut.insides?.(config) ?? []), { address: `127.0.0.1:${other.port}` }];
  const scene = loopbackContext<unknown>({ config, insides, ...options });
  const run = async () => post?.run(post.input.parse(given), scene.context);
  return { run, notes: scene.notes };
}

describe("webhook-out", () => {
  it("sends what the receiver can prove to be ours", async () => {
    const { run } = call({ payload: { name: "Žofie", n: 1 }, event: "user.made" });
    const output = await run();
    const [first] = received;
    expect(output).toMatchObject({ status: 200, isSigned: true, said: "thanks" });
    expect(first?.body).toBe('{"name":"Žofie","n":1}');
    const { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature } = first?.headers ?? {};
    expect(Math.abs(Number(time) - Date.now() / 1_000)).toBeLessThan(60);
    const key = Buffer.from(secret.slice(6), "base64");
    const right = createHmac("sha256", key)
      .update(`${String(id)}.${String(time)}.${first?.body ?? ""}`)
      .digest("base64");
    expect(signature).toBe(`v1,${right}`);
    expect(first?.headers).toMatchObject({ "idempotency-key": id, "content-type": "application/json" });
  });

  it("gives a delivery the same id at each try, and another delivery another one", async () => {
    for (const idempotencyKey of ["order 7", "order 7", "order 8"])
      await call({ text: "x" }, {}, { idempotencyKey }).run();
    const [one, two, three] = received.map(({ headers }) => headers["webhook-id"]);
    expect(one).toBe(two);
    expect(one).not.toBe(three);
  });

  it("repeats what may be gone a moment later, with the same id", async () => {
    answers.push({ status: 503 }, { status: 429, headers: { "retry-after": "0" } });
    const retries = { maxAttempts: 4, baseMs: 1, maxPauseMs: 2, maxAskedMs: 1_000 };
    const { run, notes } = call({ payload: 1 }, {}, { retries });
    await expect(run()).resolves.toMatchObject({ status: 200 });
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(notes.filter(({ code }) => code === "retry")).toHaveLength(2);
  });

  it.each([
    [410, true, "It wants no more messages"],
    [301, true, "It has moved"],
    [401, false, "Check the secret"],
    [404, false, "Check the address"],
    [400, false, "It does not accept this message"],
    [500, false, "The receiver has a problem"],
  ])("says of %i whether another try can help", async (status, isFinal, hint) => {
    answer = { status, body: "no\r\nway", headers: { location: `http://127.0.0.1:${other.port}/` } };
    const error = await call({ payload: {} })
      .run()
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(GatewayError);
    expect(error).toMatchObject({
      gatewayCode: "upstream_failed",
      isFinal,
      hint: expect.stringContaining(hint) as string,
    });
    expect((error as GatewayError).message).toContain(`answered ${status}: no way`);
    expect(received).toHaveLength(1); // no redirect is followed
  });

  it("passes on the pause the receiver asks for", async () => {
    answer = { status: 429, headers: { "retry-after": "120" } };
    await expect(call({ payload: {} }).run()).rejects.toMatchObject({ askedMs: 120_000, isFinal: false });
  });

  it("signs for the configured address alone", async () => {
    const { run, notes } = call({ payload: {}, url: `http://127.0.0.1:${other.port}/hook` });
    await expect(run()).resolves.toMatchObject({ isSigned: false });
    expect(received[0]?.headers["webhook-signature"]).toBeUndefined();
    expect(received[0]?.headers["webhook-id"]).toBeDefined();
    expect(notes).toMatchObject([{ code: "unsigned" }]);
  });

  it.each(["/echo", "/hook/", "/hook?tenant=b", "/hook%2F", "/HOOK"])(
    "shows %s of the same host nothing of what is configured",
    async (path) => {
      const settings = { access: "Bearer token-of-the-place", headers: { "x-team": "blue" } };
      const { run, notes } = call({ payload: {}, url: `http://127.0.0.1:${receiver.port}${path}` }, settings);
      await expect(run()).resolves.toMatchObject({ isSigned: false });
      expect(received.map(({ path: asked }) => asked)).toEqual([path]);
      const { authorization, "x-team": team, "webhook-signature": signature } = received[0]?.headers ?? {};
      expect([authorization, team, signature]).toEqual([undefined, undefined, undefined]);
      expect(notes).toEqual([
        {
          code: "unsigned",
          reason:
            "Only messages to exactly the configured address are signed, and only they carry its access and its headers",
        },
      ]);
    },
  );

  it("knows the configured address in another spelling", async () => {
    const settings = { access: "Bearer token-of-the-place" };
    const url = `HTTP://127.0.0.1:${receiver.port}/a/../hook#part`;
    await expect(call({ payload: {}, url }, settings).run()).resolves.toMatchObject({ isSigned: true });
    expect(received[0]?.headers.authorization).toBe("Bearer token-of-the-place");
  });

  it("shows configured headers and the access to the configured address alone", async () => {
    const settings = { access: "Bearer token-of-the-place", headers: { "x-team": "blue" } };
    await call({ payload: {}, headers: { Authorization: "Bearer other" } }, settings).run();
    await call({ payload: {}, url: `http://127.0.0.1:${other.port}/hook` }, settings).run();
    await call({ payload: {} }, { ...settings, accessHeader: "X-Api-Key" }).run();
    expect(received.map(({ headers }) => [headers.authorization, headers["x-api-key"], headers["x-team"]])).toEqual([
      ["Bearer token-of-the-place", undefined, "blue"],
      [undefined, undefined, undefined],
      [undefined, "Bearer token-of-the-place", "blue"],
    ]);
  });

  it("takes what lets somebody in only where it is sealed", () => {
    expect(webhookOut.secrets).toContain("access");
    for (const name of ["Authorization", "cookie", "X-Api-Key", "x-auth-token"])
      expect(webhookOut.config.safeParse({ headers: { [name]: "x" } }).success, name).toBe(false);
    expect(webhookOut.config.safeParse({ headers: { "x-team": "x", "x-keyboard": "x" } }).success).toBe(true);
    expect(webhookOut.config.safeParse({ accessHeader: "content-type" }).success).toBe(false);
  });

  it("refuses headers that would forge a signature or begin another header", () => {
    for (const headers of [
      { "Webhook-Signature": "v1,x" },
      { "Idempotency-Key": "x" },
      { "X-Test": "a\r\nX-Other: b" },
      { "X Test": "a" },
    ]) {
      expect(post.input.safeParse({ payload: {}, headers }).success).toBe(false);
      expect(webhookOut.config.safeParse({ headers }).success).toBe(false);
    }
  });

  it("wants exactly one of payload and text, and an address", async () => {
    expect(post.input.safeParse({}).success).toBe(false);
    expect(post.input.safeParse({ payload: 1, text: "a" }).success).toBe(false);
    await expect(call({ payload: 1 }, { url: undefined }).run()).rejects.toMatchObject({
      gatewayCode: "invalid_params",
    });
  });

  it("is refused by the guard where the configuration names nothing inside", async () => {
    const { run } = call({ payload: 1, url: "http://169.254.169.254/" }, {}, { insides: [] });
    await expect(run()).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  });
});

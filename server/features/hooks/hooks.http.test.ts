import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { HookInput } from "../../../contract/features/hooks.ts";
import { systemClock, type Clock } from "../../../lib/clock.ts";
import { until } from "../../../lib/testing/temporary-folder.ts";
import { startTestApp, type TestApp } from "../../testing/test-app.ts";
import { signMessage } from "./signatures.ts";

let app: TestApp;
let aheadMs = 0;
const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };

beforeEach(async () => {
  aheadMs = 0;
  app = await startTestApp({ clock });
});
afterEach(() => app.end());

async function restart(): Promise<void> {
  await app.stop();
  app = await startTestApp({ directory: join(app.env.dataDir, ".."), clock });
}

type Made = { id: string; kind: HookInput["kind"]; secret: string };

async function make(kind: HookInput["kind"], more: Partial<HookInput> = {}): Promise<Made> {
  const { hook, secret } = await app.call("hooks.create", { body: { name: `Of ${kind}`, kind, ...more } });
  return { id: hook.id, kind, secret: secret ?? "" };
}

function signed(hook: Made, body: string, id = "m-1"): Record<string, string> {
  const rules = { kind: hook.kind, tokenHeader: "x-webhook-token" };
  return signMessage(Buffer.from(body), rules, hook.secret, { nowMs: clock.now(), id });
}

async function post(hook: Pick<Made, "id">, body: string, headers: Record<string, string>) {
  const response = await fetch(`${app.base}/api/hooks/${hook.id}`, { method: "POST", body, headers });
  const json = (await response.json()) as { verdict?: string; challenge?: string; error?: { code: string } };
  return { status: response.status, ...json };
}

const listed = async () => (await app.call("hooks.deliveries", { query: {} })).items;

test("the secret is shown once, sealed on disk and never again in a reply", async () => {
  const { id, secret } = await make("standard");
  expect(secret).toMatch(/^whsec_/);
  expect(id).toMatch(/^hk-[0-9a-f]{40}$/);
  expect(await readFile(join(app.env.dataDir, "hooks.json"), "utf8")).not.toContain(secret);
  const { hooks } = await app.call("hooks.list", {});
  expect(JSON.stringify(hooks)).not.toContain(secret);
  expect(hooks).toMatchObject([{ id, secret: { isSet: true } }]);
  const given = await app.call("hooks.create", { body: { name: "Own", kind: "slack", secret: "0123456789abcdef" } });
  expect(given.secret).toBeNull();
  await expect(
    app.call("hooks.create", { body: { name: "Bad", kind: "standard", secret: "not base64!" } }),
  ).rejects.toMatchObject({ status: 400 });
});

function create(tokenHeader: string) {
  return app.call("hooks.create", { body: { name: "Token", kind: "token", tokenHeader } });
}

test("a token stands in a header its sender chooses, not in one everybody sends", async () => {
  for (const name of ["host", "Cookie", "content-length", "user-agent", "x-forwarded-for", "sec-fetch-site"])
    await expect(create(name), name).rejects.toMatchObject({ status: 400 });
  for (const name of ["authorization", "x-gitlab-token"])
    expect((await create(name)).hook.tokenHeader, name).toBe(name);
});

test.each(["github", "slack", "stripe", "standard", "token"] as const)(
  "%s: a signed message of any type is taken and kept as it came; a forged one is refused",
  async (kind) => {
    const hook = await make(kind);
    const body = '{"type":"order.paid",  "note":"ünï\\u0000" }';
    const headers = { ...signed(hook, body), "content-type": "text/plain", cookie: "a=b", "x-note": "hello" };
    expect(await post(hook, body, headers)).toMatchObject({ status: 200, verdict: "accepted" });
    expect(await post(hook, `${body} `, { ...headers, "x-webhook-token": "wrong" })).toMatchObject({ status: 403 });

    const [refused, taken] = await listed();
    expect(refused).toMatchObject({ verdict: "refused", reason: "bad_signature" });
    expect(taken).toMatchObject({ verdict: "accepted", event: kind === "github" ? "ping" : "order.paid" });
    const kept = await app.call("hooks.delivery", { params: { id: taken?.id ?? "" } });
    expect(kept.text).toBe(body);
    expect(kept.headers).toContainEqual({ name: "x-note", value: "hello" });
    expect(kept.headers).toContainEqual({ name: "cookie", value: "[redacted]" });
    expect(JSON.stringify(kept.headers)).not.toContain(hook.secret);
    expect((await app.call("hooks.delivery", { params: { id: refused?.id ?? "" } })).text).toBeNull();
  },
);

describe("replay", () => {
  test.each(["github", "slack", "stripe", "standard"] as const)(
    "%s: exactly the same message is refused, after a restart too",
    async (kind) => {
      const hook = await make(kind);
      const headers = signed(hook, "{}");
      expect(await post(hook, "{}", headers)).toMatchObject({ status: 200 });
      expect(await post(hook, "{}", { ...headers, "x-github-delivery": "other" })).toMatchObject({ status: 409 });
      await restart();
      expect(await post(hook, "{}", headers)).toMatchObject({ status: 409, error: { code: "conflict" } });
      expect((await listed()).map(({ reason }) => reason)).toEqual(["replay", "replay", null]);
    },
  );

  test("of many that come at once one is taken", async () => {
    const hook = await make("standard");
    const headers = signed(hook, "{}");
    const replies = await Promise.all(Array.from({ length: 12 }, () => post(hook, "{}", headers)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(11);
  });

  test("a message its sender repeats, signed anew, is answered well and handed on once", async () => {
    const hook = await make("standard");
    expect(await post(hook, "{}", signed(hook, "{}"))).toMatchObject({ verdict: "accepted" });
    aheadMs = 60_000;
    expect(await post(hook, "{}", signed(hook, "{}"))).toMatchObject({ status: 200, verdict: "repeated" });
    await restart();
    aheadMs = 120_000;
    expect(await post(hook, "{}", signed(hook, "{}"))).toMatchObject({ status: 200, verdict: "repeated" });
  });

  test("what was signed too long ago is refused", async () => {
    const hook = await make("stripe");
    const headers = signed(hook, "{}");
    aheadMs = 400_000;
    expect(await post(hook, "{}", headers)).toMatchObject({ status: 403 });
    expect(await listed()).toMatchObject([{ reason: "too_old" }]);
  });
});

describe("who comes this far", () => {
  test("a page in a browser is no sender, whatever it signs", async () => {
    const hook = await make("token");
    const headers = signed(hook, "{}");
    expect(await post(hook, "{}", { ...headers, origin: app.base })).toMatchObject({ status: 403 });
    expect(await post(hook, "{}", { ...headers, "sec-fetch-site": "same-origin" })).toMatchObject({ status: 403 });
    expect((await listed()).map(({ reason }) => reason)).toEqual(["browser", "browser"]);
  });

  test("the gate stands before it as before everything: other origins, hosts and Funnel never reach it", async () => {
    const hook = await make("token");
    const headers = signed(hook, "{}");
    expect(await post(hook, "{}", { ...headers, origin: "https://evil.example" })).toMatchObject({ status: 403 });
    expect(await post(hook, "{}", { ...headers, "sec-fetch-site": "cross-site" })).toMatchObject({ status: 403 });
    expect(await post(hook, "{}", { ...headers, "tailscale-funnel-request": "?1" })).toMatchObject({ status: 403 });
    expect(await listed()).toEqual([]);
  });

  test("other endpoints take JSON only, as before", async () => {
    const response = await fetch(`${app.base}/api/hooks`, {
      method: "POST",
      body: "x",
      headers: { "content-type": "text/plain" },
    });
    expect(response.status).toBe(415);
  });

  test("an unknown address and one that is off are not told apart", async () => {
    const hook = await make("token", { isEnabled: false });
    const unknown = { id: hook.id.replace(/.$/, hook.id.endsWith("0") ? "1" : "0") };
    expect(await post(unknown, "{}", signed(hook, "{}"))).toMatchObject({ status: 404 });
    expect(await post(hook, "{}", signed(hook, "{}"))).toMatchObject({ status: 404 });
    expect(await listed()).toMatchObject([{ reason: "disabled" }]);
  });
});

test("too large and too many are refused; of too many one a minute is listed", async () => {
  const hook = await make("token", { maxBodyBytes: 1_024, perMinute: 2 });
  expect(await post(hook, "x".repeat(1_025), signed(hook, ""))).toMatchObject({ status: 413 });
  expect(await post(hook, "x".repeat(1_024), signed(hook, ""))).toMatchObject({ status: 200 });
  for (let count = 0; count < 3; count += 1)
    expect(await post(hook, "x", signed(hook, "x"))).toMatchObject({ status: 429 });
  expect((await listed()).map(({ reason }) => reason)).toEqual(["rate", null, "too_large"]);
});

test("Slack's question for a new address is answered", async () => {
  const hook = await make("slack");
  const body = JSON.stringify({ type: "url_verification", challenge: "c-1", token: "x" });
  expect(await post(hook, body, signed(hook, body))).toMatchObject({ status: 200, challenge: "c-1" });
});

test("after a change both secrets count, until the new one was used", async () => {
  const hook = await make("standard");
  const { secret } = await app.call("hooks.changeSecret", { params: { id: hook.id }, body: {} });
  const changed = { ...hook, secret: secret ?? "" };
  expect(await post(hook, "{}", signed(hook, "{}", "a"))).toMatchObject({ status: 200 });
  expect(await post(hook, "{}", signed(changed, "{}", "b"))).toMatchObject({ status: 200 });
  expect(await post(hook, "{}", signed(hook, "{}", "c"))).toMatchObject({ status: 403 });
  expect((await app.call("hooks.list", {})).hooks[0]?.hasFormerSecret).toBe(false);
  await app.call("hooks.remove", { params: { id: hook.id } });
  expect(await post(hook, "{}", signed(changed, "{}", "d"))).toMatchObject({ status: 404 });
});

test("a message starts the automation of its webhook once; one that is off is listed as skipped", async () => {
  const { automation } = await app.call("automations.create", {
    body: {
      name: "On push",
      schedule: { kind: "once", at: "2099-01-01T00:00", zone: "UTC" },
      action: { kind: "command", command: { kind: "arguments", arguments: ["true"] }, folder: "/" },
    },
  });
  const hook = await make("standard", { automationId: automation.id });
  const rows = async () => (await app.call("automations.occurrences", { query: { trigger: "webhook" } })).items;
  await post(hook, "{}", signed(hook, "{}", "one"));
  await until(async () => (await rows()).length === 1);
  expect(await rows()).toMatchObject([{ state: "skipped", who: "Of standard", reason: "The automation is off" }]);
  await app.call("automations.enable", { params: { id: automation.id } });
  await post(hook, "{}", signed(hook, "{}", "two"));
  aheadMs = 1_000;
  await post(hook, "{}", signed(hook, "{}", "two"));
  await until(async () => (await rows()).length === 2);
  expect((await rows()).map(({ state }) => state)).not.toEqual(["skipped", "skipped"]);
});

test("what was accepted just before the server ended starts its automation after the next start, and only once", async () => {
  const { automation } = await app.call("automations.create", {
    body: {
      name: "On push",
      schedule: { kind: "once", at: "2099-01-01T00:00", zone: "UTC" },
      action: { kind: "command", command: { kind: "arguments", arguments: ["true"] }, folder: "/" },
    },
  });
  const hook = await make("standard", { automationId: automation.id });
  const slack = await make("slack", { automationId: automation.id });
  const question = '{"type":"url_verification","challenge":"c"}';
  await post(slack, question, signed(slack, question));
  await post(hook, "{}", signed(hook, "{}", "one"));
  const rows = async () => (await app.call("automations.occurrences", { query: {} })).items;
  await until(async () => (await rows()).length === 1);
  const [before] = await rows();
  await restart();
  expect(await rows()).toEqual([before]);
  await app.stop();
  // As if it had ended between the two.
  for (const folder of ["automations/ledger", "events"]) await rm(join(app.env.dataDir, folder), { recursive: true });
  app = await startTestApp({ directory: join(app.env.dataDir, ".."), clock });
  await until(async () => (await rows()).length === 1);
  expect(await rows()).toMatchObject([{ id: before?.id, trigger: "webhook", who: "Of standard" }]);
});

test("a test goes the way of a real message, is marked, and starts nothing unless asked to", async () => {
  for (const kind of ["github", "slack", "stripe", "standard", "token"] as const) {
    const hook = await make(kind);
    expect(await app.call("hooks.test", { params: { id: hook.id }, body: {} })).toMatchObject({
      verdict: "accepted",
      isTest: true,
    });
    expect((await app.call("hooks.list", {})).hooks.find(({ id }) => id === hook.id)?.lastDelivery).toMatchObject({
      isTest: true,
    });
  }
});

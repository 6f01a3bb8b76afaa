import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { McpConnectorInput } from "../../../../contract/features/mcp-connectors.ts";
import { redact } from "../../../../lib/redact.ts";
import { startSignedServer } from "../../../connectors/custom/mcp/testing/signed-server.ts";
import { failureOf, follow, wayBack, startSignedKit, type SignedKit } from "./testing/signed-kit.ts";

let kit: SignedKit;
const id = "counter";
const params = { id };

beforeEach(async () => {
  kit = await startSignedKit();
});
afterEach(() => kit.stop());

test("a token is renewed before it ends, by one call for all, and what comes then is kept over a restart", async () => {
  await kit.add();
  kit.authorization.lasts = 30;
  await kit.signIn();
  await kit.acceptAll();
  const before = kit.renewals();
  kit.authorization.slowMs = 100;
  kit.authorization.lasts = 3_600;
  await Promise.all([kit.count(), kit.count(), kit.count(), kit.count()]);
  expect(kit.renewals() - before).toBe(1);
  await kit.restart();
  await kit.count();
  expect(kit.renewals() - before).toBe(1);
  kit.passed.ms = 2 * 3_600_000;
  await kit.count();
  expect(kit.renewals() - before).toBe(2);
  expect(await kit.state()).toMatchObject({ state: "active" });
});

test("tokens that were replaced twice, and what a sign-in went by, are not looked for any more", async () => {
  await kit.add();
  kit.authorization.lasts = 30;
  const page = new URL(await kit.begin());
  const state = page.searchParams.get("state") ?? "";
  const back = await wayBack(page.href);
  const code = new URL(back).searchParams.get("code") ?? "";
  expect(redact(`${state} in the text`)).toBe("[redacted] in the text");
  await follow(back);
  for (const gone of [state, code]) expect(redact(`${gone} in the text`)).toBe(`${gone} in the text`);
  await kit.acceptAll();
  for (let call = 0; call < 3; call += 1) await kit.count();
  const tokens = kit.authorization.given.filter((one) => one !== code);
  expect(tokens.length).toBeGreaterThanOrEqual(6);
  for (const token of tokens.slice(-4)) expect(redact(`${token} in the text`)).toBe("[redacted] in the text");
  for (const token of tokens.slice(0, -4)) expect(redact(`${token} in the text`)).toBe(`${token} in the text`);
});

test("a token that is refused is renewed once and what was asked is asked again, in the same conversation", async () => {
  await kit.add();
  await kit.signIn();
  await kit.acceptAll();
  expect(await kit.count()).toBe("1");
  kit.authorization.access.clear();
  expect(await kit.count()).toBe("2");
  expect(kit.renewals()).toBe(1);
  const { items } = await kit.app.call("evidence.list", { query: { connector: id } });
  expect(items.filter(({ operation }) => operation === "sign-in: renew")).toMatchObject([
    { outcome: "done", caller: { kind: "system" } },
  ]);
});

test("a sign-in that was taken back is told, holds calls back, and is mended by the next one", async () => {
  await kit.add();
  await kit.signIn();
  await kit.acceptAll();
  kit.authorization.access.clear();
  kit.authorization.refresh.clear();
  expect((await failureOf(kit.count())).message).toContain("has ended");
  expect(await kit.state()).toMatchObject({
    state: "expired",
    problem: expect.stringContaining("invalid_grant") as string,
  });
  expect(await kit.warnings()).toMatchObject([{ link: "/connectors/counter", needsYou: true }]);
  const asked = kit.authorization.asked.length;
  expect(await failureOf(kit.count())).toMatchObject({ reason: "not_configured" });
  expect(kit.authorization.asked).toHaveLength(asked);
  await kit.signIn();
  expect(await kit.state()).toMatchObject({ state: "active" });
  expect(await kit.warnings()).toEqual([]);
  expect(await kit.count()).toBe("1");
});

test("a fresh token that is refused as well ends the sign-in; one that cannot be renewed just now does not", async () => {
  await kit.add();
  await kit.signIn();
  await kit.acceptAll();
  kit.authorization.metadata = {};
  const { refusal } = kit.server;
  kit.server.refusal = () => ({ status: 401, challenge: "Bearer" });
  expect((await failureOf(kit.count())).message).toContain("does not accept it any more");
  expect(kit.renewals()).toBe(1);
  kit.server.refusal = refusal;
  await kit.signIn();
  const { origin } = kit.authorization;
  await kit.authorization.stop();
  kit.authorization.access.clear();
  expect((await failureOf(kit.count())).reason).not.toBe("not_configured");
  expect(await kit.state()).toMatchObject({ state: "active" });
  expect(origin).toBe(kit.authorization.origin);
});

test("what is missing is said, and asked for the next time", async () => {
  await kit.add();
  await kit.signIn();
  await kit.acceptAll();
  const { refusal } = kit.server;
  kit.server.refusal = (header, method) =>
    method === "tools/call"
      ? { status: 403, challenge: 'Bearer error="insufficient_scope", scope="count admin"' }
      : (refusal?.(header, method) ?? null);
  expect((await failureOf(kit.count())).message).toBe("Counter asks for more rights: count admin");
  expect(await kit.state()).toMatchObject({ state: "active", problem: "It asks for more rights: count admin" });
  expect(new URL(await kit.begin()).searchParams.get("scope")).toBe("count read admin");
});

test("what is missing is said behind a renewal as well, and written down once", async () => {
  await kit.add();
  await kit.signIn();
  await kit.acceptAll();
  const { refusal } = kit.server;
  kit.server.refusal = (header, method) =>
    refusal?.(header, method) ??
    (method === "tools/call" ? { status: 403, challenge: 'Bearer error="insufficient_scope", scope="admin"' } : null);
  kit.authorization.access.clear();
  expect((await failureOf(kit.count())).message).toBe("Counter asks for more rights: admin");
  expect(kit.renewals()).toBe(1);
  const file = join(kit.folder, "data/connectors.json");
  const { ino } = await stat(file);
  expect((await failureOf(kit.count())).message).toBe("Counter asks for more rights: admin");
  expect((await stat(file)).ino).toBe(ino);
});

test("what was begun before a restart is ended after it, once", async () => {
  await kit.add();
  const back = await wayBack(await kit.begin());
  await kit.restart();
  expect((await follow(back)).text).toContain("Signed in to Counter");
  expect((await follow(back)).text).toContain("not known here");
});

test("a page that is loaded again after signing out does not say that one is signed in", async () => {
  await kit.add();
  const back = await wayBack(await kit.begin());
  await follow(back);
  await kit.app.call("mcpSignIn.signOut", { params: { id: "counter" } });
  expect((await follow(back)).text).toContain("<h1>Not signed in to Counter</h1>");
});

test("signing out forgets, and tells the other side", async () => {
  await kit.add();
  await kit.signIn();
  expect(await kit.app.call("mcpSignIn.signOut", { params })).toMatchObject({
    told: "done",
    connector: { signIn: { state: "needed" } },
  });
  expect(kit.authorization.refresh.size).toBe(0);
  expect(await readFile(join(kit.folder, "data/connectors.json"), "utf8")).toContain('"signIn": null');
  expect(await kit.app.call("mcpSignIn.signOut", { params })).toMatchObject({ told: "none" });
});

test("what a renewal brings after somebody has signed out is taken back as well", async () => {
  await kit.add();
  kit.authorization.lasts = 30;
  await kit.signIn();
  await kit.acceptAll();
  kit.authorization.lateMs = 300;
  const before = kit.renewals();
  const given = kit.authorization.given.length;
  const call = failureOf(kit.count());
  await expect.poll(() => kit.authorization.given.length).toBeGreaterThan(given);
  expect(await kit.app.call("mcpSignIn.signOut", { params })).toMatchObject({ told: "done" });
  expect(kit.authorization.refresh.size).toBe(1);
  expect(await call).toMatchObject({ reason: "not_configured" });
  expect(kit.renewals()).toBe(before + 1);
  expect(kit.authorization.refresh.size).toBe(0);
  expect(await kit.state()).toMatchObject({ state: "needed" });
});

test("who signs in anew takes nothing back: servers may end all that was agreed to with one token of it", async () => {
  await kit.add();
  await kit.signIn();
  await kit.signIn();
  expect(kit.authorization.asked).not.toContain("POST /revoke");
  await kit.acceptAll();
  expect(await kit.count()).toBe("1");
  expect(await kit.state()).toMatchObject({ state: "active" });
});

test("who leads elsewhere gets no token of the former place", async () => {
  await kit.add();
  await kit.signIn();
  const other = await startSignedServer(kit.authorization);
  const seen: unknown[] = [];
  other.refusal = (header) => {
    seen.push(header);
    return { status: 401, challenge: "Bearer" };
  };
  try {
    const base = kit.definition();
    const body = { ...base, server: { ...base.server, url: other.url } } as McpConnectorInput;
    await kit.app.call("mcpConnectors.update", { params, body });
    await kit.app.call("connectors.enable", { params });
    expect(await kit.state()).toMatchObject({ state: "needed" });
    expect(await failureOf(kit.app.call("mcpConnectors.refresh", { params }))).toMatchObject({
      reason: "not_configured",
    });
    expect(seen).toEqual([]);
  } finally {
    await other.stop();
  }
});

test("where programs do not register themselves a client id is asked for, and used with its secret", async () => {
  await kit.stop();
  kit = await startSignedKit({ canRegister: false });
  await kit.add();
  const offer = await kit.look();
  expect(offer.needsClientId).toBe(true);
  const refused = await failureOf(kit.app.call("mcpSignIn.begin", { params, body: { mark: offer.mark } }));
  expect(refused).toMatchObject({ code: "conflict", hint: expect.stringContaining(offer.redirectUri) as string });
  kit.authorization.clients.set("portos-here", {
    client_id: "portos-here",
    client_secret: "a-secret-of-the-client",
    redirect_uris: [offer.redirectUri],
  });
  const body = kit.definition({ kind: "oauth", clientId: "portos-here", clientSecret: "clientSecret" });
  await kit.app.call("mcpConnectors.update", { params, body });
  await kit.app.call("connectors.putConfig", { params, body: { config: { clientSecret: "a-secret-of-the-client" } } });
  await kit.app.call("connectors.enable", { params });
  expect(await kit.look()).toMatchObject({ needsClientId: false });
  await kit.signIn();
  await kit.acceptAll();
  expect(await kit.count()).toBe("1");
});

test.each([
  ["the name of a variable of ours", { access_token: "env:PATH" }],
  ["a second line of a header", { access_token: "a-token-that-is\r\nx-evil: 1" }],
  ["longer than any that is needed", { access_token: "a".repeat(4_001) }],
  ["of another kind", { token_type: "mac" }],
  ["nothing worth the name", { refresh_token: "the" }],
])("a token that is %s is not kept", async (_what, gives) => {
  await kit.add();
  kit.authorization.gives = gives;
  const { text } = await follow(await wayBack(await kit.begin()));
  expect(text).toContain("Not signed in to Counter");
  expect(await kit.state()).toMatchObject({ state: "needed" });
});

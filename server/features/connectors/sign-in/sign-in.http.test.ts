import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { connectorPolicySchema } from "../../../../contract/features/connectors.ts";
import { startAuthorizationServer } from "../../../connectors/custom/mcp/testing/signed-server.ts";
import { failureOf, follow, wayBack, startSignedKit, type SignedKit } from "./testing/signed-kit.ts";

let kit: SignedKit;
const id = "counter";
const params = { id };

beforeEach(async () => {
  kit = await startSignedKit();
});
afterEach(() => kit.stop());

const setPolicy = (policy: object) =>
  kit.app.call("connectors.putPolicy", { params, body: connectorPolicySchema.parse(policy) });

test("a server that wants a sign-in is found, added, signed in to and called; its tokens are told nowhere", async () => {
  const looked = await kit.app.call("mcpConnectors.look", {
    body: { definition: kit.definition({ kind: "none" }), values: {} },
  });
  const host = new URL(kit.authorization.origin).host;
  expect(looked).toMatchObject({
    tools: [],
    signIn: { host, otherHosts: [], scopes: ["count", "read"], needsClientId: false },
  });
  await kit.add();
  expect(await kit.state()).toMatchObject({ state: "needed", host: null });
  expect(await failureOf(kit.app.call("mcpConnectors.refresh", { params }))).toMatchObject({
    reason: "not_configured",
    message: "Counter needs you to sign in",
  });
  expect(kit.authorization.asked.filter((one) => one.startsWith("POST"))).toEqual([]);
  const page = new URL(await kit.begin());
  expect(page.origin).toBe(kit.authorization.origin);
  expect(Object.fromEntries(page.searchParams)).toMatchObject({
    response_type: "code",
    code_challenge_method: "S256",
    redirect_uri: `${kit.app.base}/api/mcp-connectors/counter/sign-in/callback`,
    resource: kit.server.url,
    scope: "count read",
  });
  expect([...kit.authorization.clients.values()]).toMatchObject([
    {
      client_name: "PortOS",
      redirect_uris: [page.searchParams.get("redirect_uri")],
      token_endpoint_auth_method: "none",
    },
  ]);
  const back = await wayBack(page.href);
  const done = await follow(back);
  expect(done.text).toContain('href="/connectors/counter"');
  expect(await kit.state()).toMatchObject({ state: "active", host, scope: "count read", problem: null });
  await kit.acceptAll();
  expect(await kit.count()).toBe("1");
  expect(await kit.count()).toBe("2");
  const { items } = await kit.app.call("evidence.list", { query: { connector: id } });
  expect(
    items
      .map(({ operation }) => operation)
      .filter((name) => name.startsWith("sign-in"))
      .toReversed(),
  ).toEqual(["sign-in: look", "sign-in: look", "sign-in: look", "sign-in: register", "sign-in: token"]);
  const redeemed = items.find(({ operation }) => operation === "sign-in: token");
  expect(redeemed).toMatchObject({ outcome: "done", caller: { kind: "person" }, targets: [kit.authorization.origin] });
  const told = JSON.stringify([
    items,
    await kit.app.call("connectors.get", { params }),
    await kit.app.call("connectors.list", {}),
    await kit.app.call("mcpConnectors.tools", { params }),
    await kit.app.call("history.list", { query: {} }),
    await readFile(join(kit.folder, "data/connectors.json"), "utf8"),
    await readFile(join(kit.folder, "data/connectors/counter.json"), "utf8"),
    done.text,
  ]);
  expect(kit.authorization.given).toHaveLength(3);
  for (const secret of [...kit.authorization.given, page.searchParams.get("state") ?? ""])
    expect(told).not.toContain(secret);
});

test("a way back counts once, only with its state, only where it was begun, and only for ten minutes", async () => {
  await kit.add();
  const back = await wayBack(await kit.begin());
  const wrong = new URL(back);
  wrong.searchParams.set("state", "somebody-else");
  expect((await follow(wrong.href)).text).toContain("not known here, or was used already");
  expect((await follow(back)).text).toContain("<h1>Signed in to Counter</h1>");
  // Phones load tabs again by themselves.
  for (const again of [back, wrong.href]) {
    const { text } = await follow(again);
    expect(text).toContain("<h1>Signed in to Counter already</h1>");
    expect(text).toContain("nothing was changed");
  }
  expect(kit.authorization.asked.filter((one) => one.startsWith("POST /token"))).toEqual([
    "POST /token authorization_code",
  ]);
  const port = new URL(kit.app.base).port;
  const elsewhere = await follow(await wayBack(await kit.begin()), { host: `localhost:${port}` });
  expect(elsewhere.text).toContain(`You began at 127.0.0.1:${port} and came back to localhost:${port}.`);
  const late = await wayBack(await kit.begin());
  kit.passed.ms = 11 * 60_000;
  expect((await follow(late)).text).toContain("longer than ten minutes");
  expect(kit.authorization.asked.filter((one) => one.startsWith("POST /token"))).toHaveLength(1);
});

test("other sites may open this one page and nothing else, and not as a part of theirs", async () => {
  await kit.add();
  const back = await wayBack(await kit.begin());
  const { pathname, search } = new URL(back);
  const ask = (path: string, headers = {}) => follow(`${kit.app.base}${path}`, headers).then(({ status }) => status);
  expect(await ask("/api/mcp-connectors/counter/tools")).toBe(403);
  expect(await ask(`${pathname}/more${search}`)).toBe(403);
  expect(await ask(pathname + search, { "sec-fetch-dest": "iframe" })).toBe(403);
  expect(await ask(pathname + search, { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" })).toBe(403);
  expect(await ask(pathname + search, { origin: "https://evil.example" })).toBe(403);
  expect(await ask(pathname + search, { host: "evil.example" })).toBe(403);
  expect((await follow(back)).text).toContain("Signed in to Counter");
});

test("an answer of somebody who was not asked is not used", async () => {
  await kit.add();
  kit.authorization.metadata = { authorization_response_iss_parameter_supported: true };
  expect((await follow(await wayBack(await kit.begin()))).text).toContain("was not used");
  kit.authorization.says = { iss: "https://auth.evil.example" };
  expect((await follow(await wayBack(await kit.begin()))).text).toContain("was not used");
  kit.authorization.metadata = {};
  expect((await follow(await wayBack(await kit.begin()))).text).toContain("was not used");
  expect(kit.authorization.asked.filter((one) => one.startsWith("POST /token"))).toEqual([]);
  kit.authorization.metadata = { authorization_response_iss_parameter_supported: true };
  kit.authorization.says = { iss: kit.authorization.origin };
  await kit.signIn();
});

test("a server inside leads to no other host inside, unless the policy names that place", async () => {
  await kit.add();
  const path = "/.well-known/oauth-protected-resource/mcp";
  const other = kit.authorization.origin.replace("127.0.0.1", "localhost");
  kit.server.documents[path] = { resource: kit.server.url, authorization_servers: [other] };
  kit.authorization.metadata = { issuer: other };
  const before = kit.authorization.asked.length;
  expect(await failureOf(kit.look())).toMatchObject({ reason: "refused_by_guard" });
  expect(kit.authorization.asked).toHaveLength(before);
  kit.authorization.metadata = { issuer: other, authorization_endpoint: `${other}/authorize` };
  await setPolicy({ insides: [new URL(other).host] });
  expect(await kit.look()).toMatchObject({ host: new URL(other).host });
});

test("while the gateway lets out only what changes nothing, nothing is registered, redeemed or taken back", async () => {
  await kit.add();
  const setMode = (mode: "read-only" | "online") => kit.app.call("connectors.setMode", { body: { mode } });
  await setMode("read-only");
  expect(await failureOf(kit.begin())).toMatchObject({ reason: "offline" });
  expect(kit.authorization.clients.size).toBe(0);
  await setMode("online");
  const back = await wayBack(await kit.begin());
  await setMode("read-only");
  expect((await follow(back)).text).toContain("lets out only what changes nothing");
  expect(kit.authorization.asked.filter((one) => one.startsWith("POST /token"))).toEqual([]);
  await setMode("online");
  await kit.signIn();
  await setMode("read-only");
  expect(await kit.app.call("mcpSignIn.signOut", { params })).toMatchObject({ told: "failed" });
  expect(kit.authorization.asked).not.toContain("POST /revoke");
});

test("who denies access reads so, with nothing of the page's words taken for ours", async () => {
  await kit.add();
  kit.authorization.answer = "deny";
  const { text } = await follow(await wayBack(await kit.begin()));
  expect(text).toContain("Access was denied on the page of");
  expect(text).toContain("The user &lt;b&gt;said&lt;/b&gt; no");
  expect(await kit.state()).toMatchObject({ state: "needed" });
});

test.each([
  ["says that it is somebody else", { issuer: "https://auth.evil.example" }, "says that it is auth.evil.example"],
  ["has a page that is not https", { authorization_endpoint: "http://auth.example.com/a" }, "is not https"],
  ["wants secrets over http", { token_endpoint: "http://auth.example.com/t" }, "over http"],
  ["says nothing about PKCE", { code_challenge_methods_supported: undefined }, "PKCE"],
  ["cannot do PKCE", { code_challenge_methods_supported: ["plain"] }, "PKCE"],
])("who %s is not signed in to", async (_what, metadata, words) => {
  await kit.add();
  kit.authorization.metadata = metadata;
  expect((await failureOf(kit.look())).message).toContain(words);
});

test("neither the panel itself nor what is for another server can be a place to sign in", async () => {
  await kit.add();
  kit.authorization.metadata = { authorization_endpoint: `${kit.app.base}/api/connectors` };
  expect((await failureOf(kit.look())).message).toContain("belongs to PortOS itself");
  kit.authorization.metadata = {};
  const path = "/.well-known/oauth-protected-resource/mcp";
  kit.server.documents[path] = { resource: kit.server.url, authorization_servers: [kit.app.base] };
  expect(await failureOf(kit.look())).toMatchObject({ reason: "refused_by_guard" });
  kit.server.documents[path] = {
    resource: "https://other.example/mcp",
    authorization_servers: [kit.authorization.origin],
  };
  expect((await failureOf(kit.look())).message).toContain("is for other.example, not for it");
});

test("signing in goes where the user was shown, though the policy names other domains, and not where it blocks", async () => {
  await kit.add();
  const { mark } = await kit.look();
  const second = await startAuthorizationServer();
  try {
    kit.authorization.metadata = { token_endpoint: `${second.origin}/token` };
    expect(await failureOf(kit.app.call("mcpSignIn.begin", { params, body: { mark } }))).toMatchObject({
      code: "conflict",
    });
    expect((await kit.look()).otherHosts).toEqual([new URL(second.origin).host]);
    expect(kit.authorization.clients.size).toBe(0);
  } finally {
    await second.stop();
  }
  kit.authorization.metadata = {};
  await setPolicy({ allowedDomains: [new URL(kit.server.url).host] });
  await kit.signIn();
  await setPolicy({ blockedDomains: [new URL(kit.authorization.origin).host] });
  expect(await failureOf(kit.look())).toMatchObject({ reason: "refused_by_guard" });
});

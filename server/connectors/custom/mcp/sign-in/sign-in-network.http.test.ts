import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import { connectorPolicySchema } from "../../../../../contract/features/connectors.ts";
import { createCircuitBreaker } from "../../../../../lib/circuit-breaker.ts";
import { systemClock } from "../../../../../lib/clock.ts";
import { createCallPath } from "../../../framework/call-path.ts";
import { createCallTrace } from "../../../framework/call-trace.ts";
import { createPolicyJudge } from "../../../framework/policy.ts";
import { redeemCode, registerPortos, renewTokens } from "./ask-for-tokens.ts";
import { discoverSignIn } from "./discover-sign-in.ts";
import { checkPage, signInNetwork, type SignInSubject } from "./sign-in-network.ts";
import type { SignInPlace } from "./sign-in-place.ts";

let server: Server;
let origin: string;
let asked: number;
/** Where the server sends on to, and how. */
let sendsOn: { status: number; to: string } | null;

beforeEach(async () => {
  asked = 0;
  sendsOn = null;
  server = createServer((request, response) => {
    asked += 1;
    if (sendsOn === null || request.url === "/there") response.end("{}");
    else response.writeHead(sendsOn.status, { location: sendsOn.to }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function subject(isInside: boolean, policy: object = {}): SignInSubject {
  const whole = connectorPolicySchema.parse(policy);
  const connector = { id: "x", title: "X", description: "", config: z.object({}), secrets: [], operations: {} };
  return { connector, config: {}, policy: whole, judge: createPolicyJudge(whole), mayBeInside: () => isInside };
}

const resolve = () => Promise.resolve(["127.0.0.1"]);

function parts() {
  return {
    path: createCallPath(systemClock),
    trace: createCallTrace(),
    idempotencyKey: null,
    signal: undefined,
    breaker: createCircuitBreaker({ clock: systemClock }),
    clock: systemClock,
    ownPorts: [],
    resolve,
  };
}

const get = (of: SignInSubject, origins: string[], address = `${origin}/token`) =>
  signInNetwork(of, parts(), { origins, work: async (forward) => (await forward(address)).status });

test("a server outside cannot lead inside: neither by an address, nor by a name, nor where the policy lets calls go", async () => {
  const { port, host } = new URL(origin);
  await expect(get(subject(false), [origin])).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  await expect(get(subject(false, { insides: [host] }), [origin])).rejects.toMatchObject({
    gatewayCode: "refused_by_guard",
  });
  const named = `http://auth.example.com:${port}`;
  const open = subject(false, { extraPorts: [Number(port)] });
  await expect(get(open, [named], `${named}/token`)).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  expect(asked).toBe(0);
  expect(await get(subject(true), [origin])).toBe(200);
});

test("only origins that were agreed to are called, also of a server inside", async () => {
  await expect(get(subject(true), ["https://auth.example.com"])).rejects.toMatchObject({
    message: `Signing in leads to ${origin}, which nobody has agreed to`,
  });
  expect(asked).toBe(0);
});

async function startOther(): Promise<{ origin: string; seen: string[]; stop(): Promise<unknown> }> {
  const seen: string[] = [];
  const other = createServer((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end("{}");
  });
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const at = `http://127.0.0.1:${String((other.address() as AddressInfo).port)}`;
  return { origin: at, seen, stop: () => new Promise((done) => other.close(done)) };
}

const place: SignInPlace = {
  issuer: "",
  server: "",
  authorize: "",
  token: "",
  register: null,
  revoke: null,
  methods: ["none"],
  resource: null,
  scope: null,
  namesItself: false,
};

test.each([301, 302, 303, 307, 308])(
  "what is sent to sign in does not follow a redirect (%i): neither to another origin nor within its own",
  async (status) => {
    const other = await startOther();
    const at = { ...place, server: origin, token: `${origin}/token`, register: `${origin}/register` };
    const client = { id: "portos", secret: null, method: null };
    const post = (work: (forward: typeof fetch) => Promise<unknown>) =>
      signInNetwork(subject(true), parts(), { origins: [origin], work });
    try {
      for (const to of [`${other.origin}/token`, `${origin}/there`]) {
        sendsOn = { status, to };
        asked = 0;
        const refused = { gatewayCode: "refused_by_guard" };
        const code = { client, code: "a-code-of-it", verifier: "v".repeat(43), redirectUri: "https://portos.example/" };
        await expect(post((forward) => redeemCode({ place: at, forward }, code))).rejects.toMatchObject(refused);
        await expect(
          post((forward) => renewTokens({ place: at, forward }, { client, refresh: "a-refresh-token" })),
        ).rejects.toMatchObject(refused);
        await expect(
          post((forward) => registerPortos({ place: at, forward }, "https://portos.example/")),
        ).rejects.toMatchObject(refused);
        await expect(post((forward) => forward(at.token, { method: "POST", body: "a=1" }))).rejects.toMatchObject(
          refused,
        );
        expect(asked).toBe(4);
      }
      expect(other.seen).toEqual([]);
    } finally {
      await other.stop();
    }
  },
);

test("what is asked about signing in follows redirects to origins that were agreed to, and to no others", async () => {
  const other = await startOther();
  try {
    sendsOn = { status: 302, to: `${other.origin}/metadata` };
    await expect(get(subject(true), [origin])).rejects.toMatchObject({
      message: `Signing in leads to ${other.origin}, which nobody has agreed to`,
    });
    expect(other.seen).toEqual([]);
    expect(await get(subject(true), [origin, other.origin])).toBe(200);
    expect(other.seen).toEqual(["GET /metadata"]);
    sendsOn = { status: 301, to: "/there" };
    expect(await get(subject(true), [origin])).toBe(200);
    sendsOn = { status: 301, to: "/token" };
    await expect(get(subject(true), [origin])).rejects.toMatchObject({ gatewayCode: "upstream_failed" });
  } finally {
    await other.stop();
  }
});

const check = (page: string, isInside = false) => checkPage(page, subject(isInside), { ownPorts: [5555], resolve });

test("a page inside is not opened for a server outside, nor one without https", async () => {
  await expect(check(`${origin}/authorize`)).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  await expect(check("https://auth.example.com/authorize")).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  await expect(check("http://10.0.0.5/authorize", true)).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  await expect(check("http://localhost:5555/api/x", true)).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  await expect(check("https://me:secret@auth.example.com/", true)).rejects.toMatchObject({
    gatewayCode: "refused_by_guard",
  });
  await check(`${origin}/authorize`, true);
});

test("metadata of a server outside that points inside is not fetched", async () => {
  const of = subject(false);
  const outside = new URL("https://mcp.example.com/mcp");
  const discover = (challenge: string | null, metadata: unknown) =>
    discoverSignIn(outside, {
      scope: null,
      // What the server outside says is played; everything else goes through the guard.
      reach: (origins, work) => {
        const played: typeof fetch = (input) => {
          const url = new URL(input instanceof Request ? input.url : input);
          if (url.origin !== outside.origin) return get(of, [...origins], url.href).then(() => new Response("{}"));
          if (url.pathname !== "/mcp") return Promise.resolve(Response.json(metadata));
          const headers = challenge === null ? {} : { "www-authenticate": challenge };
          return Promise.resolve(new Response(null, { status: 401, headers }));
        };
        return work(played);
      },
    });
  const leads = discover(null, { resource: outside.href, authorization_servers: [origin] });
  await expect(leads).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  const points = discover(`Bearer resource_metadata="${origin}/metadata"`, {});
  await expect(points).rejects.toMatchObject({ gatewayCode: "refused_by_guard" });
  expect(asked).toBe(0);
});

import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import type { SignInState } from "../../../../../contract/features/connectors.ts";
import type { McpConnectorInput } from "../../../../../contract/features/mcp-connectors.ts";
import type { Notification } from "../../../../../contract/features/notifications.ts";
import type { Reply } from "../../../../../contract/endpoint.ts";
import type { mcpSignInEndpoints } from "../../../../../contract/features/mcp-sign-in.ts";
import { systemClock } from "../../../../../lib/clock.ts";
import type { HttpMcpServer } from "../../../../connectors/custom/mcp/testing/http-server.ts";
import {
  startAuthorizationServer,
  startSignedServer,
  type AuthorizationServer,
} from "../../../../connectors/custom/mcp/testing/signed-server.ts";
import { CallError, startTestApp, type TestApp } from "../../../../testing/test-app.ts";

type Auth = { kind: "none" } | { kind: "oauth"; clientId?: string; clientSecret?: string; scope?: string };

/** PortOS, an MCP server that wants a sign-in, and whoever lets people in there. */
export interface SignedKit {
  folder: string;
  app: TestApp;
  authorization: AuthorizationServer;
  server: HttpMcpServer;
  /** What PortOS believes to have passed. */
  passed: { ms: number };
  definition(auth?: Auth): McpConnectorInput;
  /** Adds the connector and turns it on. */
  add(auth?: Auth): Promise<void>;
  state(): Promise<SignInState | null>;
  look(): Promise<Reply<(typeof mcpSignInEndpoints)["look"]>>;
  /** Answers the page to open. */
  begin(): Promise<string>;
  signIn(): Promise<void>;
  acceptAll(): Promise<void>;
  /** Calls its tool; answers how often it was called. */
  count(): Promise<string>;
  warnings(): Promise<Notification[]>;
  renewals(): number;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const id = "counter";
const params = { id };

export async function startSignedKit(options: { canRegister?: boolean } = {}): Promise<SignedKit> {
  const folder = await mkdtemp(join(tmpdir(), "portos-sign-in-"));
  const authorization = await startAuthorizationServer(options);
  const server = await startSignedServer(authorization);
  const passed = { ms: 0 };
  const clock = { ...systemClock, now: () => systemClock.now() + passed.ms };
  const kit: SignedKit = {
    folder,
    authorization,
    server,
    passed,
    app: await startTestApp({ directory: folder, clock }),
    definition(auth = { kind: "oauth" }) {
      const field = auth.kind === "oauth" ? auth.clientSecret : undefined;
      const config = field === undefined ? [] : [{ name: field, title: "Client secret", isSecret: true }];
      const at = { kind: "http" as const, url: server.url, isInside: true, auth };
      return { kind: "mcp", id, title: "Counter", config, server: at };
    },
    async add(auth) {
      await kit.app.call("mcpConnectors.create", { body: { definition: kit.definition(auth) } });
      await kit.app.call("connectors.enable", { params });
    },
    state: async () => (await kit.app.call("connectors.get", { params })).signIn,
    look: () => kit.app.call("mcpSignIn.look", { params }),
    async begin() {
      const { mark } = await kit.look();
      return (await kit.app.call("mcpSignIn.begin", { params, body: { mark } })).url;
    },
    async signIn() {
      const { status, text } = await follow(await wayBack(await kit.begin()));
      expect([status, text]).toEqual([200, expect.stringContaining("Signed in to Counter")]);
    },
    async acceptAll() {
      const { tools } = await kit.app.call("mcpConnectors.refresh", { params });
      const taken = tools.map(({ tool, offered }) => ({ tool, hash: offered?.hash ?? "", effect: "read" as const }));
      await kit.app.call("mcpConnectors.accept", { params, body: { tools: taken } });
    },
    async count() {
      const call = { params: { id, operation: "count" }, body: { params: { by: 1 } } };
      return ((await kit.app.call("connectors.execute", call)).output as { text: string }).text;
    },
    warnings: async () =>
      (await kit.app.call("notifications.list", {})).filter(({ title }) => title === "Sign in to Counter again"),
    renewals: () => authorization.asked.filter((one) => one === "POST /token refresh_token").length,
    async restart() {
      const { port } = new URL(kit.app.base);
      await kit.app.stop();
      kit.app = await startTestApp({ directory: folder, clock, variables: { PORTOS_BASE_PORT: port } });
    },
    async stop() {
      await kit.app.stop();
      await server.stop();
      await authorization.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return kit;
}

/** As a browser that another site sends somewhere. */
export function follow(
  url: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string; to: string }> {
  const site = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers: site }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk: string) => {
        text += chunk;
      });
      reply.once("end", () => {
        resolve({ status: reply.statusCode ?? 0, text, to: reply.headers.location ?? "" });
      });
    });
    sent.once("error", reject);
    sent.end();
  });
}

/** Opens the page; answers where it sends the browser back to. */
export async function wayBack(page: string): Promise<string> {
  const { status, to } = await follow(page);
  expect(status).toBe(302);
  return to;
}

export async function failureOf(work: Promise<unknown>): Promise<CallError["details"]> {
  const failure = await work.catch((error: unknown) => error);
  if (failure instanceof CallError) return failure.details;
  throw new Error(`It did not fail: ${JSON.stringify(failure)}`);
}

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { InvalidGrantError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import type { OAuthServerProvider } from "@modelcontextprotocol/sdk/server/auth/provider.js";
import { mcpAuthRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import type { OAuthClientInformationFull, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import express from "express";

import { startHttpMcpServer, type HttpMcpServer } from "./http-server.ts";

interface Grant {
  clientId: string;
  challenge: string;
  redirectUri: string;
  resource: string;
  scopes: string[];
}

/** What lets people in: the authorization server of the official library, on loopback, with everything it has seen. */
export interface AuthorizationServer {
  origin: string;
  /** What the user does on its page. */
  answer: "allow" | "deny";
  /** Stands over what it says about itself. */
  metadata: Record<string, unknown>;
  /** Added to the way back. */
  says: Record<string, string>;
  /** Seconds an access token counts. */
  lasts: number;
  clients: Map<string, OAuthClientInformationFull>;
  /** Stands over the tokens it gives. */
  gives: Partial<OAuthTokens>;
  /** Tokens that count. */
  access: Map<string, Grant>;
  refresh: Map<string, Grant>;
  /** Every token it ever gave. */
  given: string[];
  /** Requests, in order: "POST /token refresh_token". */
  asked: string[];
  /** Milliseconds it takes to renew. */
  slowMs: number;
  /** Milliseconds until it tells what it has renewed. */
  lateMs: number;
  stop(): Promise<void>;
}

/** Starts one; `canRegister`: programs register themselves. */
export async function startAuthorizationServer({ canRegister = true } = {}): Promise<AuthorizationServer> {
  const app = express();
  const http = createServer(app);
  await new Promise<void>((resolve) => {
    http.listen(0, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}`;
  const codes = new Map<string, Grant>();
  const made: AuthorizationServer = {
    origin,
    answer: "allow",
    metadata: {},
    says: {},
    lasts: 3_600,
    clients: new Map(),
    gives: {},
    access: new Map(),
    refresh: new Map(),
    given: [],
    asked: [],
    slowMs: 0,
    lateMs: 0,
    async stop() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };

  function give(grant: Grant): OAuthTokens {
    const access = `access-${randomBytes(16).toString("hex")}`;
    const refresh = `refresh-${randomBytes(16).toString("hex")}`;
    made.access.set(access, grant);
    made.refresh.set(refresh, grant);
    made.given.push(access, refresh);
    const scope = grant.scopes.join(" ");
    const tokens = {
      access_token: access,
      token_type: "bearer",
      expires_in: made.lasts,
      refresh_token: refresh,
      scope,
    };
    return { ...tokens, ...made.gives };
  }

  const provider: OAuthServerProvider = {
    clientsStore: {
      getClient: (id) => made.clients.get(id),
      ...(canRegister
        ? {
            registerClient(client) {
              const whole = client as OAuthClientInformationFull;
              made.clients.set(whole.client_id, whole);
              return whole;
            },
          }
        : {}),
    },
    authorize(client, params, response) {
      const back = new URL(params.redirectUri);
      if (params.state !== undefined) back.searchParams.set("state", params.state);
      for (const [name, value] of Object.entries(made.says)) back.searchParams.set(name, value);
      if (made.answer === "deny") {
        back.searchParams.set("error", "access_denied");
        back.searchParams.set("error_description", "The user <b>said</b> no");
      } else {
        const code = `code-${randomBytes(16).toString("hex")}`;
        const { redirectUri, scopes = [], codeChallenge: challenge } = params;
        const resource = params.resource?.href ?? "";
        codes.set(code, { clientId: client.client_id, challenge, redirectUri, resource, scopes });
        made.given.push(code);
        back.searchParams.set("code", code);
      }
      response.redirect(302, back.href);
      return Promise.resolve();
    },
    challengeForAuthorizationCode(_client, code) {
      const grant = codes.get(code);
      if (grant === undefined) return Promise.reject(new InvalidGrantError("It is no code"));
      return Promise.resolve(grant.challenge);
    },
    exchangeAuthorizationCode(client, code, _verifier, redirectUri, resource) {
      const grant = codes.get(code);
      codes.delete(code);
      const isMeant = grant?.clientId === client.client_id && grant.redirectUri === redirectUri;
      if (!isMeant || grant.resource !== (resource?.href ?? "")) return Promise.reject(new InvalidGrantError("Not so"));
      return Promise.resolve(give(grant));
    },
    async exchangeRefreshToken(client, token) {
      await new Promise((resolve) => setTimeout(resolve, made.slowMs));
      const grant = made.refresh.get(token);
      made.refresh.delete(token);
      if (grant?.clientId !== client.client_id) throw new InvalidGrantError("It was used or taken back");
      const tokens = give(grant);
      await new Promise((resolve) => setTimeout(resolve, made.lateMs));
      return tokens;
    },
    verifyAccessToken: () => Promise.reject(new Error("Nobody asks")),
    revokeToken(_client, { token }) {
      made.access.delete(token);
      made.refresh.delete(token);
      return Promise.resolve();
    },
  };

  serve(app, made, { provider, canRegister });
  return made;
}

function serve(
  app: express.Express,
  made: AuthorizationServer,
  { provider, canRegister }: { provider: OAuthServerProvider; canRegister: boolean },
): void {
  const { origin } = made;
  const unlimited = { rateLimit: false } as const;
  app.use("/token", express.urlencoded({ extended: false }), (request, _response, next) => {
    const { grant_type: kind } = request.body as { grant_type?: string };
    made.asked.push(`${request.method} /token ${kind ?? ""}`);
    next();
  });
  app.use((request, _response, next) => {
    if (request.path !== "/token") made.asked.push(`${request.method} ${request.path}`);
    next();
  });
  app.get("/.well-known/oauth-authorization-server", (_request, response) => {
    response.json({
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      token_endpoint_auth_methods_supported: ["client_secret_post", "none"],
      revocation_endpoint: `${origin}/revoke`,
      ...(canRegister ? { registration_endpoint: `${origin}/register` } : {}),
      ...made.metadata,
    });
  });
  app.use(
    mcpAuthRouter({
      provider,
      issuerUrl: new URL(origin),
      authorizationOptions: unlimited,
      tokenOptions: unlimited,
      revocationOptions: unlimited,
      ...(canRegister ? { clientRegistrationOptions: unlimited } : {}),
    }),
  );
}

/** An MCP server that lets in only those with a token of this authorization server, made for it. */
export async function startSignedServer(authorization: AuthorizationServer): Promise<HttpMcpServer> {
  const server = await startHttpMcpServer();
  const { origin } = new URL(server.url);
  const metadata = `${origin}/.well-known/oauth-protected-resource/mcp`;
  server.documents["/.well-known/oauth-protected-resource/mcp"] = {
    resource: server.url,
    authorization_servers: [authorization.origin],
    scopes_supported: ["count", "read"],
  };
  server.refusal = (header) => {
    const grant = authorization.access.get(header?.replace(/^Bearer /, "") ?? "");
    if (grant?.resource === server.url) return null;
    return { status: 401, challenge: `Bearer error="invalid_token", resource_metadata="${metadata}"` };
  };
  return server;
}

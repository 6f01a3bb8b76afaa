import type {
  AuthorizationServerMetadata,
  OAuthProtectedResourceMetadata,
} from "@modelcontextprotocol/sdk/shared/auth.js";

import { GatewayError } from "../../../framework/gateway-error.ts";
import { isPrivateWay } from "./is-private-way.ts";
import type { SignInPlace } from "./sign-in-place.ts";

/** A way to these origins, for one step. */
export type SignInWork = <T>(origins: readonly string[], work: (forward: typeof fetch) => Promise<T>) => Promise<T>;

/** What a server says when it refuses somebody. */
export interface Challenge {
  metadata: URL | null;
  scope: string | null;
}

const largest = 2_000;

/**
 * Finds out where one signs in to a server, as the MCP specification says: the server names who lets people in (RFC 9728), who says how
 * (RFC 8414 or OpenID Connect). Everything said is checked against who said it. Throws `GatewayError`s in plain words.
 */
export async function discoverSignIn(
  address: URL,
  { reach, scope }: { reach: SignInWork; scope: string | null },
): Promise<SignInPlace> {
  const challenge = await reach([address.origin], (forward) => knock(address, forward));
  const resource = await resourceOf(address, challenge.metadata, reach);
  const server = resource?.authorization_servers?.[0] ?? new URL("/", address).href;
  const metadata = await serverMetadata(server, reach);
  const wanted = scope ?? challenge.scope ?? resource?.scopes_supported?.join(" ") ?? null;
  return placeOf(metadata, { server, resource: resource?.resource ?? null, scope: wanted });
}

/** What it says to somebody who has not signed in. */
async function knock(address: URL, forward: typeof fetch): Promise<Challenge> {
  const { extractWWWAuthenticateParams } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const { LATEST_PROTOCOL_VERSION } = await import("@modelcontextprotocol/sdk/types.js");
  const body = {
    jsonrpc: "2.0",
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "portos", version: "0" },
    },
  };
  const reply = await forward(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify(body),
    redirect: "manual",
  });
  await reply.body?.cancel();
  const { resourceMetadataUrl, scope } = extractWWWAuthenticateParams(reply);
  return { metadata: resourceMetadataUrl ?? null, scope: scope?.slice(0, largest) ?? null };
}

async function resourceOf(
  address: URL,
  metadataUrl: URL | null,
  reach: SignInWork,
): Promise<OAuthProtectedResourceMetadata | null> {
  const { discoverOAuthProtectedResourceMetadata } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const { checkResourceAllowed, resourceUrlFromServerUrl } =
    await import("@modelcontextprotocol/sdk/shared/auth-utils.js");
  const origins = [address.origin, ...(metadataUrl === null ? [] : [metadataUrl.origin])];
  let found: OAuthProtectedResourceMetadata;
  try {
    const options = metadataUrl === null ? {} : { resourceMetadataUrl: metadataUrl };
    found = await reach(origins, (forward) => discoverOAuthProtectedResourceMetadata(address, options, forward));
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    // Servers of the first version of the specification let people in themselves, and say nothing.
    if (metadataUrl === null && error instanceof Error && error.message.includes("does not implement")) return null;
    throw unusable("What the server says about signing in cannot be used", error);
  }
  const requestedResource = resourceUrlFromServerUrl(address);
  if (checkResourceAllowed({ requestedResource, configuredResource: found.resource })) return found;
  throw unusable(`What the server says about signing in is for ${hostOf(found.resource)}, not for it`, null);
}

async function serverMetadata(server: string, reach: SignInWork): Promise<AuthorizationServerMetadata> {
  const { discoverAuthorizationServerMetadata } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const host = hostOf(server);
  if (!/^https?:\/\//.test(server)) throw unusable("The server names no address for signing in", null);
  let metadata: AuthorizationServerMetadata | undefined;
  try {
    metadata = await reach([new URL(server).origin], (forward) =>
      discoverAuthorizationServerMetadata(server, { fetchFn: forward }),
    );
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw unusable(`What ${host} says about signing in cannot be used`, error);
  }
  if (metadata === undefined)
    throw new GatewayError("upstream_failed", `${host} does not say how one signs in`, {
      hint: "If the server gives tokens in another way, enter one as its token instead.",
      isFinal: true,
    });
  if (!isSame(metadata.issuer, server))
    throw unusable(`${host} says that it is ${hostOf(metadata.issuer)}: nobody signs in there`, null);
  return metadata;
}

function placeOf(
  metadata: AuthorizationServerMetadata,
  { server, resource, scope }: Pick<SignInPlace, "server" | "resource" | "scope">,
): SignInPlace {
  const { issuer, authorization_endpoint: authorize, token_endpoint: token } = metadata;
  const register = metadata.registration_endpoint ?? null;
  const revoke = endpointIn(metadata, "revocation_endpoint");
  const host = hostOf(server);
  if (!metadata.response_types_supported.includes("code"))
    throw unusable(`${host} does not let programs sign in as PortOS does`, null);
  // Who says nothing about it does not support it (RFC 8414, section 2).
  if (metadata.code_challenge_methods_supported?.includes("S256") !== true)
    throw unusable(`${host} cannot prove that an answer is for PortOS (PKCE)`, null);
  for (const endpoint of [token, register, revoke])
    if (endpoint !== null && !isPrivateWay(endpoint))
      throw unusable(`${new URL(endpoint).origin} would get secrets over http, where everybody can read them`, null);
  return {
    issuer,
    server,
    authorize,
    token,
    register,
    revoke,
    methods: metadata.token_endpoint_auth_methods_supported ?? [],
    resource,
    scope: withRefresh(scope, metadata.scopes_supported ?? []),
    namesItself:
      "authorization_response_iss_parameter_supported" in metadata
        ? metadata["authorization_response_iss_parameter_supported"] === true
        : false,
  };
}

/** Tokens that can be renewed have to be asked for where that is a right of its own. */
function withRefresh(scope: string | null, supported: readonly string[]): string | null {
  const words = (scope ?? "").split(" ").filter((word) => word !== "");
  if (words.length === 0) return null;
  if (supported.includes("offline_access") && !words.includes("offline_access")) words.push("offline_access");
  return words.join(" ").slice(0, largest);
}

function endpointIn(metadata: AuthorizationServerMetadata, name: string): string | null {
  const value: unknown = Object.entries(metadata).find(([key]) => key === name)?.[1];
  return typeof value === "string" && URL.canParse(value) ? value : null;
}

/** A slash at the end apart: addresses are written with and without one. */
export function isSame(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return one === other;
  return new URL(one).href.replace(/\/$/, "") === new URL(other).href.replace(/\/$/, "");
}

function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address.slice(0, 100);
}

function unusable(message: string, cause: unknown): GatewayError {
  return new GatewayError("upstream_failed", message, {
    hint: "Ask whoever runs the server; until then a token can be entered instead, if it gives one.",
    isFinal: true,
    ...(cause === null ? {} : { cause }),
  });
}

import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";

import { secretReferenceSchema } from "../../../../../lib/secret-box.ts";
import { registerSecret } from "../../../../../lib/redact.ts";
import { GatewayError } from "../../../framework/gateway-error.ts";
import { isLoopbackName } from "./is-private-way.ts";
import { neverSentOn } from "./keep-to-origins.ts";
import { metadataOf, type SignInPlace } from "./sign-in-place.ts";

/** What PortOS is known by where one signs in, its secret open. */
export interface OpenClient {
  id: string;
  secret: string | null;
  method: string | null;
}

/** What somebody who has signed in is known by. */
export interface OpenTokens {
  access: string;
  refresh: string | null;
  scope: string | null;
  /** Milliseconds it counts from now on; `null` where nothing is said. */
  lastsMs: number | null;
}

/** What of the library is needed: for each step one way to the network. */
export interface Asked {
  place: SignInPlace;
  forward: typeof fetch;
}

/** Makes PortOS known (RFC 7591). */
export async function registerPortos({ place, forward }: Asked, redirectUri: string): Promise<OpenClient> {
  const { registerClient } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const isNative = isLoopbackName(new URL(redirectUri).hostname);
  const clientMetadata = {
    client_name: "PortOS",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: methodFor(place.methods),
    application_type: isNative ? "native" : "web",
  };
  const made = await told(`${hostOf(place)} did not register PortOS`, () =>
    registerClient(place.server, {
      metadata: metadataOf(place),
      clientMetadata,
      ...(place.scope === null ? {} : { scope: place.scope }),
      fetchFn: neverSentOn(forward),
    }),
  );
  const secret = made.client_secret ?? null;
  if (secret !== null) checkSecret(secret, place);
  return { id: made.client_id, secret, method: made.token_endpoint_auth_method ?? null };
}

/** The page to open, and what proves later that its answer is for us. */
export async function pageOf(
  place: SignInPlace,
  { client, redirectUri, state }: { client: OpenClient; redirectUri: string; state: string },
): Promise<{ page: URL; verifier: string }> {
  const { startAuthorization } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const { authorizationUrl, codeVerifier } = await startAuthorization(place.server, {
    metadata: metadataOf(place),
    clientInformation: infoOf(client),
    redirectUrl: redirectUri,
    state,
    ...(place.scope === null ? {} : { scope: place.scope }),
    ...(place.resource === null ? {} : { resource: place.resource }),
  });
  return { page: authorizationUrl, verifier: codeVerifier };
}

/** Tokens for the code the page has answered with. */
export async function redeemCode(
  { place, forward }: Asked,
  { client, code, verifier, redirectUri }: { client: OpenClient; code: string; verifier: string; redirectUri: string },
): Promise<OpenTokens> {
  const { exchangeAuthorization } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const tokens = await told(`${hostOf(place)} gave no tokens`, () =>
    exchangeAuthorization(place.server, {
      metadata: metadataOf(place),
      clientInformation: infoOf(client),
      authorizationCode: code,
      codeVerifier: verifier,
      redirectUri,
      ...(place.resource === null ? {} : { resource: place.resource }),
      fetchFn: neverSentOn(forward),
    }),
  );
  return tokensOf(tokens, place, null);
}

/** Fresh tokens. Throws `SignInEnded` when the former ones do not count any more. */
export async function renewTokens(
  { place, forward }: Asked,
  { client, refresh }: { client: OpenClient; refresh: string },
): Promise<OpenTokens> {
  const { refreshAuthorization } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const tokens = await told(`${hostOf(place)} did not renew the sign-in`, () =>
    refreshAuthorization(place.server, {
      metadata: metadataOf(place),
      clientInformation: infoOf(client),
      refreshToken: refresh,
      ...(place.resource === null ? {} : { resource: place.resource }),
      fetchFn: neverSentOn(forward),
    }),
  );
  return tokensOf(tokens, place, refresh);
}

/** Tells the other side that a token shall not count any more (RFC 7009). */
export async function revokeToken(
  { place, forward }: Asked,
  { client, token, hint }: { client: OpenClient; token: string; hint: "refresh_token" | "access_token" },
): Promise<void> {
  const { selectClientAuthMethod } = await import("@modelcontextprotocol/sdk/client/auth.js");
  const form = new URLSearchParams({ token, token_type_hint: hint });
  const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
  const method = selectClientAuthMethod(infoOf(client), place.methods);
  if (method === "client_secret_basic")
    headers["authorization"] = `Basic ${Buffer.from(`${client.id}:${client.secret ?? ""}`).toString("base64")}`;
  else {
    form.set("client_id", client.id);
    if (method === "client_secret_post" && client.secret !== null) form.set("client_secret", client.secret);
  }
  const reply = await neverSentOn(forward)(place.revoke ?? "", { method: "POST", headers, body: form });
  await reply.body?.cancel();
  if (!reply.ok)
    throw new GatewayError("upstream_failed", `${hostOf(place)} answered ${String(reply.status)}`, {
      hint: "Take PortOS off the list of programs in your account there.",
    });
}

/** What does not count any more: somebody has to sign in anew. */
export class SignInEnded extends GatewayError {}

/** What the library throws, in our words: nothing of a reply that is none stands in them. */
async function told<T>(what: string, work: () => Promise<T>): Promise<T> {
  const { OAuthError, ServerError, TemporarilyUnavailableError, TooManyRequestsError } =
    await import("@modelcontextprotocol/sdk/server/auth/errors.js");
  try {
    return await work();
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    const isTheirs = error instanceof OAuthError;
    const isPassing =
      error instanceof ServerError ||
      error instanceof TemporarilyUnavailableError ||
      error instanceof TooManyRequestsError;
    if (isTheirs && !isPassing) {
      const said = error.message === "" ? error.errorCode : `${error.errorCode}: ${error.message.slice(0, 300)}`;
      throw new SignInEnded("upstream_failed", `${what} (${said})`, { hint: "Sign in anew.", isFinal: true });
    }
    throw new GatewayError("upstream_failed", `${what}: it failed, or answered with something that cannot be used`, {
      hint: "Try again in a moment.",
      cause: isTheirs ? undefined : error,
    });
  }
}

function tokensOf(tokens: OAuthTokens, place: SignInPlace, before: string | null): OpenTokens {
  const { access_token: access, refresh_token: refresh = before, scope = null, expires_in: seconds } = tokens;
  if (tokens.token_type.toLowerCase() !== "bearer") throw unusable(`${hostOf(place)} gave a token of another kind`);
  for (const token of [access, refresh]) if (token !== null) checkSecret(token, place);
  const lasts = seconds === undefined || !Number.isFinite(seconds) || seconds < 0 ? null : seconds * 1_000;
  return { access, refresh, scope: scope?.slice(0, 2_000) ?? null, lastsMs: lasts };
}

const shortest = 8;
/** They are looked for in whatever is told: nobody needs longer ones. */
const longest = 4_000;

/** What a stranger gives us to keep must not be read as anything else: no name of a variable of ours, no second header. */
function checkSecret(secret: string, place: SignInPlace): void {
  const isText = /^[\x21-\x7e]+$/.test(secret) && secret.length >= shortest && secret.length <= longest;
  if (!isText || secretReferenceSchema.safeParse(secret).success)
    throw unusable(`${hostOf(place)} gave a token that is none`);
  registerSecret(secret);
}

function unusable(message: string): GatewayError {
  return new GatewayError("upstream_failed", message, { hint: "Ask whoever runs the server.", isFinal: true });
}

function infoOf({ id, secret, method }: OpenClient): OAuthClientInformationMixed {
  return {
    client_id: id,
    ...(secret === null ? {} : { client_secret: secret }),
    ...(method === null ? {} : { token_endpoint_auth_method: method }),
  };
}

/** Nothing to keep is best; what is said nothing about is what the specification says then. */
function methodFor(methods: readonly string[]): string {
  if (methods.includes("none")) return "none";
  return methods.length === 0 || methods.includes("client_secret_basic") ? "client_secret_basic" : "client_secret_post";
}

function hostOf({ token }: SignInPlace): string {
  return new URL(token).host;
}

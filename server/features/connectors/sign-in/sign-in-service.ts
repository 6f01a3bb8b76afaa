import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

import type { McpAuth, SignInOffer } from "../../../../contract/features/mcp-connectors.ts";
import { AppError } from "../../../../lib/app-error.ts";
import type { Clock } from "../../../../lib/clock.ts";
import { forgetSecret } from "../../../../lib/redact.ts";
import { pageOf, redeemCode } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import { discoverSignIn, isSame } from "../../../connectors/custom/mcp/sign-in/discover-sign-in.ts";
import { isLoopbackName } from "../../../connectors/custom/mcp/sign-in/is-private-way.ts";
import { checkPage } from "../../../connectors/custom/mcp/sign-in/sign-in-network.ts";
import { offerOf, originsOf, type SignInPlace } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import type { AnyConnector } from "../../../connectors/framework/define-connector.ts";
import type { GatewayDependencies } from "../../../connectors/framework/gateway-request.ts";
import type { NotificationService } from "../../notifications/notification-service.ts";
import type { Looker } from "../recorded-look.ts";
import type { OpenPending, SignInBook } from "./sign-in-book.ts";
import { clientFor, type OauthAuth } from "./client-for.ts";
import { createPassingSecrets } from "./passing-secrets.ts";
import { revokeSignIn, revokeUnused } from "./revoke-sign-in.ts";
import { alreadyEnd, elsewhereEnd, lateEnd, mixedEnd, refusedEnd, unknownEnd } from "./sign-in-ends.ts";
import type { SignInEnd } from "./sign-in-page.ts";
import { signedOf, type AddressedSubject, type SignInSteps } from "./sign-in-steps.ts";
import { signInKey } from "./token-keeper.ts";

/** Signing in to MCP servers on their own pages. */
export interface SignInService {
  look(id: string, looker: Looker, origin: string): Promise<SignInOffer & { redirectUri: string }>;
  /** Of a server that is not added yet. */
  lookAtDraft(
    draft: { connector: AnyConnector; values: Record<string, unknown>; auth: OauthAuth },
    looker: Looker,
  ): Promise<SignInOffer>;
  /** Throws `conflict` when it signs in elsewhere than `mark` says. */
  begin(id: string, wanted: { mark: string; origin: string }, looker: Looker): Promise<{ url: string; until: string }>;
  /** Never throws for what came back: it says what became of it. */
  finish(id: string, answer: SignInAnswer, looker: Looker): Promise<SignInEnd>;
  signOut(id: string, looker: Looker): Promise<"done" | "failed" | "none">;
}

/** What the page has sent the browser back with. */
export interface SignInAnswer {
  query: Readonly<Record<string, unknown>>;
  /** Host the browser came to. */
  host: string;
}

interface Parts {
  book: SignInBook;
  steps: SignInSteps;
  notifications: Pick<NotificationService, "settle">;
  /** How its definition says that one signs in; throws `not_found`. */
  authOf(id: string): McpAuth;
  dependencies: Pick<GatewayDependencies, "ownPorts" | "resolve">;
  clock: Pick<Clock, "now">;
}

const waitMs = 10 * 60_000;

/** What a code or a token was spent for is done to its end, also when the browser goes away meanwhile. */
function staying(looker: Looker): Looker {
  return { ...looker, signal: new AbortController().signal };
}

const revokeMs = 5_000;

/** Somebody waits for the page, and what it says is true without it. */
function shortly(looker: Looker): Looker {
  return { ...looker, signal: AbortSignal.timeout(revokeMs) };
}

/** The service. What is under way is kept on disk: neither a restart nor a second use of the way back confuses it. */
export function createSignInService({ book, steps, notifications, authOf, dependencies, clock }: Parts): SignInService {
  const passing = createPassingSecrets();

  async function placeFor(subject: AddressedSubject, auth: OauthAuth, looker: Looker): Promise<SignInPlace> {
    const { address } = subject;
    steps.takeRoom(subject.connector.id);
    const place = await steps.record(subject, { name: "look", origins: [address.origin], looker }, (reach) =>
      discoverSignIn(address, { reach, scope: auth.scope }),
    );
    await checkPage(place.authorize, subject, dependencies);
    return place;
  }

  function authFor(id: string): OauthAuth {
    const auth = authOf(id);
    if (auth.kind === "oauth") return auth;
    throw new AppError("not_found", "One does not sign in to it on a page", {
      hint: 'Say so in its definition: "auth": {"kind": "oauth"}.',
    });
  }

  /** Where one signs in now, with what was found to be missing meanwhile. */
  async function lookFor(id: string, looker: Looker) {
    const auth = authFor(id);
    const subject = await steps.subject(id);
    const connector = signedOf(subject);
    const found = await placeFor(subject, auth, looker);
    const missing = book.of(connector)?.current?.missing ?? null;
    return { auth, subject, connector, place: { ...found, scope: union(found.scope, missing) } };
  }

  async function redeem(id: string, pending: OpenPending, code: string, looker: Looker): Promise<SignInEnd> {
    const { place, client, verifier, redirectUri } = pending;
    const subject = await steps.subject(id);
    const origins = [new URL(place.token).origin];
    const tokens = await steps.record(subject, { name: "redeem", origins, looker: staying(looker) }, (reach) =>
      reach(originsOf(place), (forward) => redeemCode({ place, forward }, { client, code, verifier, redirectUri })),
    );
    await book.put(signedOf(subject), pending, tokens).catch(async (error: unknown) => {
      // Nobody knows them any more.
      await revokeUnused({ place, client, ...tokens }, { book, steps, subject, looker: shortly(looker) });
      throw error;
    });
    await notifications.settle(signInKey(id));
    return { isDone: true, message: `${hostOf(place)} has let PortOS in. You can close this page.`, hint: null };
  }

  async function endOf(id: string, pending: OpenPending, answer: SignInAnswer, looker: Looker): Promise<SignInEnd> {
    if (Date.parse(pending.until) < clock.now()) return lateEnd;
    if (new URL(pending.redirectUri).host !== answer.host) return elsewhereEnd(pending, answer.host);
    const issuer = said(answer, "iss");
    if (issuer === null ? pending.place.namesItself : !isSame(issuer, pending.place.issuer)) return mixedEnd(pending);
    const error = said(answer, "error");
    if (error !== null) return refusedEnd(pending, error, said(answer, "error_description"));
    const code = said(answer, "code");
    if (code === null || code === "") return refusedEnd(pending, "no code", null);
    passing.hide(id, code);
    return redeem(id, pending, code, looker);
  }

  return {
    async look(id, looker, origin) {
      const { auth, place } = await lookFor(id, looker);
      return { ...offerOf(place, { hasClient: auth.clientId !== null }), redirectUri: redirectUriOf(id, origin) };
    },
    async lookAtDraft({ connector, values, auth }, looker) {
      const place = await placeFor(steps.subjectOf(connector, values), auth, looker);
      return offerOf(place, { hasClient: auth.clientId !== null });
    },
    async begin(id, { mark, origin }, looker) {
      const redirectUri = checkedRedirect(redirectUriOf(id, origin));
      const found = await lookFor(id, looker);
      const { place, connector } = found;
      if (offerOf(place, { hasClient: true }).mark !== mark)
        throw new AppError("conflict", `${connector.title} signs in elsewhere than was shown`, {
          hint: "Look at where it signs in now, then sign in.",
        });
      const client = await clientFor(found, { book, steps, redirectUri, looker });
      const state = randomBytes(32).toString("base64url");
      const { page, verifier } = await pageOf(place, { client, redirectUri, state });
      passing.end(id); // of one that nobody came back from
      for (const secret of [state, verifier]) passing.hide(id, secret);
      const until = new Date(clock.now() + waitMs).toISOString();
      await book.begin(connector, { place, client, redirectUri, state: hashOf(state), verifier, until });
      return { url: page.href, until };
    },
    async finish(id, answer, looker) {
      const state = said(answer, "state");
      const signed = await steps.signed(id);
      if (signed === null) return unknownEnd;
      const { pending: waiting, current = null } = book.of(signed) ?? {};
      const notOurs = current === null || current.ended !== null ? unknownEnd : alreadyEnd(current);
      if (!isOurs(waiting?.state, state)) return notOurs;
      const pending = await book.take(signed);
      if (pending === null || !isOurs(pending.state, state)) return notOurs;
      try {
        return await endOf(id, pending, answer, looker);
      } catch (failure) {
        if (!(failure instanceof AppError)) throw failure;
        return { isDone: false, message: `${failure.message}.`, hint: failure.hint ?? null };
      } finally {
        passing.end(id);
        forgetSecret(pending.verifier); // which was opened from the disk, if PortOS was restarted meanwhile
      }
    },
    async signOut(id, looker) {
      authFor(id);
      const signed = await steps.signed(id);
      if (signed === null) return "none";
      const before = await book.forget(signed);
      await notifications.settle(signInKey(id));
      if (before === null) return "none";
      return revokeSignIn(before, { steps, subject: () => steps.subject(id), looker: staying(looker) });
    },
  };
}

function said({ query }: SignInAnswer, name: string): string | null {
  const value = query[name];
  return typeof value === "string" ? value : null;
}

function redirectUriOf(id: string, origin: string): string {
  return new URL(`/api/mcp-connectors/${id}/sign-in/callback`, origin).href;
}

function checkedRedirect(redirectUri: string): string {
  const { protocol, hostname, origin } = new URL(redirectUri);
  if (protocol === "https:" || isLoopbackName(hostname)) return redirectUri;
  throw new AppError("conflict", `Nobody may be sent back to ${origin} after signing in, because it is not https`, {
    hint: "Open the panel on this machine itself as http://localhost, or over https (tailscale serve), and sign in there.",
  });
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function isOurs(hash: string | undefined, state: string | null): boolean {
  if (hash === undefined || state === null) return false;
  return timingSafeEqual(Buffer.from(hash), Buffer.from(hashOf(state)));
}

function union(scope: string | null, more: string | null): string | null {
  const words = new Set(`${scope ?? ""} ${more ?? ""}`.split(" ").filter((word) => word !== ""));
  return words.size === 0 ? null : [...words].join(" ");
}

function hostOf({ authorize }: SignInPlace): string {
  return new URL(authorize).host;
}

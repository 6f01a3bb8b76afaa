import type { McpAuth } from "../../../../contract/features/mcp-connectors.ts";
import { AppError } from "../../../../lib/app-error.ts";
import { registerPortos, type OpenClient } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import { originsOf, type SignInPlace } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import type { Looker } from "../recorded-look.ts";
import type { OpenSignIn, Signed, SignInBook } from "./sign-in-book.ts";
import type { AddressedSubject, SignInSteps } from "./sign-in-steps.ts";

export type OauthAuth = Extract<McpAuth, { kind: "oauth" }>;

interface Found {
  auth: OauthAuth;
  subject: AddressedSubject;
  connector: Signed;
  place: SignInPlace;
}

/** What PortOS is known by where one signs in: what the user has entered, what it registered as before, or what it registers as now. */
export async function clientFor(
  { auth, subject, connector, place }: Found,
  parts: { book: SignInBook; steps: SignInSteps; redirectUri: string; looker: Looker },
): Promise<OpenClient> {
  const { book, steps, redirectUri, looker } = parts;
  if (auth.clientId !== null) return { id: auth.clientId, secret: secretOf(auth, subject), method: null };
  const known = await book.open(connector).catch(() => null); // what cannot be opened is made anew
  if (isReusable(known, place, redirectUri)) return known.client;
  if (place.register === null)
    throw new AppError("conflict", `${new URL(place.authorize).host} does not register programs by itself`, {
      hint: `Register PortOS there with the address ${redirectUri}, then enter its client id in the definition of the connector.`,
    });
  const origins = [new URL(place.register).origin];
  return steps.record(subject, { name: "register", origins, looker }, (reach) =>
    reach(originsOf(place), (forward) => registerPortos({ place, forward }, redirectUri)),
  );
}

function secretOf({ clientSecret }: OauthAuth, { config }: AddressedSubject): string | null {
  const value = clientSecret === null ? null : config[clientSecret];
  return typeof value === "string" && value !== "" ? value : null;
}

/** One that has ended may have been forgotten there. */
function isReusable(known: OpenSignIn | null, place: SignInPlace, redirectUri: string): known is OpenSignIn {
  return (
    known !== null &&
    known.ended === null &&
    known.redirectUri === redirectUri &&
    known.place.issuer === place.issuer &&
    known.place.register === place.register
  );
}

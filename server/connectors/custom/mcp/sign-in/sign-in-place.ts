import { z } from "zod";

import type { SignInOffer } from "../../../../../contract/features/mcp-connectors.ts";
import { digestOf } from "../../../framework/digest-of.ts";

/** Where one signs in to a server: what was found about it, checked, and nothing else of it. */
export const signInPlaceSchema = z.strictObject({
  issuer: z.string(),
  /** As the server names it: what its metadata was asked for with. */
  server: z.string(),
  authorize: z.string(),
  token: z.string(),
  register: z.string().nullable(),
  revoke: z.string().nullable(),
  /** How programs may say who they are when they ask for tokens; empty where nothing is said. */
  methods: z.array(z.string()),
  /** What tokens shall be for (RFC 8707), as the server spells it; `null` where it does not say. */
  resource: z.string().nullable(),
  scope: z.string().nullable(),
  /** Each answer of it names it (RFC 9207). */
  namesItself: z.boolean(),
});
export type SignInPlace = z.output<typeof signInPlaceSchema>;

/** Origins that are called to sign in; the page itself is opened by the user. */
export function originsOf({ server, token, register, revoke }: SignInPlace): string[] {
  const all = [server, token, register, revoke].flatMap((url) => (url === null ? [] : [new URL(url).origin]));
  return [...new Set(all)];
}

/** What the user is shown before. */
export function offerOf(place: SignInPlace, { hasClient }: { hasClient: boolean }): SignInOffer {
  const host = new URL(place.authorize).host;
  const others = new Set(originsOf(place).map((origin) => new URL(origin).host));
  others.delete(host);
  return {
    host,
    otherHosts: [...others],
    scopes: (place.scope ?? "").split(" ").filter((one) => one !== ""),
    needsClientId: place.register === null && !hasClient,
    mark: digestOf(place),
  };
}

/** As the library of the protocol takes it. */
export function metadataOf(place: SignInPlace) {
  return {
    issuer: place.issuer,
    authorization_endpoint: place.authorize,
    token_endpoint: place.token,
    ...(place.register === null ? {} : { registration_endpoint: place.register }),
    response_types_supported: ["code"],
    ...(place.methods.length === 0 ? {} : { token_endpoint_auth_methods_supported: place.methods }),
  };
}

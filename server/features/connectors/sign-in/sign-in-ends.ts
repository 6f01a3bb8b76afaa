import type { OpenPending } from "./sign-in-book.ts";
import type { SignInEnd } from "./sign-in-page.ts";

const again = "Go back and press Sign in once more.";

/** Nobody began it, or it has ended already. */
export const unknownEnd: SignInEnd = {
  isDone: false,
  message: "This way back is not known here, or was used already. Nothing was changed.",
  hint: again,
};

/** The same while the sign-in counts: a page that is loaded again, or the older of two. */
export function alreadyEnd({ place }: Pick<OpenPending, "place">): SignInEnd {
  const { host } = new URL(place.authorize);
  const message = `${host} has let PortOS in before. This way back was used already, or is not known here; nothing was changed.`;
  return { isDone: true, isOld: true, message, hint: "You can close this page." };
}

export const lateEnd: SignInEnd = { isDone: false, message: "It took longer than ten minutes.", hint: again };

export function elsewhereEnd({ redirectUri }: OpenPending, host: string): SignInEnd {
  const message = `You began at ${new URL(redirectUri).host} and came back to ${host}.`;
  return { isDone: false, message, hint: again };
}

/** Somebody answered who was not asked (RFC 9207). */
export function mixedEnd({ place }: OpenPending): SignInEnd {
  const message = `The answer does not come from ${new URL(place.issuer).host}, where you were sent. It was not used.`;
  return { isDone: false, message, hint: "Sign in again; if this happens once more, do not use this server." };
}

export function refusedEnd({ place }: OpenPending, error: string, description: string | null): SignInEnd {
  const { host } = new URL(place.authorize);
  const words = description === null || description === "" ? "" : ` It says: ${description.slice(0, 300)}`;
  if (error === "access_denied")
    return { isDone: false, message: `Access was denied on the page of ${host}.${words}`, hint: again };
  return { isDone: false, message: `${host} did not sign you in (${error.slice(0, 100)}).${words}`, hint: again };
}

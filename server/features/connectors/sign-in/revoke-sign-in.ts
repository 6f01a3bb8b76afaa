import { AppError } from "../../../../lib/app-error.ts";
import { revokeToken } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import { originsOf } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import type { Looker } from "../recorded-look.ts";
import type { OpenSignIn, SignInBook } from "./sign-in-book.ts";
import { signedOf, type AddressedSubject, type SignInSteps } from "./sign-in-steps.ts";

/** What is taken back. */
export type HeldTokens = Pick<OpenSignIn, "place" | "client" | "access" | "refresh">;

interface Parts {
  steps: Pick<SignInSteps, "record">;
  /** For whom it was made; asked for when there is somebody to tell. */
  subject: () => AddressedSubject | Promise<AddressedSubject>;
  looker: Looker;
}

/** Tells the other side that these tokens shall not count any more; `none` where that cannot be told. */
export async function revokeSignIn(
  { place, client, access, refresh }: HeldTokens,
  { steps, subject, looker }: Parts,
): Promise<"done" | "failed" | "none"> {
  if (place.revoke === null) return "none";
  const token = refresh ?? access;
  const hint = refresh === null ? "access_token" : "refresh_token";
  try {
    const step = { name: "revoke" as const, origins: [new URL(place.revoke).origin], looker };
    await steps.record(await subject(), step, (reach) =>
      reach(originsOf(place), (forward) => revokeToken({ place, forward }, { client, token, hint })),
    );
    return "done";
  } catch (error) {
    if (error instanceof AppError) return "failed";
    throw error;
  }
}

/**
 * Revokes what came too late, where nobody is signed in any more. While somebody is, it is left to end by itself: many
 * servers end everything that was agreed to with one token of it (RFC 7009, section 2.1), and so what counts now.
 */
export async function revokeUnused(
  held: HeldTokens,
  {
    book,
    steps,
    subject,
    looker,
  }: Omit<Parts, "subject"> & { book: Pick<SignInBook, "of">; subject: AddressedSubject },
): Promise<void> {
  if (book.of(signedOf(subject))?.current) return;
  await revokeSignIn(held, { steps, subject: () => subject, looker });
}

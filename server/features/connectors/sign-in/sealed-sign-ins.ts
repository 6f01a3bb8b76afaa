import { AppError } from "../../../../lib/app-error.ts";
import type { SecretBox, StoredSecret } from "../../../../lib/secret-box.ts";
import type { OpenClient, OpenTokens } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import type { SignInRecord } from "../connector-files.ts";
import type { OpenSignIn } from "./sign-in-book.ts";

type Current = NonNullable<SignInRecord["current"]>;

/** Seals and opens what is kept of sign-ins. */
export function createSealedSignIns({ secrets, now }: { secrets: SecretBox; now(): number }) {
  const seal = {
    token: async (plain: string | null): Promise<StoredSecret> => (plain === null ? null : secrets.seal(plain)),
    client: async ({ id, secret, method }: OpenClient) => ({ id, method, secret: await seal.token(secret) }),
    async tokens({ access, refresh, scope, lastsMs }: OpenTokens) {
      const until = lastsMs === null ? null : timeOf(Math.min(now() + lastsMs, latestTime));
      const sealed = { access: await seal.token(access), refresh: await seal.token(refresh) };
      return { ...sealed, scope, until, ended: null, missing: null };
    },
  };
  const open = {
    token: async (stored: StoredSecret): Promise<string | null> => (stored === null ? null : secrets.open(stored)),
    async must(stored: StoredSecret): Promise<string> {
      const plain = await open.token(stored);
      if (plain === null) throw new AppError("unavailable", "The stored sign-in is damaged", { hint: "Sign in anew." });
      return plain;
    },
    client: async ({ id, secret, method }: Current["client"]): Promise<OpenClient> => {
      return { id, method, secret: await open.token(secret) };
    },
    async current(current: Current): Promise<OpenSignIn> {
      const { place, redirectUri, since, until, ended, missing } = current;
      const access = await open.must(current.access);
      const refresh = await open.token(current.refresh);
      const client = await open.client(current.client);
      return { place, redirectUri, since, until, ended, missing, access, refresh, client };
    },
  };
  return { seal, open };
}

/** Later than this no date can be written. */
const latestTime = Date.UTC(9999, 0);

export function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

import { createHash } from "node:crypto";

import { z } from "zod";

import type { OperationContext } from "../framework/define-connector.ts";
import { GatewayError } from "../framework/gateway-error.ts";
import type { EmailConfig } from "./email-config.ts";

/** Access tokens, kept in memory until they end. */
export interface OauthTokens {
  /** Throws `upstream_failed` when the server of tokens gives none. */
  get(context: Pick<OperationContext<EmailConfig>, "config" | "http" | "clock">): Promise<string>;
  /** It was refused. */
  forget(config: EmailConfig): void;
}

const answer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().optional() });
const usualSeconds = 300;
const spareMs = 60_000;

/** The library would fetch tokens by itself, past the guard: so it is given one that came through it (RFC 6749, section 6). */
export function createOauthTokens(): OauthTokens {
  const tokens = new Map<string, { token: string; until: number }>();
  return {
    async get({ config, http, clock }) {
      const key = keyOf(config);
      const known = tokens.get(key);
      if (known && known.until > clock.now()) return known.token;
      const { tokenUrl = "", clientId = "", clientSecret, refreshToken = "" } = config;
      const form = new URLSearchParams({
        grant_type: "refresh_token",
        client_id: clientId,
        refresh_token: refreshToken,
      });
      if (clientSecret !== undefined) form.set("client_secret", clientSecret);
      const reply = await http.expectOk({
        url: tokenUrl,
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
        body: form.toString(),
        isIdempotent: true,
        maxRedirects: 0,
        maxBytes: 262_144,
      });
      const parsed = answer.safeParse(reply.json());
      if (!parsed.success)
        throw new GatewayError("upstream_failed", `${new URL(tokenUrl).origin} gave no token`, {
          hint: "Check the address of tokens, the client id and the refresh token in the configuration.",
          isFinal: true,
        });
      const { access_token: token, expires_in: seconds = usualSeconds } = parsed.data;
      tokens.set(key, { token, until: clock.now() + seconds * 1_000 - spareMs });
      return token;
    },
    forget: (config) => void tokens.delete(keyOf(config)),
  };
}

function keyOf({ tokenUrl, clientId, clientSecret, refreshToken, user }: EmailConfig): string {
  return createHash("sha256")
    .update(JSON.stringify([tokenUrl, clientId, clientSecret, refreshToken, user]))
    .digest("hex");
}

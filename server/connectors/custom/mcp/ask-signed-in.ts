import type { OperationContext } from "../../framework/define-connector.ts";
import { GatewayError } from "../../framework/gateway-error.ts";
import type { BoundConnector } from "../../framework/gateway-request.ts";
import { isUnauthorized, type SessionSpec } from "./mcp-sessions.ts";

/** Tokens of those who have signed in to servers on their pages. Throws `not_configured` where somebody has to sign in anew. */
export interface McpSignIns {
  /** `null`: it is asked as nobody. */
  token(connector: SignedConnector): Promise<{ token: string; who: string } | null>;
  /** Instead of one that was refused. */
  renewed(connector: SignedConnector, refused: string): Promise<{ token: string; who: string }>;
  /** A fresh one was refused as well: what to throw. */
  ended(connector: SignedConnector): Promise<GatewayError>;
  /** What somebody has signed in for is not enough: what to throw. */
  tooLittle(connector: SignedConnector, scope: string): Promise<GatewayError>;
}

/** Whom tokens are kept for. */
export type SignedConnector = BoundConnector & { title: string; address: URL };

interface Parts<T> {
  signIns: McpSignIns;
  context: Pick<OperationContext<unknown>, "fetch" | "note">;
  isInside: boolean;
  /** Asks the server. */
  reach(spec: Pick<SessionSpec, "headers" | "fetch" | "who">): Promise<T>;
}

/** Asks as whoever has signed in: a token that is refused is renewed once, and what was asked is asked again. */
export async function askSignedIn<T>(
  connector: SignedConnector,
  { signIns, context, isInside, reach }: Parts<T>,
): Promise<T> {
  const heard = noticing(context.fetch);
  const ask = (as: Awaited<ReturnType<McpSignIns["token"]>>): Promise<T> => {
    if (as === null) return reach({ headers: {}, fetch: heard.fetch });
    refuseOpenWay(connector.address, isInside);
    return reach({ headers: { authorization: `Bearer ${as.token}` }, fetch: heard.fetch, who: as.who });
  };
  const first = await signIns.token(connector);
  try {
    return await ask(first);
  } catch (error) {
    if (first === null) throw error;
    const missing = heard.missing();
    if (missing !== null) throw await signIns.tooLittle(connector, missing);
    if (!isUnauthorized(error)) throw error;
  }
  const next = await signIns.renewed(connector, first.token);
  context.note("sign-in", "Its token was refused and renewed");
  try {
    return await ask(next);
  } catch (error) {
    const missing = heard.missing();
    if (missing !== null) throw await signIns.tooLittle(connector, missing);
    throw isUnauthorized(error) ? await signIns.ended(connector) : error;
  }
}

/** Hears what a refusal says is missing (RFC 6750, section 3.1). */
function noticing(forward: typeof fetch): { fetch: typeof fetch; missing(): string | null } {
  let missing: string | null = null;
  return {
    missing: () => missing,
    async fetch(input, init) {
      const reply = await forward(input, init);
      const said = reply.status === 403 ? (reply.headers.get("www-authenticate") ?? "") : "";
      if (/^bearer\b/i.test(said) && /\berror="?insufficient_scope\b/.test(said))
        missing = (/\bscope="([^"]*)"/.exec(said)?.[1] ?? "").slice(0, 2_000);
      return reply;
    },
  };
}

function refuseOpenWay({ protocol }: URL, isInside: boolean): void {
  if (protocol === "https:" || isInside) return;
  throw new GatewayError("not_configured", "It would sign in over http, where everybody on the way can read it", {
    hint: "Give an address with https, or say that it lies inside.",
    isFinal: true,
  });
}

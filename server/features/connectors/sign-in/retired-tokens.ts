import { forgetSecret } from "../../../../lib/redact.ts";
import type { StoredSecret } from "../../../../lib/secret-box.ts";
import type { OpenTokens } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";

/** Of a connector: what counted until now, and what counts instead. */
type Retire = (
  id: string,
  gone: { access: StoredSecret; refresh: StoredSecret } | null,
  fresh: Pick<OpenTokens, "access" | "refresh"> | null,
) => Promise<void>;

/** Tokens come by the hour: what came before those that just went is not looked for in texts any more. */
export function createRetiring(openToken: (stored: StoredSecret) => Promise<string | null>): Retire {
  /** By connector: what counted before, which somebody may still say. */
  const former = new Map<string, readonly string[]>();
  return async (id, gone, fresh) => {
    if (gone === null) return;
    const stored = [gone.access, gone.refresh];
    const opened = await Promise.all(stored.map((one) => openToken(one).catch(() => null))); // the key may be another one
    const last = opened.filter((one) => one !== null);
    const kept = [...last, fresh?.access, fresh?.refresh];
    for (const token of former.get(id) ?? []) if (!kept.includes(token)) forgetSecret(token);
    former.set(id, last);
  };
}

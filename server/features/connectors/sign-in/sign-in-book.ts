import { AppError } from "../../../../lib/app-error.ts";
import { forgetSecret } from "../../../../lib/redact.ts";
import type { SecretBox, StoredSecret } from "../../../../lib/secret-box.ts";
import type { OpenClient, OpenTokens } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import type { SignInPlace } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import type { BoundConnector } from "../../../connectors/framework/gateway-request.ts";
import type { ConfigStore } from "../config-store.ts";
import type { SignInRecord } from "../connector-files.ts";

type Current = NonNullable<SignInRecord["current"]>;

/** Whom something is kept for: under another address it does not count. */
export type Signed = BoundConnector & { address: URL };

/** A sign-in with its secrets open. */
export interface OpenSignIn extends Pick<Current, "place" | "redirectUri" | "since" | "until" | "ended" | "missing"> {
  client: OpenClient;
  access: string;
  refresh: string | null;
}

/** One that somebody is on the page for. */
export interface OpenPending {
  place: SignInPlace;
  client: OpenClient;
  redirectUri: string;
  /** SHA-256 of what the way back must bring. */
  state: string;
  verifier: string;
  until: string;
}

/** What is kept of sign-ins, beside the other secrets of the connector and bound to its place as they are. */
export interface SignInBook {
  /** As it stands, secrets closed. */
  of(connector: Signed): SignInRecord | null;
  open(connector: Signed): Promise<OpenSignIn | null>;
  begin(connector: Signed, pending: OpenPending): Promise<void>;
  /** Takes the pending one away for good, and gives it to whoever came first. */
  take(connector: Signed): Promise<OpenPending | null>;
  put(connector: Signed, way: Pick<OpenPending, "place" | "client" | "redirectUri">, tokens: OpenTokens): Promise<void>;
  /** Fresh tokens instead of `before`; answers whether that still was what counts. */
  replace(connector: Signed, before: string, tokens: OpenTokens): Promise<boolean>;
  /** Says of the one that began then that it does not count any more, or what it does not cover. */
  note(connector: Signed, since: string, words: Partial<Pick<Current, "ended" | "missing">>): Promise<void>;
  forget(connector: Signed): Promise<void>;
}

interface Parts {
  configs: Pick<ConfigStore, "signIn" | "putSignIn">;
  secrets: SecretBox;
  now(): number;
}

export function createSignInBook({ configs, secrets, now }: Parts): SignInBook {
  const openOf = async (stored: StoredSecret): Promise<string | null> =>
    stored === null ? null : secrets.open(stored);
  const sealOf = async (plain: string | null): Promise<StoredSecret> => (plain === null ? null : secrets.seal(plain));
  const clientOf = async ({ id, secret, method }: OpenClient) => ({ id, method, secret: await sealOf(secret) });
  const openClient = async ({ id, secret, method }: Current["client"]): Promise<OpenClient> => {
    return { id, method, secret: await openOf(secret) };
  };

  async function must(stored: StoredSecret): Promise<string> {
    const plain = await openOf(stored);
    if (plain === null) throw new AppError("unavailable", "The stored sign-in is damaged", { hint: "Sign in anew." });
    return plain;
  }

  async function sealTokens({ access, refresh, scope, lastsMs }: OpenTokens) {
    const until = lastsMs === null ? null : at(Math.min(now() + lastsMs, latestTime));
    return { access: await sealOf(access), refresh: await sealOf(refresh), scope, until, ended: null, missing: null };
  }

  /** By connector: what counted before, which somebody may still say. */
  const former = new Map<string, readonly string[]>();

  /** What came before these is not looked for any more: tokens come by the hour. */
  async function retire({ id }: Signed, gone: Current | null, fresh: Pick<OpenTokens, "access" | "refresh"> | null) {
    if (gone === null) return;
    const stored = [gone.access, gone.refresh];
    const opened = await Promise.all(stored.map((one) => openOf(one).catch(() => null))); // the key may be another one
    const last = opened.filter((one) => one !== null);
    const kept = [...last, fresh?.access, fresh?.refresh];
    for (const token of former.get(id) ?? []) if (!kept.includes(token)) forgetSecret(token);
    former.set(id, last);
  }

  function change(connector: Signed, make: (before: SignInRecord) => SignInRecord): Promise<SignInRecord | null> {
    const empty: SignInRecord = { address: connector.address.href, current: null, pending: null };
    return configs.putSignIn(connector, (before) => {
      const next = make(valid(before, connector) ?? empty);
      return next.current === null && next.pending === null ? null : next;
    });
  }

  return {
    of: (connector) => valid(configs.signIn(connector), connector),
    async open(connector) {
      const current = valid(configs.signIn(connector), connector)?.current ?? null;
      if (current === null) return null;
      const { place, redirectUri, since, until, ended, missing } = current;
      const [access, refresh, client] = [
        await must(current.access),
        await openOf(current.refresh),
        await openClient(current.client),
      ];
      return { place, redirectUri, since, until, ended, missing, access, refresh, client };
    },
    async begin(connector, { place, client, redirectUri, state, verifier, until }) {
      const pending = {
        place,
        client: await clientOf(client),
        redirectUri,
        state,
        verifier: await sealOf(verifier),
        until,
      };
      await change(connector, (before) => ({ ...before, pending }));
    },
    async take(connector) {
      const before = await change(connector, (record) => ({ ...record, pending: null }));
      const pending = valid(before, connector)?.pending ?? null;
      if (pending === null) return null;
      return { ...pending, client: await openClient(pending.client), verifier: await must(pending.verifier) };
    },
    async put(connector, { place, client, redirectUri }, tokens) {
      const sealed = await sealTokens(tokens);
      const current = { place, redirectUri, client: await clientOf(client), since: at(now()), ...sealed };
      const before = await change(connector, (record) => ({ ...record, current }));
      await retire(connector, before?.current ?? null, tokens);
    },
    async replace(connector, before, tokens) {
      const sealed = await sealTokens(tokens);
      const opened = valid(configs.signIn(connector), connector)?.current ?? null;
      if (opened === null || (await openOf(opened.access)) !== before) return false;
      const isMeant = (record: SignInRecord | null): boolean => record?.current?.since === opened.since;
      const found = await change(connector, (record) => {
        if (record.current === null || !isMeant(record)) return record;
        return { ...record, current: { ...record.current, ...sealed, scope: sealed.scope ?? record.current.scope } };
      });
      if (isMeant(found)) await retire(connector, opened, tokens);
      return isMeant(found);
    },
    async note(connector, since, words) {
      await change(connector, (record) =>
        record.current?.since === since ? { ...record, current: { ...record.current, ...words } } : record,
      );
    },
    async forget(connector) {
      const before = await configs.putSignIn(connector, () => null);
      await retire(connector, before?.current ?? null, null);
    },
  };
}

/** Later than this no date can be written. */
const latestTime = Date.UTC(9999, 0);

function at(ms: number): string {
  return new Date(ms).toISOString();
}

function valid(record: SignInRecord | null, { address }: Signed): SignInRecord | null {
  return record?.address === address.href ? record : null;
}

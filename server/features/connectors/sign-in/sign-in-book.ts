import { AppError } from "../../../../lib/app-error.ts";
import type { Logger } from "../../../../lib/logger.ts";
import type { SecretBox } from "../../../../lib/secret-box.ts";
import type { OpenClient, OpenTokens } from "../../../connectors/custom/mcp/sign-in/ask-for-tokens.ts";
import type { SignInPlace } from "../../../connectors/custom/mcp/sign-in/sign-in-place.ts";
import type { BoundConnector } from "../../../connectors/framework/gateway-request.ts";
import { LeadsElsewhere, type ConfigStore } from "../config-store.ts";
import type { SignInRecord } from "../connector-files.ts";
import { createRetiring } from "./retired-tokens.ts";
import { createSealedSignIns, timeOf } from "./sealed-sign-ins.ts";
import { createUnsavedTokens } from "./unsaved-tokens.ts";

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
  /**
   * Fresh tokens instead of `before`; answers whether that still was what counts. What the disk refuses counts from memory, and is written
   * with whatever is written next: the ones before cannot be used again.
   */
  replace(connector: Signed, before: string, tokens: OpenTokens): Promise<boolean>;
  /** Says of the one that began then that it does not count any more, or what it does not cover. */
  note(connector: Signed, since: string, words: Partial<Pick<Current, "ended" | "missing">>): Promise<void>;
  /** Answers what counted until then; `null` where there was nothing, or nothing that can be opened. */
  forget(connector: Signed): Promise<OpenSignIn | null>;
  /** Writes what the disk has refused so far. */
  save(): Promise<void>;
}

interface Parts {
  configs: Pick<ConfigStore, "signIn" | "putSignIn">;
  secrets: SecretBox;
  logger: Pick<Logger, "error">;
  now(): number;
}

export function createSignInBook({ configs, secrets, logger, now }: Parts): SignInBook {
  const { seal, open } = createSealedSignIns({ secrets, now });
  const retire = createRetiring(open.token);
  const unsaved = createUnsavedTokens();

  /** As it counts, with what the disk has refused. */
  const of = (connector: Signed): SignInRecord | null => newest(configs.signIn(connector), connector);
  function newest(record: SignInRecord | null, connector: Signed): SignInRecord | null {
    const found = valid(record, connector);
    return found && { ...found, current: found.current && unsaved.over(connector, found.current) };
  }

  const openGone = (gone: Current | null): Promise<OpenSignIn | null> =>
    gone === null ? Promise.resolve(null) : open.current(gone).catch(() => null);

  /** Answers what counted before. */
  async function change(
    connector: Signed,
    make: (before: SignInRecord) => SignInRecord,
  ): Promise<{ before: SignInRecord | null; gone: Current | null }> {
    const empty: SignInRecord = { address: connector.address.href, current: null, pending: null };
    let before: SignInRecord | null = null;
    const written = unsaved.of(connector);
    const raw = await configs.putSignIn(connector, (record) => {
      before = newest(record, connector);
      const next = make(before ?? empty);
      return next.current === null && next.pending === null ? null : next;
    });
    unsaved.drop(connector, written); // it is on disk, or counts no more
    const counted = before as SignInRecord | null;
    return { before: counted, gone: (counted ?? raw)?.current ?? null };
  }

  async function save(connector: Signed): Promise<void> {
    try {
      await change(connector, (record) => record);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (error instanceof LeadsElsewhere) unsaved.drop(connector, unsaved.of(connector));
    }
  }

  return {
    of,
    async open(connector) {
      if (unsaved.of(connector) !== null) await save(connector);
      const current = of(connector)?.current ?? null;
      return current && open.current(current);
    },
    async begin(connector, { place, client, redirectUri, state, verifier, until }) {
      const pending = {
        place,
        client: await seal.client(client),
        redirectUri,
        state,
        verifier: await seal.token(verifier),
        until,
      };
      await change(connector, (before) => ({ ...before, pending }));
    },
    async take(connector) {
      const { before } = await change(connector, (record) => ({ ...record, pending: null }));
      const pending = before?.pending ?? null;
      if (pending === null) return null;
      return { ...pending, client: await open.client(pending.client), verifier: await open.must(pending.verifier) };
    },
    async put(connector, { place, client, redirectUri }, tokens) {
      const sealed = await seal.tokens(tokens);
      const current = { place, redirectUri, client: await seal.client(client), since: timeOf(now()), ...sealed };
      const { gone } = await change(connector, (record) => ({ ...record, current }));
      await retire(connector.id, gone, tokens);
    },
    async replace(connector, refused, tokens) {
      const current = of(connector)?.current ?? null;
      if (current === null || (await open.token(current.access)) !== refused) return false;
      const sealed = await seal.tokens(tokens);
      const fresh = { ...sealed, scope: sealed.scope ?? current.scope };
      const isMeant = (record: SignInRecord | null): boolean => record?.current?.since === current.since;
      try {
        const { before } = await change(connector, (record) =>
          record.current === null || !isMeant(record)
            ? record
            : { ...record, current: { ...record.current, ...fresh } },
        );
        if (!isMeant(before)) return false;
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        const written = valid(configs.signIn(connector), connector);
        if (error instanceof LeadsElsewhere || !written?.current || !isMeant(written)) return false;
        unsaved.keep(connector, { over: written.current.access, fresh });
        logger.error("Renewed tokens could not be written yet", { connector: connector.id }, error);
      }
      await retire(connector.id, current, tokens);
      return true;
    },
    async note(connector, since, words) {
      await change(connector, (record) =>
        record.current?.since === since ? { ...record, current: { ...record.current, ...words } } : record,
      );
    },
    async forget(connector) {
      const raw = await configs.putSignIn(connector, () => null);
      const before = newest(raw, connector);
      unsaved.drop(connector, unsaved.of(connector));
      await retire(connector.id, (before ?? raw)?.current ?? null, null);
      return openGone(before?.current ?? null);
    },
    async save() {
      for (const connector of unsaved.connectors()) await save(connector);
    },
  };
}

function valid(record: SignInRecord | null, { address }: Signed): SignInRecord | null {
  return record?.address === address.href ? record : null;
}

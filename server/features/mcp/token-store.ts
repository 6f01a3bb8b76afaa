import { createHash, randomBytes } from "node:crypto";

import type { McpRights, McpRuns, McpToken, McpTokenInput } from "../../../contract/features/mcp.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { JsonStore } from "../../../lib/json-store.ts";
import { isExpired, toView, type McpFile, type TokenRecord } from "./mcp-file.ts";
import { narrowed } from "./rights.ts";

/** A token that counts, with what may be done with it now. */
export type KnownToken = Pick<TokenRecord, "id" | "name" | "runId" | "rights">;

/** Tokens, of which only hashes are kept. */
export interface TokenStore {
  list(): McpToken[];
  runs(): McpRuns;
  saveRuns(runs: McpRuns): Promise<McpRuns>;
  create(input: McpTokenInput, by: string): Promise<{ token: McpToken; secret: string }>;
  /** A token of a run, which ends with it. Until `settled` it holds whatever is known of the run: it is about to go on. */
  lend(run: { id: string; title: string }, rights: McpRights): Promise<{ id: string; secret: string; settled(): void }>;
  /** Runs that have tokens, without those that are just being lent. */
  lent(): { runId: string; tokenIds: string[] }[];
  /** Takes these tokens, as far as they are there. */
  take(ids: readonly string[]): Promise<void>;
  update(id: string, input: McpTokenInput): Promise<McpToken>;
  revoke(id: string): Promise<{ id: string; name: string }>;
  /** Takes the tokens of a run that were made until then, all of them without `until`; none that is just being lent. */
  endRun(runId: string, until: string | null): Promise<void>;
  /** The token somebody came with; `null` when it does not count, or not any more. */
  find(secret: string): KnownToken | null;
  /** The same by its id, as it is now. */
  byId(id: string): KnownToken | null;
  /** Notes who came; kept at most once a minute. */
  noteUse(id: string, use: { client: string | null; from: string }): void;
  onChange(listener: () => void): void;
}

/** How they look: `redact` knows it. */
const prefix = "portos_mcp_";
const runTokenMs = 7 * 24 * 3_600_000;
const noteEveryMs = 60_000;
/** Tokens of runs whose end was never told are not kept for good. */
const mostRunTokens = 500;

/** The store over its open file. */
export function createTokenStore({
  store,
  clock,
  isOver,
  onFailure,
}: {
  store: JsonStore<McpFile>;
  clock: Pick<Clock, "now">;
  /** A run is known to have ended. Its token is worth nothing from then on, also while the disk keeps it from being taken. */
  isOver(runId: string): boolean;
  onFailure: (error: unknown) => void;
}): TokenStore {
  const now = (): string => new Date(clock.now()).toISOString();
  const uses = createUseNotes(store, clock, onFailure);
  /** Tokens nobody knows of yet whether their run goes on with them. */
  const lending = new Set<string>();

  function usable(record: TokenRecord | undefined): KnownToken | null {
    if (record === undefined || isExpired(record, clock.now())) return null;
    const { id, name, runId, rights } = record;
    const { runs } = store.get();
    if (runId !== null && (!runs.isOn || (!lending.has(id) && isOver(runId)))) return null;
    return { id, name, runId, rights: runId === null ? rights : narrowed(rights, runs.rights) };
  }

  function view(record: TokenRecord): McpToken {
    const used = uses.get(record.id);
    return toView(used === undefined ? record : { ...record, lastUsed: used }, clock.now());
  }

  async function add(
    facts: Pick<TokenRecord, "name" | "createdBy" | "expiresAt" | "rights" | "runId">,
    id = newTokenId(),
  ) {
    const secret = `${prefix}${randomBytes(32).toString("base64url")}`;
    const record: TokenRecord = {
      ...facts,
      id,
      hash: hashOf(secret),
      last4: secret.slice(-4),
      createdAt: now(),
      lastUsed: null,
    };
    await store.update((file) => ({ next: { ...file, tokens: pruned([...file.tokens, record]) }, result: null }));
    return { record, secret };
  }

  /** Tokens of runs that ended long ago without a word, and more of them than can be under way. */
  function pruned(tokens: TokenRecord[]): TokenRecord[] {
    const ofRuns = tokens.filter((token) => token.runId !== null && !isExpired(token, clock.now()));
    const kept = new Set(ofRuns.slice(-mostRunTokens).map(({ id }) => id));
    return tokens.filter(({ id, runId }) => runId === null || kept.has(id));
  }

  async function remove(match: (token: TokenRecord) => boolean): Promise<void> {
    const gone = await store.update((file) => {
      const kept = file.tokens.filter((token) => !match(token));
      const isSame = kept.length === file.tokens.length;
      return { next: isSame ? file : { ...file, tokens: kept }, result: isSame ? [] : file.tokens.filter(match) };
    });
    for (const { id } of gone) uses.forget(id);
  }

  return {
    list() {
      const sorted = store.get().tokens.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
      return [...sorted.filter(({ runId }) => runId === null), ...sorted.filter(({ runId }) => runId !== null)].map(
        view,
      );
    },
    runs: () => store.get().runs,
    saveRuns: (runs) => store.update((file) => ({ next: { ...file, runs }, result: runs })),
    async create(input, by) {
      const { record, secret } = await add({ ...input, createdBy: by, runId: null });
      return { token: view(record), secret };
    },
    async lend({ id: runId, title }, rights) {
      const expiresAt = new Date(clock.now() + runTokenMs).toISOString();
      const facts = { name: title.slice(0, 200), createdBy: "PortOS", expiresAt, rights, runId };
      const id = newTokenId();
      lending.add(id);
      try {
        const { secret } = await add(facts, id);
        return { id, secret, settled: () => void lending.delete(id) };
      } catch (error) {
        lending.delete(id);
        throw error;
      }
    },
    lent() {
      const byRun = new Map<string, string[]>();
      for (const { id, runId } of store.get().tokens)
        if (runId !== null && !lending.has(id)) byRun.set(runId, [...(byRun.get(runId) ?? []), id]);
      return [...byRun].map(([runId, tokenIds]) => ({ runId, tokenIds }));
    },
    async take(ids) {
      await remove(({ id }) => ids.includes(id));
    },
    async update(id, input) {
      const changed = await store.update((file) => {
        const before = existing(file, id);
        if (before.runId !== null) throw new AppError("conflict", "What runs may use is set for all of them");
        const next = { ...before, ...input };
        return { next: { ...file, tokens: file.tokens.map((one) => (one.id === id ? next : one)) }, result: next };
      });
      return view(changed);
    },
    async revoke(id) {
      const { name } = existing(store.get(), id);
      await remove((token) => token.id === id);
      return { id, name };
    },
    async endRun(runId, until) {
      await remove(
        ({ id, runId: of, createdAt }) => of === runId && !lending.has(id) && (until === null || createdAt <= until),
      );
    },
    find(secret) {
      if (!secret.startsWith(prefix)) return null;
      const hash = hashOf(secret);
      return usable(store.get().tokens.find((token) => token.hash === hash));
    },
    byId: (id) => usable(store.get().tokens.find((token) => token.id === id)),
    noteUse: uses.note,
    onChange: (listener) => void store.subscribe(listener),
  };
}

/** Who came last with each token, told at once and written down at most once a minute. */
function createUseNotes(store: JsonStore<McpFile>, clock: Pick<Clock, "now">, onFailure: (error: unknown) => void) {
  /** Those that are not on disk yet. */
  const lately = new Map<string, NonNullable<TokenRecord["lastUsed"]>>();
  return {
    get: (id: string) => lately.get(id),
    forget: (id: string) => void lately.delete(id),
    note(id: string, use: { client: string | null; from: string }): void {
      const kept = store.get().tokens.find((token) => token.id === id)?.lastUsed ?? null;
      const at = new Date(clock.now()).toISOString();
      const used = { at, client: use.client ?? lately.get(id)?.client ?? kept?.client ?? null, from: use.from };
      lately.set(id, used);
      const isFresh = kept !== null && clock.now() - Date.parse(kept.at) < noteEveryMs;
      if (isFresh && kept.client === used.client && kept.from === used.from) return;
      store
        .update((file) => ({
          next: { ...file, tokens: file.tokens.map((one) => (one.id === id ? { ...one, lastUsed: used } : one)) },
          result: null,
        }))
        .catch(onFailure);
    },
  };
}

function newTokenId(): string {
  return `mt-${randomBytes(8).toString("hex")}`;
}

function existing({ tokens }: McpFile, id: string): TokenRecord {
  const found = tokens.find((token) => token.id === id);
  if (found) return found;
  throw new AppError("not_found", "There is no such token", { hint: "It may have been revoked meanwhile." });
}

/** 256 random bits need no slow hash: there is nothing to guess. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

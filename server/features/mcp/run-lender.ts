import type { Isolation } from "../../../contract/features/isolation.ts";
import type { McpRights } from "../../../contract/features/mcp.ts";
import type { RunTools } from "../../../contract/internal/runs.ts";
import { isNothing, narrowed, rightsOfModel, rightsOfRun } from "./rights.ts";
import type { TokenStore } from "./token-store.ts";

/** A run that is about to ask somebody. */
export interface LendingRun {
  id: string;
  title: string;
  permissionMode: string;
  isolation: Isolation;
  /** What it gets at most; nothing: what its provider may. */
  tools?: McpRights | null | undefined;
  /** Whom it asks. Programs see what PortOS knows, models that are asked over HTTP only connectors. */
  providers: readonly { id: string; isProgram: boolean }[];
}

/** What a run gets to come back with. One of the two is to be called when it is known whether it took it. */
export interface Lent {
  /** By provider; one that is not there gets nothing. */
  tools: ReadonlyMap<string, RunTools>;
  /** It goes on with it. */
  keep(): void;
  /** It does not. */
  takeBack(): Promise<void>;
}

/** Lends to a run; `null` when it gets nothing. */
export type LendTools = (run: LendingRun) => Promise<Lent | null>;

interface LenderOptions {
  tokens: Pick<TokenStore, "runs" | "lend" | "take">;
  /** What runs that ask a provider get at most; `null`: what runs may in general. */
  ofProvider(id: string): McpRights | null;
  /** Whether a run with these rights could call any connector now. */
  hasConnectors(rights: McpRights): boolean;
  url: string;
  bridge: readonly string[];
}

/**
 * Gives each run tokens of its own, which hold until it has ended: one for all providers that may the same. Each of the three who have
 * a say (runs in general, the provider, the run) can only take away.
 */
export function createLender({ tokens, ofProvider, hasConnectors, url, bridge }: LenderOptions): LendTools {
  return async ({ id, title, permissionMode, isolation, tools: wish = null, providers }) => {
    const { isOn, rights } = tokens.runs();
    // Without a network nothing could come here, and an agent that tries might not even begin.
    if (!isOn || (isolation.kind === "sandbox" && !isolation.network)) return null;
    const most = rightsOfRun(wish === null ? rights : narrowed(wish, rights), permissionMode);
    const groups = new Map<string, { given: McpRights; providerIds: string[] }>();
    for (const provider of providers) {
      const own = ofProvider(provider.id);
      const wide = own === null ? most : narrowed(own, most);
      const given = provider.isProgram ? wide : rightsOfModel(wide);
      if (isNothing(given) || (!provider.isProgram && !hasConnectors(given))) continue;
      const key = JSON.stringify(given);
      const group = groups.get(key) ?? { given, providerIds: [] };
      groups.set(key, { given, providerIds: [...group.providerIds, provider.id] });
    }
    if (groups.size === 0) return null;
    const lent: { id: string; settled(): void }[] = [];
    const tools = new Map<string, RunTools>();
    async function takeBack(): Promise<void> {
      for (const token of lent) token.settled();
      await tokens.take(lent.map((token) => token.id));
    }
    try {
      for (const { given, providerIds } of groups.values()) {
        const token = await tokens.lend({ id, title }, given);
        lent.push(token);
        for (const provider of providerIds)
          tools.set(provider, { url, token: token.secret, bridge: [...bridge], rights: given });
      }
    } catch (error) {
      await takeBack().catch(() => undefined); // the disk that refuses it is told of by the error itself
      throw error;
    }
    return {
      tools,
      keep() {
        for (const token of lent) token.settled();
      },
      takeBack,
    };
  };
}

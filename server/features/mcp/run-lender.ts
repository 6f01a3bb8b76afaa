import type { Isolation } from "../../../contract/features/isolation.ts";
import type { McpRights } from "../../../contract/features/mcp.ts";
import type { RunTools } from "../../../contract/internal/runs.ts";
import { rightsOfRun } from "./rights.ts";
import type { TokenStore } from "./token-store.ts";

/** A run that is about to ask somebody. */
export interface LendingRun {
  id: string;
  title: string;
  permissionMode: string;
  isolation: Isolation;
  /** Programs see what PortOS knows, models that are asked over HTTP only connectors. */
  hasPrograms: boolean;
}

/** What a run gets to come back with. One of the two is to be called when it is known whether it took it. */
export interface Lent {
  tools: RunTools;
  /** It goes on with it. */
  keep(): void;
  /** It does not. */
  takeBack(): Promise<void>;
}

/** Lends to a run; `null` when it gets nothing. */
export type LendTools = (run: LendingRun) => Promise<Lent | null>;

/** Gives each run a token of its own, which holds until the run has ended. */
export function createLender({
  tokens,
  hasConnectors,
  url,
  bridge,
}: {
  tokens: Pick<TokenStore, "runs" | "lend" | "take">;
  /** Whether a run with these rights could call any connector now. */
  hasConnectors(rights: McpRights): boolean;
  url: string;
  bridge: readonly string[];
}): LendTools {
  return async ({ id, title, permissionMode, isolation, hasPrograms }) => {
    const { isOn, rights } = tokens.runs();
    // Without a network nothing could come here, and an agent that tries might not even begin.
    if (!isOn || (isolation.kind === "sandbox" && !isolation.network)) return null;
    const given = rightsOfRun(rights, permissionMode);
    if (!hasPrograms && !hasConnectors(given)) return null;
    const token = await tokens.lend({ id, title }, given);
    return {
      tools: { url, token: token.secret, bridge: [...bridge] },
      keep: token.settled,
      async takeBack() {
        token.settled();
        await tokens.take([token.id]);
      },
    };
  };
}

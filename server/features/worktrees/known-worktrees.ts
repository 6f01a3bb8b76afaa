import type { Reply } from "../../../contract/endpoint.ts";
import type { Worktree, worktreesEndpoints } from "../../../contract/features/worktrees.ts";
import type { internalWorktreesEndpoints } from "../../../contract/internal/worktrees.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { InternalClient } from "../../../lib/internal-client.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RunsLink } from "../../runs-link.ts";

export type CosWorktrees = InternalClient<typeof internalWorktreesEndpoints>;
export type WorktreesEvent =
  { kind: "changed"; worktree: Worktree } | { kind: "removed"; runId: string } | { kind: "up"; isUp: boolean };
type WorktreeList = Reply<(typeof worktreesEndpoints)["list"]>;

const listMs = 4_000;

/** Worktrees as portos-cos tells them, as last heard while it is away. */
export interface KnownWorktrees {
  list(): Promise<WorktreeList>;
  get(runId: string): Worktree | undefined;
  forget(runId: string): void;
  /** Listens to portos-cos from now on. */
  start(link: Pick<RunsLink, "onMessage" | "onState">): void;
  stop(): void;
}

export function createKnownWorktrees(options: {
  cos: Pick<CosWorktrees, "list">;
  publish: (event: WorktreesEvent) => void;
  /** Somebody looks at the list. */
  isWatched: () => boolean;
  logger: Logger;
}): KnownWorktrees {
  const { cos, publish, isWatched, logger } = options;
  const known = new Map<string, Worktree>();
  let sandbox: WorktreeList["sandbox"] = { isAvailable: false, help: null };
  const stops: (() => void)[] = [];

  const asKnown = (isUp: boolean): WorktreeList => {
    const worktrees = [...known.values()].toSorted((one, other) => other.createdAt.localeCompare(one.createdAt));
    return { worktrees, sandbox, isUp };
  };

  async function list(): Promise<WorktreeList> {
    try {
      const heard = await cos.list({}, { timeoutMs: listMs });
      known.clear();
      for (const worktree of heard.worktrees) known.set(worktree.runId, worktree);
      ({ sandbox } = heard);
      return asKnown(true);
    } catch (error) {
      if (!(error instanceof AppError) || (error.code !== "unavailable" && error.code !== "timeout")) throw error;
      return asKnown(false);
    }
  }

  function forget(runId: string): void {
    known.delete(runId);
    publish({ kind: "removed", runId });
  }

  /** What happened while nobody listened. */
  async function catchUp(): Promise<void> {
    const before = new Set(known.keys());
    const { worktrees, isUp } = await list();
    if (!isUp) return;
    for (const worktree of worktrees) {
      before.delete(worktree.runId);
      publish({ kind: "changed", worktree });
    }
    for (const runId of before) publish({ kind: "removed", runId });
  }

  return {
    list,
    get: (runId) => known.get(runId),
    forget,
    start(link) {
      stops.push(
        link.onMessage((message) => {
          if (message.kind === "worktree") {
            known.set(message.worktree.runId, message.worktree);
            publish({ kind: "changed", worktree: message.worktree });
          } else if (message.kind === "worktree-removed") forget(message.runId);
        }),
        link.onState((isUp) => {
          publish({ kind: "up", isUp });
          if (!isUp || !isWatched()) return;
          catchUp().catch((error: unknown) => {
            logger.warn("The worktrees of portos-cos could not be read", { problem: String(error) });
          });
        }),
      );
    },
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
  };
}

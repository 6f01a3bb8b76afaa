import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RunHooks } from "../runs/run-hooks.ts";
import type { RunService } from "../runs/run-service.ts";
import type { TokenStore } from "./token-store.ts";

interface Dependencies {
  tokens: Pick<TokenStore, "lent" | "take" | "endRun">;
  hooks: Pick<RunHooks, "onRunEnded" | "onRunRemoved">;
  /** A run as portos-cos has it. Throws `not_found`. */
  runs: Pick<RunService, "get">;
  /** The same as it was heard of last. */
  known(id: string): Run | undefined;
  onComplete(listener: (isComplete: boolean) => void): void;
  logger: Logger;
}

const lookEveryMs = 60_000;

/**
 * Takes tokens when their run ends. Whatever kept one from being taken then (the end of this process between making a token and handing
 * it over, a full disk), it is made up for: all of them are looked at when portos-cos has told all runs, and now and then. Returns how
 * to stop.
 */
export function endTokens({ tokens, hooks, runs, known, onComplete, logger }: Dependencies): () => void {
  let isComplete = false;
  let isLooking = false;

  const isOpen = (id: string): boolean => {
    const run = known(id);
    return run !== undefined && isOpenState(run.state);
  };
  // It may go on again already, with a newer token.
  hooks.onRunEnded((run) => tokens.endRun(run.id, isOpen(run.id) ? run.endedAt : null));
  hooks.onRunRemoved((run) => tokens.endRun(run.id, null));

  async function isOver(runId: string): Promise<boolean> {
    if (isOpen(runId)) return false;
    try {
      return !isOpenState((await runs.get(runId)).state);
    } catch (error) {
      if (error instanceof AppError && error.code === "not_found") return true;
      throw error;
    }
  }

  async function look(): Promise<void> {
    if (!isComplete || isLooking) return;
    isLooking = true;
    try {
      for (const { runId, tokenIds } of tokens.lent()) if (await isOver(runId)) await tokens.take(tokenIds);
    } catch (error) {
      logger.warn("Tokens of runs could not be looked at", { problem: String(error) });
    } finally {
      isLooking = false;
    }
  }

  onComplete((next) => {
    isComplete = next;
    void look();
  });
  const timer = setInterval(() => void look(), lookEveryMs).unref();
  return () => {
    clearInterval(timer);
  };
}

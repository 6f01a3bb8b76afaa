import type { Run } from "../../../contract/features/runs.ts";
import type { RunTarget, WantingRun } from "../../../contract/internal/runs.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { RunsLink } from "../../runs-link.ts";
import { countableTargets, targetsToGoOn } from "./countable-targets.ts";
import type { RunRequests } from "./run-requests.ts";
import { choiceOf, type CosRuns, type RunServiceOptions } from "./run-starter.ts";

interface Dependencies extends Pick<RunServiceOptions, "resolveTargets" | "checkAllowed"> {
  cos: Pick<CosRuns, "get" | "wanting" | "supply">;
  link: Pick<RunsLink, "onMessage" | "onState" | "isUp">;
  requests: Pick<RunRequests, "get">;
  /** Takes in what portos-cos answers of a run. */
  hear(run: Run): Promise<void>;
  logger: Logger;
}

const retryMs = 2_000;
const longestProblem = 500;

/**
 * portos-cos keeps no secrets on disk, so after its restart it does not know whom to ask in runs it still has. It is told again
 * whenever it comes back, and when it finds out later. Returns how to stop.
 */
export function startRunSupplier(dependencies: Dependencies): () => void {
  const { cos, link, requests, hear, logger, resolveTargets, checkAllowed } = dependencies;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  /** Who is asked, as it is set up now. */
  async function targetsOf(run: Run, isFollowUp: boolean): Promise<RunTarget[]> {
    checkAllowed();
    const asked = requests.get(run.id)?.choice ?? null;
    if (!isFollowUp)
      return countableTargets(await resolveTargets(asked ?? choiceOf(run, run.attempts[0], null)), run.budget);
    const last = run.attempts.at(-1);
    const targets = targetsToGoOn(run, await resolveTargets(choiceOf(run, last, asked)));
    if (targets.length > 0) return targets;
    throw new AppError("unavailable", `${last?.providerName ?? "Its provider"} is not available`);
  }

  async function supply({ id, isFollowUp }: WantingRun): Promise<void> {
    const run = await cos.get({ params: { id } });
    let body: { targets: RunTarget[]; problem: string | null };
    try {
      body = { targets: await targetsOf(run, isFollowUp), problem: null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      body = { targets: [], problem: error.message.slice(0, longestProblem) };
    }
    await hear(await cos.supply({ params: { id }, body }));
  }

  function supplyAll(): void {
    clearTimeout(timer);
    (async () => {
      for (const run of await cos.wanting({})) await supply(run);
    })().catch((error: unknown) => {
      logger.warn("Runs could not be told whom to ask", { problem: String(error) });
      if (link.isUp && !isStopped) timer = setTimeout(supplyAll, retryMs);
    });
  }

  const stops = [
    link.onState((isUp) => {
      if (isUp) supplyAll();
    }),
    link.onMessage((message) => {
      if (message.kind === "wanting") supplyAll();
    }),
  ];
  return () => {
    isStopped = true;
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

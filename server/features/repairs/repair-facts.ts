import type { Repair } from "../../../contract/features/repairs.ts";
import type { RunState } from "../../../contract/features/run-events.ts";
import type { Incident } from "../../../contract/internal/autofixer.ts";
import { AppError } from "../../../lib/app-error.ts";
import { isAway } from "./check-runner.ts";
import { judgeHealth, type HealthLook } from "./health.ts";
import type { RepairParts } from "./repair-parts.ts";
import type { RepairFacts } from "./repair-policy.ts";

type Parts = Pick<
  RepairParts,
  "incidents" | "process" | "isAnswering" | "runs" | "reviews" | "approvals" | "panic" | "clock"
>;

/** Looks at what a repair depends on in its present state; what it does not depend on is not asked for. */
export interface RepairFactFinder {
  facts(repair: Repair): Promise<RepairFacts>;
  /** How the process is just now. */
  look(repair: Repair): Promise<HealthLook>;
}

export function createFactFinder(parts: Parts): RepairFactFinder {
  async function runOf({ runId, toldAfter, isTold, state }: Repair): Promise<RepairFacts["run"]> {
    if (runId === null || (state !== "diagnosing" && state !== "repairing")) return null;
    const run = await orUnknown(() => parts.runs.get(runId));
    if (run === "unknown" || run === null) return run;
    const wasToldToRepair = isTold || (toldAfter !== null && (await hasHeard(runId, run.state, toldAfter)));
    return { state: run.state, message: run.message, wasToldToRepair };
  }

  /**
   * Whether a run that had succeeded was told something since: it goes on, it ended otherwise, or the message stands among its
   * events. There it comes only with a free slot, so alone it would say "no" while the message waits.
   */
  async function hasHeard(runId: string, state: RunState, after: number): Promise<boolean> {
    if (state !== "succeeded") return true;
    const { events } = await parts.runs.events(runId, { after, limit: 50 });
    return events.some(({ body }) => body.kind === "user");
  }

  async function reviewOf({ runId, state, checks }: Repair, isAnswered: boolean): Promise<RepairFacts["review"]> {
    if (runId === null) return null;
    const isChecked = checks.every(({ after }) => after !== null && after.state !== "running");
    const isLookedAt = (state === "checking-after" && isChecked) || (state === "waiting" && isAnswered);
    if (isLookedAt) return orUnknown(() => parts.reviews.read(runId));
    const review = parts.reviews.peek(runId);
    return review === null ? null : { state: review.state, by: review.by, tree: null };
  }

  async function approvalOf({ approvalId, state }: Repair): Promise<RepairFacts["approval"]> {
    if (approvalId === null || state !== "waiting") return null;
    const approval = await orUnknown(() => parts.approvals.get(approvalId));
    if (approval === "unknown" || approval === null) return approval;
    const { by = "PortOS", reason = null } = approval.decision ?? {};
    return { state: approval.state, by, reason };
  }

  async function look(repair: Repair): Promise<HealthLook> {
    const { port, processKey } = repair;
    const process = parts.process(processKey);
    return {
      status: process === "unknown" || process === null ? process : process.status,
      restarts: process === "unknown" || process === null ? null : process.restarts,
      isAnswering: port === null ? null : await parts.isAnswering(port.number),
      crash: crashSince(repair, parts.incidents.heard()),
      isAutofixerUp: parts.incidents.isUp(),
    };
  }

  return {
    look,
    async facts(repair) {
      const approval = await approvalOf(repair);
      const isAnswered = approval !== null && approval !== "unknown" && approval.state !== "pending";
      const now = parts.clock.now();
      return {
        panic: parts.panic(),
        run: await runOf(repair),
        review: await reviewOf(repair, isAnswered),
        approval,
        health:
          repair.state === "watching" && repair.watch !== null
            ? judgeHealth({ watch: repair.watch, port: repair.port }, await look(repair), now)
            : { kind: "going", text: repair.reason },
      };
    },
  };
}

/** The end of the process that came after it was restarted with the repair; `null` when there was none. */
function crashSince(
  { watch, processKey }: Repair,
  { active, settled }: { active: readonly Incident[]; settled: readonly Incident[] },
): string | null {
  if (watch === null) return null;
  const crash = [...active, ...settled].find(
    ({ process, exit }) => process.key === processKey && Date.parse(exit.at) > Date.parse(watch.since),
  );
  if (crash === undefined) return null;
  const { code, signal } = crash.exit;
  return signal === null ? `exit code ${String(code ?? "unknown")}` : `killed by ${signal}`;
}

/** "unknown" while who knows does not answer, `null` when there is no such thing. */
async function orUnknown<T>(ask: () => Promise<T>): Promise<T | "unknown" | null> {
  try {
    return await ask();
  } catch (error) {
    if (isAway(error)) return "unknown";
    if (error instanceof AppError && error.code === "not_found") return null;
    throw error;
  }
}

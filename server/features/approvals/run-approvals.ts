import type { Approval } from "../../../contract/features/approvals.ts";
import type { PermissionRequest } from "../../../contract/features/run-events.ts";
import type { Run } from "../../../contract/features/runs.ts";
import { isOpenState } from "../../../contract/run-transcript.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { Logger } from "../../../lib/logger.ts";
import type { ApprovalService } from "./approval-service.ts";
import type { Deliver } from "./approval-settler.ts";
import { agentSubject, contentHash, hasSamePlaces, requestHash } from "./approval-subject.ts";
import type { RuleService } from "./rule-service.ts";

/** The runs as this feature needs them. */
export interface AskingRuns {
  answer(
    id: string,
    answer: { requestId: string; optionId: string | null; by: string; reason: string | null },
  ): Promise<Run>;
  get(id: string): Promise<Run>;
  /** Throws `conflict` for a run that is not interrupted. */
  resume(id: string): Promise<unknown>;
}

type Option = PermissionRequest["options"][number];

/** The mildest option of a kind; what an agent would remember beyond this question is the user's to grant, not its own. */
function optionFor(options: readonly Option[], isAllowed: boolean): Option | undefined {
  const kinds = isAllowed ? (["allow-once", "allow-always"] as const) : (["deny-once"] as const);
  for (const kind of kinds) {
    const found = options.find((option) => option.kind === kind);
    if (found) return found;
  }
  return undefined;
}

/** Tells portos-cos the answer to a question of a run, if exactly that is still asked. */
export function createRunDelivery(runs: AskingRuns): Deliver {
  return async (approval) => {
    const { subject, decision, state, hash } = approval;
    if (subject.kind !== "agent-tool") return "told"; // whoever calls a connector hears it from `onSettled`
    try {
      const run = await runs.get(subject.runId);
      const request = run.pending.find(({ requestId }) => requestId === subject.requestId);
      if (!request || requestHash(run.id, request) !== hash) {
        if (isKept(approval, run)) return "later";
        return approval.isParked === true && state === "expired" ? "told" : "gone"; // nobody waits for it
      }
      const isAllowed = state === "allowed";
      const option = optionFor(request.options, isAllowed);
      // An agent that offers no way to say yes cannot be told yes.
      if (isAllowed && !option) return "gone";
      await runs.answer(subject.runId, {
        requestId: subject.requestId,
        optionId: option?.optionId ?? null,
        by: answererText(decision),
        reason: decision?.reason ?? null,
      });
      return "told";
    } catch (error) {
      if (error instanceof AppError && (error.code === "conflict" || error.code === "not_found")) return "gone";
      throw error;
    }
  };
}

/** Lets an interrupted run go on whose question was answered; one that goes on already is left alone. */
export function createGoOn(runs: AskingRuns): (id: string) => Promise<void> {
  const isInterrupted = async (id: string): Promise<boolean> => (await runs.get(id)).state === "interrupted";
  return async (id) => {
    try {
      if (await isInterrupted(id)) await runs.resume(id);
    } catch (error) {
      if (!(await isInterrupted(id).catch(() => true))) return;
      const why = error instanceof Error ? error.message : String(error);
      throw new AppError("conflict", `Your answer is kept, but the run cannot go on: ${why}`, {
        hint: "Resume the run when that is mended; it hears the answer when it asks again.",
      });
    }
  };
}

/** The run was interrupted, or goes on and may come to the question again. What nobody answered is not told later. */
function isKept({ isParked, state }: Approval, run: Run): boolean {
  return isParked === true && state !== "expired" && (run.state === "interrupted" || isOpenState(run.state));
}

function answererText(decision: Approval["decision"]): string {
  if (decision === null) return "PortOS";
  return decision.device === null ? decision.by : `${decision.by} on ${decision.device}`;
}

/** Keeps approvals in step with what runs ask: one for each question, none for a question that is gone. */
export interface RunApprovals {
  /** A newer state of a run. Answers at once; the work is done one run after the other. */
  hear(run: Run): void;
  forget(run: Run): void;
  /** Resolves when everything heard so far is dealt with. */
  settled(): Promise<void>;
}

export function createRunApprovals(options: {
  approvals: ApprovalService;
  rules: Pick<RuleService, "endRun">;
  logger: Logger;
}): RunApprovals {
  const { approvals, rules, logger } = options;
  /** The newest state of each run that has not been dealt with. */
  const heard = new Map<string, Run>();
  let line: Promise<void> = Promise.resolve();

  function queue(run: Run): void {
    const isQueued = heard.has(run.id);
    heard.set(run.id, run);
    if (isQueued) return;
    line = line
      .then(() => reconcileNewest(run.id))
      .catch((error: unknown) => {
        logger.error("The questions of a run could not be followed", { run: run.id }, error);
      });
  }

  function endRules(id: string): void {
    line = line
      .then(() => rules.endRun(id))
      .catch((error: unknown) => {
        logger.error("The rules of a run could not be ended", { run: id }, error);
      });
  }

  function reconcileNewest(id: string): Promise<void> {
    const run = heard.get(id);
    heard.delete(id);
    return run ? reconcile(run) : Promise.resolve();
  }

  async function reconcile(run: Run): Promise<void> {
    const asked = new Map(
      (isOpenState(run.state) ? run.pending : []).map((request) => [requestHash(run.id, request), request]),
    );
    for (const approval of approvals.open()) {
      if (approval.subject.kind !== "agent-tool" || approval.subject.runId !== run.id) continue;
      const request = asked.get(approval.hash);
      const isAsked = asked.delete(approval.hash);
      if (request !== undefined && approval.isParked === true) {
        await approvals.unpark(approval.id, { subject: await agentSubject(run, request), hash: approval.hash });
        continue;
      }
      if (!isAsked && (await keep(approval, run, asked))) continue;
      if (approval.state === "pending" && !isAsked) await approvals.withdraw(approval.id, goneReason(run));
      else if (approval.state !== "pending" && isAsked) await approvals.tellAgain(approval.id);
      else if (approval.state !== "pending") await approvals.setTold(approval.id);
    }
    const settled = approvals.list().recent;
    for (const [hash, request] of asked) {
      const before = settled.find((approval) => approval.hash === hash && approval.state !== "withdrawn");
      if (before) await approvals.tellAgain(before.id);
      else
        await approvals.ask({
          subject: await agentSubject(run, request),
          hash,
          contentHash: contentHash(run.id, request),
        });
    }
  }

  /** Whether it stays although it is not asked just now. What asks the same again takes its place, and is taken out of `asked`. */
  async function keep(approval: Approval, run: Run, asked: Map<string, PermissionRequest>): Promise<boolean> {
    const { id, state, subject } = approval;
    if (subject.kind !== "agent-tool") return false;
    if (state === "pending" && approval.isParked !== true && run.state === "interrupted") {
      await approvals.park(id);
      return true;
    }
    if (!isKept(approval, run)) return false;
    for (const [hash, request] of asked) {
      if (contentHash(run.id, request) !== approval.contentHash) continue;
      const again = await agentSubject(run, request);
      if (!hasSamePlaces(again, subject)) continue;
      asked.delete(hash);
      await approvals.unpark(id, { subject: again, hash });
      break;
    }
    return true;
  }

  return {
    hear(run) {
      if (!isOpenState(run.state)) endRules(run.id);
      const concerns = run.pending.length > 0 || approvals.open().some(({ subject }) => isOf(subject, run.id));
      if (concerns || heard.has(run.id)) queue(run);
    },
    forget(run) {
      endRules(run.id);
      queue({ ...run, state: "cancelled", pending: [] });
    },
    settled: () => line,
  };
}

function isOf(subject: Approval["subject"], runId: string): boolean {
  return subject.kind === "agent-tool" && subject.runId === runId;
}

function goneReason(run: Run): string {
  return isOpenState(run.state) ? "It is not asked any more" : `The run ${endWords[run.state] ?? "ended"}`;
}

const endWords: Partial<Record<Run["state"], string>> = {
  succeeded: "is done",
  failed: "failed",
  cancelled: "was stopped",
  interrupted: "was interrupted",
};

import type { Approval } from "../../../contract/features/approvals.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { ApprovalAnswer, GatewayApprovals } from "../../connectors/framework/gateway-request.ts";
import { AppError } from "../../../lib/app-error.ts";
import type { ApprovalService } from "../approvals/approval-service.ts";

type Question = Parameters<GatewayApprovals["ask"]>[0];
type Asked = Pick<ApprovalService, "ask" | "get" | "withdraw" | "open" | "onSettled">;

/** Asks through the same questions, rules and devices as agents do. */
export interface ConnectorApprovals extends GatewayApprovals {
  /** Questions of calls that ended with the process: nobody waits for their answers, except for those that are `awaited`. */
  withdrawLeftOver(awaited: ReadonlySet<string>): Promise<void>;
}

/** Each answer goes to the one call that asked, once. */
export function createConnectorApprovals(approvals: Asked): ConnectorApprovals {
  const waiting = new Map<string, (approval: Approval) => void>();
  approvals.onSettled((approval) => {
    const tell = waiting.get(approval.id);
    waiting.delete(approval.id);
    tell?.(approval);
  });

  async function wait(asked: Approval, signal: AbortSignal | undefined, isKept: boolean): Promise<Approval> {
    const settled = new Promise<Approval>((resolve) => waiting.set(asked.id, resolve));
    const now = await approvals.get(asked.id); // it may have been answered before we listened
    if (now.state !== "pending") {
      waiting.delete(asked.id);
      return now;
    }
    return Promise.race([settled, aborted(asked.id, signal, isKept)]);
  }

  /** The question of before, unless it was about something else, or taken back. A no stays one, whatever has changed since. */
  async function askedBefore({ hash, resumes }: Question): Promise<Approval | null> {
    if (resumes?.approvalId == null) return null;
    const before = await approvals.get(resumes.approvalId).catch(unlessGone);
    if (before === null) return null;
    if (before.state === "denied" || (before.hash === hash && before.state !== "withdrawn")) return before;
    await approvals.withdraw(before.id, "What is asked has changed since it was shown");
    return null;
  }

  function aborted(id: string, signal: AbortSignal | undefined, isKept: boolean): Promise<never> {
    return new Promise((_resolve, reject) => {
      const stop = (): void => {
        if (!waiting.delete(id)) return;
        const reason: unknown = signal?.reason;
        const cancelled = new GatewayError("cancelled", "The call was cancelled while the user was asked", {
          hint: "Call again if it is still wanted.",
        });
        if (isKept && reason instanceof GatewayError && reason.isEnding) {
          reject(reason);
          return;
        }
        approvals.withdraw(id, reason instanceof GatewayError ? reason.message : "Whoever asked gave up").then(
          () => {
            reject(reason instanceof GatewayError ? reason : cancelled);
          },
          (error: unknown) => {
            reject(error instanceof Error ? error : cancelled);
          },
        );
      };
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted === true) stop();
    });
  }

  return {
    async ask(question, signal) {
      const { subject, hash, resumes } = question;
      const asked = (await askedBefore(question)) ?? (await approvals.ask({ subject, hash }));
      const isPending = asked.state === "pending";
      if (isPending) await resumes?.onAsked(asked.id);
      const settled = isPending ? await wait(asked, signal, resumes !== undefined) : asked;
      if (isPending || resumes?.approvalId === asked.id) await resumes?.onAnswered();
      return toAnswer(settled);
    },
    async withdrawLeftOver(awaited) {
      for (const { id, subject, state } of approvals.open())
        if (subject.kind === "connector-call" && state === "pending" && !waiting.has(id) && !awaited.has(id))
          await approvals.withdraw(id, "PortOS was started anew, and the call is not made any more");
    },
  };
}

function unlessGone(error: unknown): null {
  if (error instanceof AppError && error.code === "not_found") return null;
  throw error;
}

function toAnswer({ id, state, hash, decision }: Approval): ApprovalAnswer {
  return {
    id,
    state: state === "pending" ? "withdrawn" : state,
    hash,
    by: decision === null ? null : decision.device === null ? decision.by : `${decision.by} on ${decision.device}`,
    at: decision?.at ?? null,
    reason: decision?.reason ?? null,
  };
}

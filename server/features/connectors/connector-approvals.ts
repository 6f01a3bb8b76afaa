import type { Approval } from "../../../contract/features/approvals.ts";
import { GatewayError } from "../../connectors/framework/gateway-error.ts";
import type { ApprovalAnswer, GatewayApprovals } from "../../connectors/framework/gateway-request.ts";
import type { ApprovalService } from "../approvals/approval-service.ts";

type Asked = Pick<ApprovalService, "ask" | "get" | "withdraw" | "open" | "onSettled">;

/** Asks through the same questions, rules and devices as agents do. */
export interface ConnectorApprovals extends GatewayApprovals {
  /** Questions of calls that ended with the process: nobody waits for their answers. */
  withdrawLeftOver(): Promise<void>;
}

/** Each answer goes to the one call that asked, once. */
export function createConnectorApprovals(approvals: Asked): ConnectorApprovals {
  const waiting = new Map<string, (approval: Approval) => void>();
  approvals.onSettled((approval) => {
    const tell = waiting.get(approval.id);
    waiting.delete(approval.id);
    tell?.(approval);
  });

  async function wait(asked: Approval, signal: AbortSignal | undefined): Promise<Approval> {
    const settled = new Promise<Approval>((resolve) => waiting.set(asked.id, resolve));
    const now = await approvals.get(asked.id); // it may have been answered before we listened
    if (now.state !== "pending") {
      waiting.delete(asked.id);
      return now;
    }
    return Promise.race([settled, aborted(asked.id, signal)]);
  }

  function aborted(id: string, signal: AbortSignal | undefined): Promise<never> {
    return new Promise((_resolve, reject) => {
      const stop = (): void => {
        if (!waiting.delete(id)) return;
        const reason: unknown = signal?.reason;
        const cancelled = new GatewayError("cancelled", "The call was cancelled while the user was asked", {
          hint: "Call again if it is still wanted.",
        });
        approvals.withdraw(id, "Whoever asked gave up").then(
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
      const asked = await approvals.ask(question);
      return toAnswer(asked.state === "pending" ? await wait(asked, signal) : asked);
    },
    async withdrawLeftOver() {
      for (const { id, subject, state } of approvals.open())
        if (subject.kind === "connector-call" && state === "pending" && !waiting.has(id))
          await approvals.withdraw(id, "PortOS was started anew, and the call is not made any more");
    },
  };
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

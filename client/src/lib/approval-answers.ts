import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { Approval, ApprovalScope } from "../../../contract/features/approvals.ts";
import { call } from "./api.ts";
import { timeLeft } from "./approval-text.ts";
import { callKey } from "./call-query.ts";
import { reduceApprovals, type ApprovalLists } from "./live-reducers.ts";
import { toast, withErrorToast } from "./toasts.ts";

export interface ApprovalAnswer {
  answer: "allow" | "deny";
  scope: ApprovalScope;
  reason: string | null;
}

/** Answers a question exactly as it is shown; resolves with whether the answer was taken. */
export function useAnswerApproval(): (approval: Approval, answer: ApprovalAnswer) => Promise<boolean> {
  const client = useQueryClient();
  return (approval, answer) =>
    withErrorToast("The answer was not taken", async () => {
      const settled = await call("approvals.decide", {
        params: { id: approval.id },
        body: { hash: approval.hash, ...answer },
      });
      client.setQueryData<ApprovalLists>(callKey("approvals.list"), (lists) =>
        lists === undefined ? lists : reduceApprovals(lists, { kind: "changed", approval: settled }),
      );
      if (!settled.isDelivered)
        toast({
          kind: "info",
          text:
            settled.isParked === true
              ? "Answered. The run goes on, and is told when it asks again."
              : "Answered. It is told as soon as portos-cos answers again.",
        });
    });
}

/** "12 min left", kept true while it is shown. */
export function useTimeLeft(expiresAt: string): string {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now());
    }, 1_000);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return timeLeft(expiresAt, now);
}

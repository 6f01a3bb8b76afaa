import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import type { Approval, ApprovalScope } from "../../../contract/features/approvals.ts";
import { call } from "./api.ts";
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
        toast({ kind: "info", text: "Answered. It is told as soon as portos-cos answers again." });
    });
}

/** What an answer that reaches further lets through; `null` where the next question may be quite another. */
export function furtherText({ subject }: Approval): string | null {
  return subject.kind === "agent-tool" ? (furtherWords[subject.tool] ?? null) : null;
}

const furtherWords: Partial<Record<string, string>> = {
  read: "all reading in this folder",
  edit: "all edits in this folder",
  delete: "all deleting in this folder",
  move: "all moving in this folder",
  search: "all searching in this folder",
  execute: "all commands started in this folder",
  fetch: "all addresses it fetches",
};

/** Who asks: the run, or the connector. */
export function askerOf({ subject }: Approval): string {
  return subject.kind === "agent-tool" ? subject.runTitle : subject.connectorName;
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

/** "12 min left", "40 s left". */
export function timeLeft(expiresAt: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(expiresAt) - nowMs) / 1_000);
  if (seconds <= 0) return "time is up";
  return seconds < 60 ? `${String(seconds)} s left` : `${String(Math.ceil(seconds / 60))} min left`;
}

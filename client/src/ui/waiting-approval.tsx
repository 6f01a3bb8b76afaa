import type { ReactNode } from "react";

import type { Approval } from "../../../contract/features/approvals.ts";
import { useLiveApprovals } from "../lib/live-queries.ts";
import { ApprovalQuestion } from "./approval-question.tsx";

interface WaitingApprovalProps {
  id: string;
  /** Shown while the question is not known. */
  fallback: ReactNode;
  /** What stands around the question. */
  renderFrame: (question: ReactNode, approval: Approval) => ReactNode;
}

/** One question by its id, to be settled where it stands. */
export function WaitingApproval({ id, fallback, renderFrame }: WaitingApprovalProps) {
  const approval = useLiveApprovals().data?.pending.find((one) => one.id === id);
  if (approval === undefined) return fallback;
  return renderFrame(<ApprovalQuestion key={approval.id} approval={approval} />, approval);
}

/** The first question a run waits with, with how many follow; nothing while it asks nothing. */
export function RunApproval({ runId }: { runId: string }) {
  const pending = useLiveApprovals().data?.pending ?? [];
  const [first, ...more] = pending.filter(({ subject }) => subject.kind === "agent-tool" && subject.runId === runId);
  return first === undefined ? null : <ApprovalQuestion key={first.id} approval={first} more={more.length} />;
}

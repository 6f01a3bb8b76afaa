import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Approval } from "../../../../contract/features/approvals.ts";
import { askerOf } from "../../lib/approval-text.ts";
import { callQuery } from "../../lib/call-query.ts";
import { formatAbsolute } from "../../lib/time.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ApprovalQuestion } from "../../ui/approval-question.tsx";
import { ApprovalSubject } from "../../ui/approval-subject.tsx";
import { CopyText } from "../../ui/copy-text.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { Facts } from "../../ui/facts.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { SideSheet } from "../../ui/side-sheet.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { approvalStatus, deciderText, scopeWords } from "./approval-words.ts";
import classes from "./approvals.module.css";

/** All that is known of one question, and who settled it how. */
export function ApprovalDetails({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, isPending, refetch } = useQuery(callQuery("approvals.get", { params: { id } }));
  return (
    <SideSheet title={data?.subject.title ?? "Question"} isOpen onClose={onClose} width={560}>
      {isPending ? <LoadingState rows={4} rowHeight={32} label="Loading the question" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the question" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data === undefined ? null : <Details approval={data} />}
    </SideSheet>
  );
}

function Details({ approval }: { approval: Approval }) {
  const { subject, decision, state, createdAt, hash } = approval;
  if (state === "pending") return <ApprovalQuestion approval={approval} />;
  const facts: [string, ReactNode][] = [
    ["Outcome", <StatusBadge key="state" status={approvalStatus[state]} />],
    ["By", deciderText(approval)],
    ["Asked", formatAbsolute(createdAt)],
    ...(decision === null ? [] : [["Settled", formatAbsolute(decision.at)] satisfies [string, ReactNode]]),
    ...(decision === null || state === "expired" || state === "withdrawn"
      ? []
      : [["Reach", scopeWords[decision.scope]] satisfies [string, ReactNode]]),
    ...(decision?.reason ? [["Reason", decision.reason] satisfies [string, ReactNode]] : []),
    ["Asked by", askerOf(approval)],
    ["Fingerprint of what was asked", <CopyText key="hash" text={hash} />],
  ];
  return (
    <div className={classes["details"]}>
      <ApprovalSubject subject={subject} />
      <Facts items={facts} layout="column" />
      <div className={classes["ways"]}>
        {subject.kind === "repair" ? (
          <ActionLink to="/agents/$runId/review" params={{ runId: subject.runId }}>
            Open the review
          </ActionLink>
        ) : null}
        {subject.kind === "connector-call" ? (
          <ActionLink
            to="/connectors"
            search={{ tab: "evidence", connector: subject.connectorId, operation: subject.operation }}
          >
            Show its calls
          </ActionLink>
        ) : null}
        {subject.kind === "agent-tool" ? (
          <ActionLink to="/agents/$runId" params={{ runId: subject.runId }}>
            Open the run
          </ActionLink>
        ) : null}
        {decision?.ruleId ? (
          <ActionLink to="/approvals" search={{ tab: "rules" }}>
            Show the rule
          </ActionLink>
        ) : null}
      </div>
    </div>
  );
}

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import type { Approval } from "../../../../contract/features/approvals.ts";
import { askerOf } from "../../lib/approval-text.ts";
import { call } from "../../lib/api.ts";
import type { useLiveApprovals } from "../../lib/live-queries.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ApprovalQuestion } from "../../ui/approval-question.tsx";
import { confirmDangerous } from "../../ui/confirm.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconCircleCheck } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./approvals.module.css";
import { SettledTable } from "./settled-table.tsx";

const shownSettled = 8;

interface WaitingListProps {
  live: ReturnType<typeof useLiveApprovals>;
  /** The question a link has led to. */
  chosen: string | undefined;
}

/** What waits, oldest first, each answered where it stands; below it what was settled last. */
export function WaitingList({ live: { data, error, isPending, refetch }, chosen }: WaitingListProps) {
  if (isPending) return <LoadingState rows={2} rowHeight={160} label="Loading questions" />;
  if (data === undefined)
    return <ErrorState title="Could not load the questions" error={error} onRetry={() => void refetch()} />;
  const settled = data.recent.slice(0, shownSettled);
  return (
    <>
      {data.pending.length === 0 ? (
        <EmptyState
          icon={IconCircleCheck}
          title="Nothing waits for you"
          text="When an agent or a call to the outside wants something it may not do by itself, it asks here, on Home, and on every device that has messages turned on."
          action={
            <ActionLink to="/system" search={{ tab: "notifications" }}>
              Messages on this device
            </ActionLink>
          }
        />
      ) : (
        <ul role="list" className={classes["cards"]} aria-live="polite">
          {data.pending.map((approval) => (
            <li key={approval.id}>
              <Card approval={approval} isChosen={approval.id === chosen} />
            </li>
          ))}
        </ul>
      )}
      {data.pending.length < 2 ? null : (
        <div className={classes["all"]}>
          <Button onClick={() => void denyAll(data.pending.length)}>Deny all</Button>
        </div>
      )}
      {settled.length === 0 ? null : (
        <Section title="Settled last">
          <SettledTable approvals={settled} />
        </Section>
      )}
    </>
  );
}

async function denyAll(count: number): Promise<void> {
  const isSure = await confirmDangerous({
    title: `Deny all ${String(count)} questions?`,
    text: "Whoever asked is told no and goes on without it.",
    confirmLabel: "Deny all",
  });
  if (isSure) await withErrorToast("Could not deny them", () => call("approvals.denyAll"));
}

function Card({ approval, isChosen }: { approval: Approval; isChosen: boolean }) {
  const { subject, createdAt } = approval;
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (isChosen) card.current?.scrollIntoView({ block: "start" });
  }, [isChosen]);
  return (
    <div ref={card} className={classes["card"]} data-chosen={isChosen || undefined}>
      <p className={classes["asker"]}>
        {subject.kind !== "connector-call" ? (
          <Link to="/agents/$runId" params={{ runId: subject.runId }} className="touch-wide">
            {askerOf(approval)}
          </Link>
        ) : (
          <Link to="/connectors/$connectorId" params={{ connectorId: subject.connectorId }} className="touch-wide">
            {askerOf(approval)}
          </Link>
        )}
        <span className="dim">
          {subject.kind === "agent-tool" && subject.providerName !== null ? `${subject.providerName} · ` : ""}
          <Time iso={createdAt} />
        </span>
      </p>
      <ApprovalQuestion approval={approval}>
        <p className={classes["why"]}>
          {subject.why} If you deny: {subject.onDeny.charAt(0).toLowerCase() + subject.onDeny.slice(1)}
        </p>
      </ApprovalQuestion>
    </div>
  );
}

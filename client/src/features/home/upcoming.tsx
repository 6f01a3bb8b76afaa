import { Link } from "@tanstack/react-router";
import { IconCalendarRepeat, IconLoader2 } from "../../ui/icons.gen.ts";

import type { AutomationView } from "../../../../contract/features/automations.ts";
import { useLiveAutomations } from "../../lib/live-queries.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./upcoming.module.css";
import { upcomingViews } from "./upcoming-views.ts";

/** What runs by itself now and next. */
export function Upcoming() {
  const { data, error, isPending, refetch } = useLiveAutomations();
  const views = upcomingViews(data?.automations ?? []);
  return (
    <Section title="Next automations" isCard actions={<Link to="/automations">All</Link>}>
      {isPending ? <LoadingState rows={2} rowHeight={40} label="Loading automations" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the automations" error={error} onRetry={() => void refetch()} isCompact />
      ) : null}
      {data?.pausedAt === null || data === undefined ? null : (
        <p className={classes["paused"]}>
          <StatusBadge status="paused" isCompact /> All automations since <Time iso={data.pausedAt} />
        </p>
      )}
      {data !== undefined && views.length === 0 ? (
        <EmptyState
          icon={IconCalendarRepeat}
          title={data.automations.length === 0 ? "No automations yet" : "Nothing is due"}
          text={
            data.automations.length === 0
              ? "Run a command every morning, call an address every hour."
              : waitingText(data.automations)
          }
          action={
            <ActionLink to="/automations">
              {data.automations.length === 0 ? "Create one" : "Show automations"}
            </ActionLink>
          }
          isCompact
        />
      ) : null}
      <ul role="list" className={classes["list"]}>
        {views.map((view) => (
          <li key={view.automation.id}>
            <Line view={view} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** Nothing has a time; some may wait for something to happen. */
function waitingText(views: readonly AutomationView[]): string {
  const waiting = views.filter(({ automation }) => automation.isEnabled && automation.schedule.kind === "event").length;
  if (waiting === 0) return "All automations are off or done.";
  return waiting === 1 ? "One automation waits for an event." : `${String(waiting)} automations wait for events.`;
}

function Line({ view }: { view: AutomationView }) {
  const { automation, state } = view;
  const isRunning = state.open.some((occurrence) => occurrence.state === "running");
  const last = state.recent[0];
  return (
    <div className={classes["line"]}>
      <Link to="/automations/$automationId" params={{ automationId: automation.id }} className={classes["name"]}>
        {automation.name}
      </Link>
      {last === undefined || last.state === "succeeded" ? null : (
        <StatusBadge status={last.state} isCompact title="Last run" />
      )}
      <span className={classes["when"]}>
        {isRunning ? (
          <>
            <IconLoader2 size={13} /> running
          </>
        ) : state.nextDue === null ? null : (
          <Time iso={state.nextDue} />
        )}
      </span>
    </div>
  );
}

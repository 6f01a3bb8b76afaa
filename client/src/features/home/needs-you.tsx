import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  IconAlertTriangle,
  IconBell,
  IconCircleCheck,
  IconCloudOff,
  IconDatabaseExclamation,
} from "../../ui/icons.gen.ts";
import { lazy, Suspense, type ReactNode } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import type { Notification } from "../../../../contract/features/notifications.ts";
import type { DataProblem } from "../../../../contract/features/system.ts";
import { sentences } from "../../../../contract/sentences.ts";
import { call } from "../../lib/api.ts";
import { askerOf } from "../../lib/approval-text.ts";
import { callKey, callQuery } from "../../lib/call-query.ts";
import { useLiveApps, useLiveIncidents, useLiveNotifications } from "../../lib/live-queries.ts";
import { appLogSearch } from "../../lib/app-links.ts";
import { formatCount } from "../../lib/format.ts";
import { undoToast, withErrorToast } from "../../lib/toasts.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { ActionLink } from "../../ui/action-link.tsx";
import type { Icon } from "../../ui/icon.ts";
import { Section } from "../../ui/section.tsx";
import { Time } from "../../ui/time.tsx";
import classes from "./needs-you.module.css";
import { needsItems, type AppTrouble, type NeedsItem } from "./needs-items.ts";

/** What waits for a decision, each settled where it stands. */
export function NeedsYou() {
  const apps = useLiveApps();
  const notifications = useLiveNotifications();
  const problems = useQuery(callQuery("system.problems", undefined, { isKept: true }));
  const incidents = useLiveIncidents();
  const age = <AgeNote updatedAt={Math.min(apps.dataUpdatedAt, notifications.dataUpdatedAt)} isStale={apps.isError} />;
  if (apps.data === undefined && notifications.data === undefined) {
    return (
      <p className={classes["quiet"]} role="status">
        <IconCloudOff size={16} /> PortOS does not answer. This page fills as soon as it does.
      </p>
    );
  }
  const items = needsItems(
    apps.data ?? [],
    notifications.data ?? [],
    problems.data ?? [],
    incidents.data?.active ?? [],
  );
  if (items.length === 0) {
    return (
      <p className={classes["quiet"]} role="status">
        <IconCircleCheck size={16} /> Nothing needs you. {age}
      </p>
    );
  }
  return (
    <Section
      title="Needs you"
      aside={
        <>
          <span className={classes["count"]}>{items.length}</span>
          {age}
        </>
      }
      isCard
    >
      <ul role="list" className={classes["list"]} aria-live="polite">
        {items.map((item) => (
          <li key={item.key}>
            <Item item={item} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Item({ item }: { item: NeedsItem }) {
  switch (item.kind) {
    case "app":
      return <AppItem app={item.app} trouble={item.trouble} />;
    case "data":
      return <DataItem problem={item.problem} />;
    case "question":
      return <QuestionItem approvalId={item.approvalId} notification={item.notification} />;
    case "notification":
      break;
  }
  return <NotificationItem notification={item.notification} />;
}

interface RowProps {
  icon: Icon;
  tone: "bad" | "warn";
  title: ReactNode;
  text: ReactNode;
  children: ReactNode;
}

function Row({ icon: RowIcon, tone, title, text, children }: RowProps) {
  return (
    <div className={classes["row"]}>
      <span className={classes["icon"]} data-tone={tone}>
        <RowIcon size={16} />
      </span>
      <div className={classes["body"]}>
        <p className={classes["title"]}>{title}</p>
        <p className={classes["text"]}>{text}</p>
      </div>
      <div className={classes["actions"]}>{children}</div>
    </div>
  );
}

function AppItem({ app, trouble: { kind, incident } }: { app: App; trouble: AppTrouble }) {
  const problem = app.problem ?? app.processes.find((process) => process.problem !== null)?.problem ?? null;
  return (
    <Row
      icon={IconAlertTriangle}
      tone="bad"
      title={
        <>
          <Link to="/apps/$appId" params={{ appId: app.id }} className="touch-wide">
            {app.name}
          </Link>{" "}
          {kind === "down" ? "does not run" : "keeps crashing"}
        </>
      }
      text={
        problem !== null ? (
          sentences(problem.message, problem.hint)
        ) : incident === null ? (
          "It ended and was not brought back."
        ) : (
          <>
            {`${formatCount(incident.crashes, "crash", "crashes")} since `}
            <Time iso={incident.openedAt} />. {incident.reason}
          </>
        )
      }
    >
      <Button
        onClick={() =>
          void withErrorToast(`Could not restart ${app.name}`, () => call("apps.restart", { params: { id: app.id } }))
        }
      >
        Restart
      </Button>
      <ActionLink to="/logs" search={appLogSearch(app)}>
        Logs
      </ActionLink>
      {incident === null ? null : (
        <ActionLink to="/system" search={{ tab: "incidents", incident: incident.id }}>
          Incident
        </ActionLink>
      )}
    </Row>
  );
}

const WaitingApproval = lazy(async () => ({
  default: (await import("../../ui/waiting-approval.tsx")).WaitingApproval,
}));

/** A question of an agent, answered where it stands; its parts are loaded only when there is one. */
function QuestionItem({ approvalId, notification }: { approvalId: string; notification: Notification }) {
  const plain = <NotificationItem notification={notification} />;
  return (
    <Suspense fallback={plain}>
      <WaitingApproval
        id={approvalId}
        fallback={plain}
        renderFrame={(question, approval) => (
          <div className={classes["question"]}>
            <Link to="/approvals" search={{ approval: approvalId }} className={`${classes["asker"] ?? ""} touch-wide`}>
              {askerOf(approval)}
            </Link>
            {question}
          </div>
        )}
      />
    </Suspense>
  );
}

function DataItem({ problem }: { problem: DataProblem }) {
  return (
    <Row
      icon={IconDatabaseExclamation}
      tone="warn"
      title={
        <>
          Data file <span className="mono">{problem.file}</span> needs a look
        </>
      }
      text={problem.message}
    >
      <ActionLink to="/system">Show</ActionLink>
    </Row>
  );
}

function NotificationItem({ notification }: { notification: Notification }) {
  const { id, title, message, link, level, at } = notification;
  const client = useQueryClient();
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: callKey("notifications.list") });
  const dismiss = async (): Promise<void> => {
    const isDone = await withErrorToast("Could not dismiss", () => call("notifications.dismiss", { params: { id } }));
    if (!isDone) return;
    await refresh();
    undoToast("Dismissed", async () => {
      await call("notifications.restore", { params: { id } });
      await refresh();
    });
  };
  return (
    <Row
      icon={level === "error" ? IconAlertTriangle : IconBell}
      tone={level === "error" ? "bad" : "warn"}
      title={title}
      text={
        <>
          {message} · <Time iso={at} />
        </>
      }
    >
      {link === null ? null : <ActionLink href={link}>Show</ActionLink>}
      <Button variant="subtle" color="gray" onClick={() => void dismiss()}>
        Dismiss
      </Button>
    </Row>
  );
}

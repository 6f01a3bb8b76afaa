import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconPencil, IconPlayerPlay, IconTrash } from "../../ui/icons.gen.ts";
import { useMemo } from "react";

import type { AutomationView } from "../../../../contract/features/automations.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { DataTable, type Column } from "../../ui/data-table.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import type { Status } from "../../ui/status.ts";
import { Time } from "../../ui/time.tsx";
import { removeAutomation, runNow, setEnabled } from "./automation-calls.ts";
import { scheduleInWords, zoneOf } from "./automation-words.ts";
import { occurrenceStatus } from "./step-words.ts";
import classes from "./automations.module.css";
import { OutcomeDots } from "./outcome-dots.tsx";

interface AutomationTableProps {
  views: readonly AutomationView[];
  isPaused: boolean;
}

interface RowActions {
  enable: (view: AutomationView, isEnabled: boolean) => unknown;
  run: (view: AutomationView) => unknown;
  edit: (view: AutomationView) => unknown;
}

/** What an automation is at now, in the words used everywhere. */
export function statusOf({ automation, state }: AutomationView, isPaused: boolean): Status | null {
  const running = state.open.filter((row) => row.state === "running").map(occurrenceStatus);
  if (running.length > 0) return running.find((status) => status === "waiting for you") ?? "running";
  if (state.open.length > 0) return "queued";
  if (!automation.isEnabled) return null;
  return isPaused ? "paused" : (state.recent[0]?.state ?? null);
}

/** All automations, one row each; on a phone one card each. */
export function AutomationTable({ views, isPaused }: AutomationTableProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const columns = useMemo(() => {
    const open = (automationId: string, search: Record<string, string>): unknown =>
      navigate({ to: "/automations/$automationId", params: { automationId }, search });
    return columnsWith(isPaused, {
      enable: (view, isEnabled) => setEnabled(client, view, isEnabled),
      run: (view) => runNow(view, (run) => open(view.automation.id, { run })),
      edit: (view) => navigate({ to: "/automations", search: { edit: view.automation.id } }),
    });
  }, [client, navigate, isPaused]);
  return <DataTable label="Automations" columns={columns} rows={views} rowKey={(view) => view.automation.id} />;
}

function columnsWith(isPaused: boolean, actions: RowActions): Column<AutomationView>[] {
  return [
    { id: "name", header: "Automation", isMain: true, cell: (view) => <Name view={view} /> },
    {
      id: "next",
      header: "Next run",
      isInline: true,
      width: "120px",
      cell: ({ automation, state }) =>
        state.nextDue === null ? (
          <span className="dim">
            {automation.isEnabled ? (automation.schedule.kind === "event" ? "on an event" : "never again") : "off"}
          </span>
        ) : (
          <Time iso={state.nextDue} />
        ),
    },
    {
      id: "state",
      header: "State",
      isInline: true,
      width: "130px",
      cell: (view) => {
        const status = statusOf(view, isPaused);
        return status === null ? <span className="dim">–</span> : <StatusBadge status={status} isCompact />;
      },
    },
    {
      id: "last",
      header: "Last runs",
      isInline: true,
      width: "170px",
      cell: ({ state }) => <OutcomeDots recent={state.recent} />,
    },
    {
      id: "on",
      header: "On",
      isUnlabelled: true,
      width: "170px",
      cell: (view) => <Controls view={view} actions={actions} />,
    },
    { id: "actions", header: "Actions", isActions: true, cell: (view) => <RowMenu view={view} actions={actions} /> },
  ];
}

function Name({ view: { automation } }: { view: AutomationView }) {
  const zone = zoneOf(automation.schedule);
  return (
    <span className={classes["name"]}>
      <Link to="/automations/$automationId" params={{ automationId: automation.id }} className="truncate">
        {automation.name}
      </Link>
      <span className={classes["sub"]}>
        {scheduleInWords(automation.schedule)}
        {zone === null ? null : ` · ${zone}`}
      </span>
    </span>
  );
}

function Controls({ view, actions }: { view: AutomationView; actions: RowActions }) {
  const { name, isEnabled } = view.automation;
  return (
    <span className={classes["rowActions"]}>
      <Switch
        size="sm"
        aria-label={`${name} is on`}
        checked={isEnabled}
        onChange={(event) => {
          void actions.enable(view, event.currentTarget.checked);
        }}
      />
      <Button
        leftSection={<IconPlayerPlay size={14} />}
        aria-label={`Run now: ${name}`}
        onClick={() => {
          void actions.run(view);
        }}
      >
        Run now
      </Button>
    </span>
  );
}

function RowMenu({ view, actions }: { view: AutomationView; actions: RowActions }) {
  const { id, name } = view.automation;
  return (
    <ActionMenu
      label={`Actions for ${name}`}
      items={[
        { id: `edit:${id}`, label: "Edit", icon: IconPencil, run: () => actions.edit(view) },
        { id: `delete:${id}`, label: "Delete", icon: IconTrash, isDangerous: true, run: () => removeAutomation(view) },
      ]}
    />
  );
}

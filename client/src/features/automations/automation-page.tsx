import { Button, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { IconCalendarOff, IconPencil, IconPlayerPlay, IconTrash } from "../../ui/icons.gen.ts";

import type { AutomationView } from "../../../../contract/features/automations.ts";
import { useLiveAutomations } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { removeAutomation, runNow, setEnabled } from "./automation-calls.ts";
import { AutomationEditor } from "./automation-editor.tsx";
import { statusOf } from "./automation-table.tsx";
import {
  actionInWords,
  missedInWords,
  overlapInWords,
  scheduleInWords,
  wholeDuration,
  zoneOf,
} from "./automation-words.ts";
import classes from "./automations.module.css";
import { budgetInWords, dayBudgetOf, useBudgetToday } from "./use-budget-today.ts";
import { EventList } from "./event-list.tsx";
import { Ledger } from "./ledger.tsx";
import { NextRuns } from "./next-runs.tsx";
import { OccurrenceSheet } from "./occurrence-sheet.tsx";

const parents = [{ label: "Automations", to: "/automations" }];

/** One automation: what it does, when it runs next, and every time it was due. `?run=<id>` opens a run. */
export function AutomationPage() {
  const { automationId }: { automationId?: string } = useParams({ strict: false });
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveAutomations();
  const [search, setSearch] = useSearchState();
  const view = data?.automations.find(({ automation }) => automation.id === automationId);
  const status = view === undefined ? null : statusOf(view, data?.pausedAt !== null);
  return (
    <Page
      title={view?.automation.name ?? "Automation"}
      parents={parents}
      aside={
        <>
          {status === null ? null : <StatusBadge status={status} />}
          <AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />
        </>
      }
      actions={view === undefined ? undefined : <Actions view={view} />}
    >
      {isPending ? <LoadingState rows={6} label="Loading the automation" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the automation" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data !== undefined && view === undefined ? (
        <EmptyState
          icon={IconCalendarOff}
          title="There is no such automation"
          text="It may have been deleted. What it did is still in the ledger of the data folder."
          action={<ActionLink to="/automations">All automations</ActionLink>}
        />
      ) : null}
      {view === undefined ? null : (
        <>
          <div className={classes["columns"]}>
            <Facts view={view} />
            <Section title={view.automation.schedule.kind === "event" ? "Started by" : "Next runs"} isCard>
              {view.automation.schedule.kind === "event" ? (
                <div className={classes["eventsCard"]}>
                  <EventList names={view.automation.schedule.events} />
                </div>
              ) : view.automation.isEnabled ? (
                <NextRuns schedule={view.automation.schedule} />
              ) : (
                <p className={`${classes["next"] ?? ""} dim`}>It is off. Turn it on to let it run by itself.</p>
              )}
            </Section>
          </div>
          <Ledger
            view={view}
            onOpen={(run) => {
              setSearch({ run }, { push: true });
            }}
          />
        </>
      )}
      <OccurrenceSheet
        id={search["run"] ?? null}
        onClose={() => {
          setSearch({ run: null });
        }}
      />
      <AutomationEditor
        isOpen={search["edit"] !== undefined && view !== undefined}
        view={view}
        onClose={() => {
          setSearch({ edit: null });
        }}
      />
    </Page>
  );
}

function Actions({ view }: { view: AutomationView }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [, setSearch] = useSearchState();
  const { name, isEnabled } = view.automation;
  return (
    <>
      <Switch
        label={isEnabled ? "On" : "Off"}
        aria-label={`${name} is on`}
        checked={isEnabled}
        onChange={(event) => {
          void setEnabled(client, view, event.currentTarget.checked);
        }}
      />
      <Button
        variant="filled"
        leftSection={<IconPlayerPlay size={14} />}
        onClick={() =>
          void runNow(view, (run) => {
            setSearch({ run }, { push: true });
          })
        }
      >
        Run now
      </Button>
      <Button
        leftSection={<IconPencil size={14} />}
        onClick={() => {
          setSearch({ edit: "1" }, { push: true });
        }}
      >
        Edit
      </Button>
      <ActionMenu
        label={`Actions for ${name}`}
        items={[
          {
            id: "delete",
            label: "Delete",
            icon: IconTrash,
            isDangerous: true,
            run: async () => {
              if (await removeAutomation(view)) await navigate({ to: "/automations" });
            },
          },
        ]}
      />
    </>
  );
}

function Facts({ view: { automation } }: { view: AutomationView }) {
  const { schedule, action } = automation;
  const zone = zoneOf(schedule);
  const today = useBudgetToday(automation.id, dayBudgetOf(action) !== undefined);
  return (
    <Section title="What it does" isCard>
      {today === null || today.exceeded === null ? null : (
        <Notice tone="warn">
          {today.exceeded}.{" "}
          {action.kind === "run"
            ? "It starts no run until tomorrow."
            : "It adds no task, and no run of its tasks goes on, until tomorrow."}
        </Notice>
      )}
      <dl className={classes["facts"]}>
        <div>
          <dt>When</dt>
          <dd>
            {scheduleInWords(schedule)}
            {zone === null ? null : <span className="dim"> · {zone}</span>}
            {schedule.kind === "cron" ? <span className="mono dim"> · {schedule.expression}</span> : null}
          </dd>
        </div>
        <div>
          <dt>{action.kind === "command" ? "Command" : "Action"}</dt>
          <dd className="mono">{actionInWords(action)}</dd>
        </div>
        {action.kind === "command" ? (
          <>
            <div>
              <dt>Folder</dt>
              <dd className="mono">{action.folder}</dd>
            </div>
            <div>
              <dt>Time limit</dt>
              <dd>{wholeDuration(action.timeLimitMs)}</dd>
            </div>
          </>
        ) : null}
        {today === null ? null : (
          <div>
            <dt>Used today</dt>
            <dd>{budgetInWords(today)}</dd>
          </div>
        )}
        {schedule.kind === "event" ? null : (
          <div>
            <dt>If missed</dt>
            <dd>{missedInWords(automation.missedPolicy)}</dd>
          </div>
        )}
        <div>
          <dt>If it overlaps</dt>
          <dd>{overlapInWords(automation.overlapPolicy)}</dd>
        </div>
      </dl>
    </Section>
  );
}

import { Button } from "@mantine/core";
import { IconCalendarRepeat, IconPlayerPause, IconPlus } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { AutomationList } from "../../../../contract/features/automations.ts";
import { useLiveApps, useLiveAutomations } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { StatusBadge } from "../../ui/status-badge.tsx";
import { Time } from "../../ui/time.tsx";
import { setPaused } from "./automation-calls.ts";
import { type Draft, exampleDraft, sendEventsDraft } from "./automation-draft.ts";
import { AutomationEditor } from "./automation-editor.tsx";
import { AutomationTable } from "./automation-table.tsx";
import classes from "./automations.module.css";
import { WeekTimeline } from "./week-timeline.tsx";

const anyFolder = "/tmp";

/** What runs by itself: list, next seven days, and the editor at `?edit=new` or `?edit=<id>`. */
export function AutomationsPage() {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveAutomations();
  const [search, setSearch] = useSearchState();
  const [start, setStart] = useState<Draft>();
  const edited = search["edit"];
  const isPaused = data !== undefined && data.pausedAt !== null;
  const open = (draft?: Draft): void => {
    setStart(draft);
    setSearch({ edit: "new" }, { push: true });
  };
  return (
    <Page
      title="Automations"
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
      actions={
        data === undefined || data.automations.length === 0 ? undefined : (
          <>
            {isPaused ? null : (
              <Button leftSection={<IconPlayerPause size={14} />} onClick={() => void setPaused(true)}>
                Pause all
              </Button>
            )}
            <Button
              variant="filled"
              leftSection={<IconPlus size={14} />}
              onClick={() => {
                open();
              }}
            >
              New automation
            </Button>
          </>
        )
      }
    >
      {isPending ? <LoadingState rows={5} rowHeight={56} label="Loading automations" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the automations" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : <Content list={data} onNew={open} />}
      <AutomationEditor
        isOpen={edited !== undefined && (edited === "new" || data !== undefined)}
        view={data?.automations.find(({ automation }) => automation.id === edited)}
        start={start}
        onClose={() => {
          setSearch({ edit: null });
        }}
      />
    </Page>
  );
}

function Content({ list, onNew }: { list: AutomationList; onNew: (draft?: Draft) => void }) {
  const folder = useLiveApps().data?.[0]?.folder ?? anyFolder;
  return (
    <>
      {list.pausedAt === null ? null : (
        <div className={classes["banner"]} role="status">
          <StatusBadge status="paused" isCompact />
          <span>
            All automations since <Time iso={list.pausedAt} />. What comes due is noted in the ledger as skipped.
          </span>
          <Button onClick={() => void setPaused(false)}>Resume all</Button>
        </div>
      )}
      <Problems problems={list.problems} />
      {list.automations.length === 0 ? (
        <EmptyState
          icon={IconCalendarRepeat}
          title="Nothing runs by itself yet"
          text="An automation runs a command, makes calls of connectors, gives an agent work or adds a task, calls one of your apps or restarts it: at times you say in words or in cron, when something happens here, or for each message of a webhook. It stays off until you turn it on."
          action={
            <Button
              variant="filled"
              leftSection={<IconPlus size={14} />}
              onClick={() => {
                onNew();
              }}
            >
              New automation
            </Button>
          }
          example={
            <span className={classes["example"]}>
              <span className="dim">Ready-made:</span> Say the time every minute
              <Button
                onClick={() => {
                  onNew(exampleDraft(folder));
                }}
              >
                Use this example
              </Button>
              <span>Send what happens here to a webhook</span>
              <Button
                onClick={() => {
                  onNew(sendEventsDraft());
                }}
              >
                Use this one
              </Button>
            </span>
          }
        />
      ) : (
        <div className={classes["parts"]}>
          <WeekTimeline version={versionOf(list)} />
          <AutomationTable views={list.automations} isPaused={list.pausedAt !== null} />
        </div>
      )}
    </>
  );
}

/** Changes when anything that moves due times does, but not with every run. */
function versionOf(list: AutomationList): string {
  return list.automations
    .map(({ automation }) => `${automation.id}${automation.scheduledFrom}${String(automation.isEnabled)}`)
    .join();
}

function Problems({ problems }: Pick<AutomationList, "problems">) {
  if (problems.length === 0) return null;
  return (
    <div className={classes["banner"]} role="alert">
      <div>
        <p>
          {problems.length === 1 ? "One entry" : `${String(problems.length)} entries`} of{" "}
          <code>data/automations.json</code> cannot be read and does not run. The others are not affected.
        </p>
        <ul className={classes["problems"]}>
          {problems.map(({ index, name, issues }) => (
            <li key={index}>
              {name === "" ? `Entry ${String(index + 1)}` : name}:{" "}
              {issues.map(({ path, message }) => [path, message].filter((part) => part !== "").join(" ")).join("; ")}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

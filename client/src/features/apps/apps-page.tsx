import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { IconApps, IconArchive, IconLayoutGrid, IconList, IconPlus, IconSearch } from "../../ui/icons.gen.ts";
import { useState } from "react";

import type { App } from "../../../../contract/features/apps.ts";
import { call } from "../../lib/api.ts";
import { formatCount } from "../../lib/format.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { withErrorToast } from "../../lib/toasts.ts";
import { usePreference } from "../../lib/use-preference.ts";
import { ActionLink } from "../../ui/action-link.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Page } from "../../ui/page.tsx";
import { Section } from "../../ui/section.tsx";
import { Toolbar } from "../../ui/toolbar.tsx";
import { arrangeApps, type GroupKey, type ListChoice, type SortKey } from "./app-model.ts";
import { AppTable } from "./app-table.tsx";
import { AppTiles } from "./app-tiles.tsx";
import classes from "./apps.module.css";
import { StrayProcesses } from "./stray-processes.tsx";
import { useApps, useKeepApp, useMetrics } from "./use-apps.ts";

type View = "list" | "grid";

const statuses = ["all", "online", "launching", "stopped", "errored"] as const;
const sorts: { value: SortKey; label: string }[] = [
  { value: "name", label: "By name" },
  { value: "status", label: "By status" },
  { value: "cpu", label: "By CPU" },
  { value: "memory", label: "By memory" },
];
const groups: { value: GroupKey; label: string }[] = [
  { value: "none", label: "Not grouped" },
  { value: "group", label: "Grouped by group" },
  { value: "status", label: "Grouped by status" },
];

/** All apps: find one, see how it is, start and stop it. */
export function AppsPage() {
  const { apps, processes, error, isPending, dataUpdatedAt, refetch } = useApps();
  const metrics = useMetrics();
  const [view, setView] = usePreference<View>("apps.view", "list");
  const choice = useChoice();
  const shown = arrangeApps(apps ?? [], choice);
  const archivedCount = (apps ?? []).filter(({ isArchived }) => isArchived).length;
  const View = view === "grid" ? AppTiles : AppTable;
  return (
    <Page
      title="Apps"
      layout="wide"
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null && apps !== undefined} />}
      actions={
        apps === undefined || apps.length === 0 ? undefined : (
          <ActionLink to="/apps/import" variant="filled" leftSection={<IconPlus size={15} />}>
            Add a project
          </ActionLink>
        )
      }
    >
      {isPending ? <LoadingState rows={6} rowHeight={48} label="Loading apps" /> : null}
      {apps === undefined && error !== null ? (
        <ErrorState title="Could not load the apps" error={error} onRetry={() => void refetch()} />
      ) : null}
      {apps?.length === 0 ? <NoApps /> : null}
      {apps === undefined || apps.length === 0 ? null : (
        <>
          <Filters choice={choice} view={view} onView={setView} archivedCount={archivedCount} />
          {shown.map(({ title, apps: members }) =>
            title === null ? (
              <View key="all" label="Apps" apps={members} metrics={metrics} />
            ) : (
              <Section
                key={title}
                title={title}
                aside={<span className="dim">{formatCount(members.length, "app")}</span>}
              >
                <View label={title} apps={members} metrics={metrics} />
              </Section>
            ),
          )}
          {shown.length === 0 ? <NothingFound choice={choice} /> : null}
        </>
      )}
      {apps === undefined ? null : <StrayProcesses apps={apps} processes={processes ?? []} />}
    </Page>
  );
}

function useChoice(): ListChoice {
  const [search] = useSearchState();
  return {
    text: search["q"] ?? "",
    status: statuses.find((status) => status === search["status"]) ?? "all",
    sort: sorts.find(({ value }) => value === search["sort"])?.value ?? "name",
    group: groups.find(({ value }) => value === search["group"])?.value ?? "none",
    isArchived: search["archived"] === "1",
  };
}

interface FiltersProps {
  choice: ListChoice;
  view: View;
  onView: (view: View) => void;
  archivedCount: number;
}

function Filters({ choice, view, onView, archivedCount }: FiltersProps) {
  const [, setSearch] = useSearchState();
  const set = (name: string, value: string | null, none: string): void => {
    setSearch({ [name]: value === none || value === "" ? null : value });
  };
  return (
    <Toolbar
      label="Filter apps"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="How apps are shown"
          value={view}
          onChange={(next) => {
            onView(next === "grid" ? "grid" : "list");
          }}
          data={[
            { value: "list", label: <ViewLabel icon={<IconList size={15} />} text="List" /> },
            { value: "grid", label: <ViewLabel icon={<IconLayoutGrid size={15} />} text="Grid" /> },
          ]}
        />
      }
    >
      <TextInput
        className={classes["filter"] ?? ""}
        aria-label="Find an app"
        placeholder="Name, folder or port"
        leftSection={<IconSearch size={15} />}
        value={choice.text}
        onChange={(event) => {
          set("q", event.currentTarget.value, "");
        }}
      />
      <Select
        aria-label="Status"
        w={128}
        allowDeselect={false}
        value={choice.status}
        data={statuses.map((status) => ({ value: status, label: status === "all" ? "Any status" : status }))}
        onChange={(value) => {
          set("status", value, "all");
        }}
      />
      <Select
        aria-label="Order"
        w={128}
        allowDeselect={false}
        value={choice.sort}
        data={sorts}
        onChange={(value) => {
          set("sort", value, "name");
        }}
      />
      <Select
        aria-label="Groups"
        className="desktop-only"
        w={162}
        allowDeselect={false}
        value={choice.group}
        data={groups}
        onChange={(value) => {
          set("group", value, "none");
        }}
      />
      {archivedCount > 0 || choice.isArchived ? (
        <Button
          leftSection={<IconArchive size={15} />}
          aria-pressed={choice.isArchived}
          variant={choice.isArchived ? "light" : "default"}
          onClick={() => {
            set("archived", choice.isArchived ? null : "1", "");
          }}
        >
          {`Archive (${String(archivedCount)})`}
        </Button>
      ) : null}
    </Toolbar>
  );
}

function ViewLabel({ icon, text }: { icon: React.ReactNode; text: string }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", minHeight: 20 }}>
      {icon}
      <span className="visually-hidden">{text}</span>
    </span>
  );
}

function NothingFound({ choice }: { choice: ListChoice }) {
  const [, setSearch] = useSearchState();
  return (
    <EmptyState
      icon={IconSearch}
      title={choice.isArchived ? "Nothing in the archive" : "No app matches"}
      text="Other words, another status, or all apps again."
      action={
        <Button
          onClick={() => {
            setSearch({ q: null, status: null, archived: null });
          }}
        >
          Show all apps
        </Button>
      }
      isCompact
    />
  );
}

function NoApps() {
  const navigate = useNavigate();
  const keep = useKeepApp();
  const [isBusy, setIsBusy] = useState(false);
  const addSample = async (): Promise<void> => {
    setIsBusy(true);
    await withErrorToast("Could not add the sample app", async () => {
      const app: App = await call("apps.createSample");
      keep(app);
      await navigate({ to: "/apps/$appId", params: { appId: app.id } });
    });
    setIsBusy(false);
  };
  return (
    <EmptyState
      icon={IconApps}
      title="No apps yet"
      text="Add a project folder: PortOS finds out how it is started, keeps it running and collects what it logs."
      action={
        <ActionLink to="/apps/import" variant="filled" leftSection={<IconPlus size={15} />}>
          Add a project
        </ActionLink>
      }
      example={
        <>
          Nothing at hand?{" "}
          <Button loading={isBusy} onClick={() => void addSample()}>
            Add the sample app
          </Button>
        </>
      }
    />
  );
}

import { ActionIcon, Button, Select, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { call } from "../../lib/api.ts";
import { callQuery } from "../../lib/call-query.ts";
import { localId } from "../../lib/clipboard.ts";
import { commonTypes } from "../../lib/common-task-types.ts";
import { useLiveApps } from "../../lib/live-queries.ts";
import { useSearchState } from "../../lib/search-state.ts";
import { errorToast } from "../../lib/toasts.ts";
import { ActionMenu } from "../../ui/action-menu.tsx";
import { AgeNote } from "../../ui/age-note.tsx";
import { ApprovalsLink } from "../../ui/approvals-link.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { ErrorState } from "../../ui/error-state.tsx";
import { IconFilter, IconHistory, IconLayoutKanban, IconSearch, IconTrash } from "../../ui/icons.gen.ts";
import { LoadingState } from "../../ui/loading-state.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, type PageTab } from "../../ui/page.tsx";
import { Board } from "./board.tsx";
import { type TaskFilter, tasksByColumn } from "./board-order.ts";
import classes from "./board.module.css";
import { DeletedSheet, HistorySheet } from "./past-sheets.tsx";
import { QuickAdd } from "./quick-add.tsx";
import { type TaskList, tasksKey, useLiveTasks } from "./use-tasks.ts";

const typingMs = 200;
const isPhone = (): boolean => matchMedia("(max-width: 47.99em)").matches;

/** Tasks as cards in columns. `?text=`, `?app=` and `?type=` filter, `?add=1` goes to the line for a new one. */
export function BoardTab({ tabs }: { tabs: readonly PageTab[] }) {
  const { data, error, isPending, refetch, dataUpdatedAt } = useLiveTasks();
  return (
    <Page
      title="Agents"
      layout="wide"
      tabs={tabs}
      aside={<AgeNote updatedAt={dataUpdatedAt} isStale={error !== null} />}
      actions={<ApprovalsLink />}
    >
      {isPending ? <LoadingState rows={5} rowHeight={72} label="Loading the tasks" /> : null}
      {data === undefined && error !== null ? (
        <ErrorState title="Could not load the tasks" error={error} onRetry={() => void refetch()} />
      ) : null}
      {data === undefined ? null : <Content list={data} />}
    </Page>
  );
}

function Content({ list }: { list: TaskList }) {
  const [search, setSearch] = useSearchState();
  const allApps = useLiveApps().data;
  const apps = useMemo(() => (allApps ?? []).filter((app) => !app.isArchived), [allApps]);
  const { text = "", app = "", type = "" } = search;
  const filter: TaskFilter = useMemo(() => ({ text, app, type }), [text, app, type]);
  const byColumn = useMemo(() => tasksByColumn(list.tasks, filter), [list.tasks, filter]);
  return (
    <div className={classes["tab"]}>
      <FileNotice file={list.file} />
      <div className={classes["top"]}>
        <QuickAdd
          apps={apps}
          app={app}
          type={type}
          isFocused={search["add"] !== undefined}
          onAdded={(column) => {
            // On a phone one column is on show: the one it stands in.
            if (isPhone()) setSearch({ column });
          }}
        />
        <Filters filter={filter} list={list} apps={apps} />
      </div>
      {list.tasks.length === 0 ? (
        <EmptyState
          icon={IconLayoutKanban}
          title="No task yet"
          text="A task is work for an agent. Write it in the line above, here or as a check box in data/TASKS.md: both show the same. Nothing starts before you start it or turn the chief of staff on."
          example={<Example />}
        />
      ) : (
        <Board tasks={list.tasks} byColumn={byColumn} readyNote={<WhoStarts />} />
      )}
      <HistorySheet
        isOpen={search["past"] !== undefined}
        onClose={() => {
          setSearch({ past: null });
        }}
      />
      <DeletedSheet
        isOpen={search["deleted"] !== undefined}
        onClose={() => {
          setSearch({ deleted: null });
        }}
      />
    </div>
  );
}

/** Said once instead of on each card. */
function WhoStarts() {
  const { data } = useQuery(callQuery("chief.get", undefined, { isKept: true }));
  if (data === undefined || data.settings.isOn || data.panic.isOn) return null;
  return (
    <p className={classes["starts"]}>
      Nothing starts by itself: the{" "}
      <Link to="/agents" search={{ tab: "chief" }} className="touch-wide">
        chief of staff
      </Link>{" "}
      is off.
    </p>
  );
}

function Example() {
  const client = useQueryClient();
  const [key] = useState(localId);
  const add = useMutation({
    mutationFn: () =>
      call("tasks.create", {
        body: {
          key,
          title: "Write a README that says how to start this project",
          type: "docs",
          state: "draft",
          instructions: "Look at the scripts and at how it is started. Keep it to one page.",
        },
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: tasksKey }),
    onError: (error) => {
      errorToast("Could not add the example", error);
    },
  });
  return (
    <span className={classes["example"]}>
      <span className="dim">Ready-made:</span> Write a README
      <Button
        disabled={add.isPending}
        onClick={() => {
          add.mutate();
        }}
      >
        Add this example
      </Button>
    </span>
  );
}

function FileNotice({ file }: Pick<TaskList, "file">) {
  const client = useQueryClient();
  const settle = useMutation({
    mutationFn: (choice: "put-back" | "accept") => call("tasks.settleFile", { body: { choice } }),
    onSuccess: (state) => {
      client.setQueryData<TaskList>(tasksKey, (list) => list && { ...list, file: state });
    },
    onError: (error) => {
      errorToast("TASKS.md could not be settled", error);
    },
  });
  if (file.problem === null) return null;
  return (
    <Notice tone="warn">
      <p className={classes["plain"]}>{file.problem}</p>
      {file.choices.length === 0 ? null : (
        <div className={classes["choices"]}>
          {file.choices.map((choice) => (
            <Button
              key={choice}
              disabled={settle.isPending}
              onClick={() => {
                settle.mutate(choice);
              }}
            >
              {choice === "put-back" ? "Write the tasks back" : "Delete those tasks here, too"}
            </Button>
          ))}
        </div>
      )}
    </Notice>
  );
}

interface FiltersProps {
  filter: TaskFilter;
  list: TaskList;
  apps: readonly { id: string; name: string }[];
}

function Filters({ filter, list, apps }: FiltersProps) {
  const [, setSearch] = useSearchState();
  const types = [...new Set([...list.tasks.map(({ type }) => type), ...commonTypes])].toSorted();
  const [typed, setTyped] = useState(filter.text);
  const isNarrowed = filter.app !== "" || filter.type !== "";
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    if (typed === filter.text) return undefined;
    const timer = setTimeout(() => {
      setSearch({ text: typed === "" ? null : typed });
    }, typingMs);
    return () => {
      clearTimeout(timer);
    };
  }, [typed, filter.text, setSearch]);
  return (
    <div className={classes["filters"]} role="group" aria-label="Filters" data-open={isOpen || isNarrowed || undefined}>
      <TextInput
        className={classes["search"] ?? ""}
        aria-label="Search the tasks"
        placeholder="Search"
        leftSection={<IconSearch size={14} />}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
      {apps.length === 0 ? null : (
        <Select
          className={classes["filter"] ?? ""}
          aria-label="Any app"
          placeholder="Any app"
          clearable
          searchable={apps.length > 8}
          data={apps.map(({ id, name }) => ({ value: id, label: name }))}
          value={filter.app === "" ? null : filter.app}
          onChange={(app) => {
            setSearch({ app });
          }}
        />
      )}
      <Select
        className={classes["filter"] ?? ""}
        aria-label="Any type"
        placeholder="Any type"
        clearable
        data={types}
        value={filter.type === "" ? null : filter.type}
        onChange={(type) => {
          setSearch({ type });
        }}
      />
      <ActionIcon
        className={`${classes["more"] ?? ""} phone-only`}
        aria-label="Filter by app and type"
        aria-expanded={isOpen || isNarrowed}
        disabled={isNarrowed}
        onClick={() => {
          setIsOpen(!isOpen);
        }}
      >
        <IconFilter size={18} stroke={1.8} />
      </ActionIcon>
      <span className={classes["menu"]}>
        <ActionMenu
          label="Past and deleted tasks"
          items={[
            {
              id: "past",
              label: "Past tasks",
              icon: IconHistory,
              run: () => {
                setSearch({ past: "1" }, { push: true });
              },
            },
            {
              id: "deleted",
              label: "Deleted tasks",
              icon: IconTrash,
              run: () => {
                setSearch({ deleted: "1" }, { push: true });
              },
            },
          ]}
        />
      </span>
    </div>
  );
}
